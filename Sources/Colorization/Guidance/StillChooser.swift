/// Chooses the frames of a film that are worth coloring by hand: the first of each shot, and from there on each in
/// which so much is new that the last one's colors do not reach it.
public struct StillChooser: Sendable {
  /// Why a frame was chosen.
  public enum Reason: String, Codable, Sendable {
    case shot
    /// Things have come into view, or motion has lost them.
    case news
    /// The shot is long.
    case length
  }

  private var chooser: KeyFrameChooser
  private var since = 0

  /// The share of the picture that is new to the last still.
  private static let mostNew: Float = 0.6
  /// Stills of a shot lie no closer together, in frames, so that fast motion is not a still each second frame.
  private static let least = 24

  /// - Parameter distance: how many frames of a shot one still serves, at most.
  public init(distance: Int) {
    chooser = KeyFrameChooser(distance: max(distance, 1), mostUnexplained: Self.mostNew)
  }

  /// Takes the next frame. A flash is no shot: its still is taken back where `ShotTracker` takes back the cut.
  /// - Returns: why it is chosen; nil if it is not.
  public mutating func choose(_ tracking: FrameTracking) -> Reason? {
    if tracking.shot.startsShot || since == 0 {
      chooser.startHere()
      since = 1
      return .shot
    }
    guard !tracking.shot.previousIsFlash, let motion = tracking.motion else {
      since += 1
      return nil
    }
    since += 1
    guard chooser.isKeyFrame(after: motion, tooSoon: since <= Self.least) else { return nil }
    let isLong = chooser.wasFar
    since = 1
    return isLong ? .length : .news
  }
}
