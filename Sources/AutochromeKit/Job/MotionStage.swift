import Colorization
import Imaging
import Media

/// The stage that takes the frames in order before the network: finds shots and motion, decides which shots
/// keep their colors, and where the film is divided into parts.
struct MotionStage {
  /// What it has learned from the frames before the next one.
  struct State: Codable, Sendable {
    fileprivate var tracking: TrackingStage.State
    fileprivate var colors: ShotColors
    fileprivate var lastIsKept: Bool
    fileprivate var partStart: Double?
    fileprivate var watch: ColorWatch.State
  }

  private var tracking: TrackingStage
  private var colors = ShotColors()
  private var lastIsKept = false
  /// When the part at hand begins, in seconds; nil before the first frame.
  private var partStart: Double?
  private let watch: ColorWatch
  private let keepsColors: Bool
  private let isFilm: Bool

  /// A part ends at the first cut after so many seconds of film, or in the middle of a shot after so many more:
  /// a run that is cut short loses no more than that.
  private static let partSeconds = (beforeCut: 10.0, most: 20.0)

  /// - Parameters:
  ///   - isFilm: whether frames have to do with those before them.
  ///   - state: what was known before the frame that comes first; nil for the beginning.
  init(
    tracking: TrackingStage, watch: ColorWatch, keepsColors: Bool, isFilm: Bool,
    resuming state: State?
  ) {
    self.tracking = tracking
    self.watch = watch
    self.keepsColors = keepsColors
    self.isFilm = isFilm
    guard let state else { return }
    self.tracking.state = state.tracking
    (colors, lastIsKept, partStart) = (state.colors, state.lastIsKept, state.partStart)
    watch.state = state.watch
  }

  private var state: State {
    State(
      tracking: tracking.state, colors: colors, lastIsKept: lastIsKept, partStart: partStart,
      watch: watch.state)
  }

  /// - Parameters:
  ///   - seconds: when the frame is shown.
  ///   - format: of the output.
  mutating func track(
    _ item: JobItem, survey: FrameAnalysis, of frame: Frame, seconds: Double, format: PixelFormat,
    warn: (String) -> Void
  ) throws -> JobItem {
    let before = state
    var item = item
    if let colorSurvey = item.colorSurvey {
      watch.count(colorSurvey, of: frame, seconds: seconds, warn: warn)
    }
    let tracked = try tracking.track(frame, survey: survey, format: format)
    let survey = tracked.survey
    var found = tracked.tracking
    item.analysis = survey
    item.area = survey.area
    let startsShot = found.verdict.startsShot
    if keepsColors {
      item.keepsColors = colors.keepsColors(
        item.content, startsShot: !isFilm || startsShot)
      if item.keepsColors {
        item.startsShot = startsShot
      } else {
        // The colors of the network begin here: nothing leads over from frames that it did not see.
        if lastIsKept { found = tracking.startAnew(with: survey) }
        item.dropColors()
      }
      lastIsKept = item.keepsColors
    }
    if startsPart(at: seconds, startsShot: startsShot) {
      tracking.startPart(&found)
      item.partStart = before
    }
    item.tracking = found
    return item
  }

  private mutating func startsPart(at seconds: Double, startsShot: Bool) -> Bool {
    guard let start = partStart else {
      partStart = seconds
      return false
    }
    let (beforeCut, most) = Self.partSeconds
    guard seconds - start >= (startsShot ? beforeCut : most) else { return false }
    partStart = seconds
    return true
  }
}
