/// Chooses the frames of a film that are worth coloring by hand: the first of each shot, and from there on each in
/// which so much is new that the last one's colors do not reach it.
package struct StillChooser: Sendable {
  /// Why a frame was chosen.
  package enum Reason: String, Codable, Sendable {
    case shot
    /// Things have come into view, or motion has lost them.
    case news
    /// The shot is long.
    case length
  }

  private var chooser = KeyFrameChooser(distance: .max, mostUnexplained: mostNew)
  private let distance: Int
  /// Frames from the last still on; 0 before the first.
  private var since = 0

  /// The share of the picture that is new to the last still.
  private static let mostNew: Float = 0.6
  /// Stills of a shot lie no closer together, in frames, so that fast motion is not a still each second frame.
  private static let least = 24

  /// - Parameter distance: how many frames of a shot one still serves, at most.
  package init(distance: Int) { self.distance = max(distance, 1) }

  /// Takes the next frame. A flash is no shot: its still is taken back where `ShotTracker` takes back the cut.
  /// - Returns: why it is chosen; nil if it is not.
  package mutating func choose(_ tracking: FrameTracking) -> Reason? {
    if tracking.shot.startsShot || since == 0 { return start(for: .shot) }
    since += 1
    guard !tracking.shot.previousIsFlash, let motion = tracking.motion else { return nil }
    if since > distance { return start(for: .length) }
    return chooser.isKeyFrame(after: motion, tooSoon: since <= Self.least) ? start(for: .news) : nil
  }

  private mutating func start(for reason: Reason) -> Reason {
    chooser.startHere()
    since = 1
    return reason
  }
}
