import Imaging
import Locking
import Media

/// Watches the colors that frames come with, and tells when a part in color is met that nobody spoke of.
final class ColorWatch: Sendable {
  /// What was found so far.
  struct State: Codable, Sendable {
    fileprivate var count: ColorCount
    fileprivate var hasSpoken: Bool
  }

  private let input: String
  private let mode: ColorMode
  private let known: ColorFinding?
  private let found: Locked<State>

  /// In a film, fewer frames in color in a row are a fault of the tape.
  private static let leastRun = 3

  /// - Parameters:
  ///   - known: what was found, and told, before the work.
  ///   - isFilm: whether frames follow each other in time; pictures stand each for itself.
  init(input: String, mode: ColorMode, known: ColorFinding?, isFilm: Bool) {
    self.input = input
    self.mode = mode
    self.known = known
    found = Locked(
      State(
        count: ColorCount(leastRun: isFilm ? Self.leastRun : 1),
        hasSpoken: known?.kind == .color || known?.kind == .partly))
  }

  var state: State {
    get { found.withLock { $0 } }
    set { found.withLock { $0 = newValue } }
  }

  /// Takes what the next frame came with. Called in order.
  func count(
    _ survey: ColorSurvey, of frame: Frame, seconds: Double, warn: (String) -> Void
  ) {
    let speaks = found.withLock { state in
      let isNews = state.count.add(survey, seconds: seconds, fileName: frame.fileName)
      defer { state.hasSpoken = state.hasSpoken || isNews }
      return isNews && !state.hasSpoken
    }
    if speaks {
      let place =
        frame.fileName.map { "Picture '\($0)'" }
        ?? "A part from about \(TimePosition.clock(seconds))"
      warn(
        "\(place) of '\(input)' is already in color. "
          + (mode == .keep
            ? "Its own colors are kept."
            : "The network's colors replace its own; give --color keep to keep the original colors of such shots or "
              + "pictures."))
    }
  }

  /// What was found in all frames so far.
  var finding: ColorFinding { found.withLock { $0.count.finding } }

  /// What there is to say at the end.
  var closing: String? { finding.closing(input: input, mode: mode, after: known) }
}

/// Decides which frames keep the colors that they came with, in the order of the frames, without looking
/// ahead: a shot does from its first frame in color on.
struct ShotColors: Codable, Sendable {
  private var isKept = false
  /// Frames in color of the shot, and frames without in a row after them.
  private var framesInColor = 0
  private var framesWithout = 0

  /// So many frames without color in a row, or as many as were in color before if that is fewer, end the
  /// colors of a shot: after a dissolve into black and white there is no cut.
  private static let patience = 24

  mutating func keepsColors(_ content: ColorContent, startsShot: Bool) -> Bool {
    if startsShot { self = ShotColors() }
    if content == .color {
      isKept = true
      framesInColor += 1
      framesWithout = 0
    } else if isKept {
      framesWithout += 1
      if framesWithout > min(framesInColor, Self.patience) { self = ShotColors() }
    }
    return isKept
  }
}
