import Colorization
import Imaging
import Media

/// The stage that takes the frames in order before the network: finds shots and motion, decides how each looks
/// and which keep their colors, and where the film is divided into parts.
struct MotionStage {
  /// What it has learned from the frames before the next one.
  struct State: Codable, Sendable {
    fileprivate var tracking: TrackingStage.State
    fileprivate var colors: ShotColors
    fileprivate var lastIsKept: Bool
    fileprivate var partStart: Double?
    fileprivate var watch: ColorWatch.State
    fileprivate var guide: Guide.State?
    fileprivate var chroma: ChromaTrack?

    /// The shot of a list to which the frame before belongs, if there is one.
    var listedShot: Int? { tracking.list?.shot }
  }

  private var tracking: TrackingStage
  private var colors = ShotColors()
  private var lastIsKept = false
  /// When the part at hand begins, in seconds; nil before the first frame.
  private var partStart: Double?
  /// nil where nothing is given of the colors of any frame.
  private var guide: Guide?
  /// Draws the chroma of frames, if the network samples; nil where no colors are wanted.
  private let sampler: FrameColorizer?
  private var chroma = ChromaTrack()
  private let watch: ColorWatch
  private let looks: ShotLooks
  /// Whether a part begins with each shot of the list, so that each can be made again by itself.
  private let dividesAtShots: Bool
  private let isFilm: Bool

  /// A part ends at the first cut after so many seconds of film, or in the middle of a shot after so many more:
  /// a run that is cut short loses no more than that.
  private static let partSeconds = (beforeCut: 10.0, most: 20.0)

  /// - Parameters:
  ///   - sampler: draws the chroma of frames, if its network samples; nil where no colors are wanted.
  ///   - dividesAtShots: whether each shot is a part of the film by itself.
  ///   - isFilm: whether frames have to do with those before them.
  ///   - state: what was known before the frame that comes first; nil for the beginning.
  init(
    tracking: TrackingStage, guide: Guide?, watch: ColorWatch, looks: ShotLooks,
    sampledBy sampler: FrameColorizer?, dividesAtShots: Bool, isFilm: Bool, resuming state: State?
  ) {
    self.tracking = tracking
    self.guide = guide
    self.watch = watch
    self.looks = looks
    self.sampler = sampler?.network.description.sampler == nil ? nil : sampler
    self.dividesAtShots = dividesAtShots
    self.isFilm = isFilm
    guard let state else { return }
    self.tracking.state = state.tracking
    (colors, lastIsKept, partStart) = (state.colors, state.lastIsKept, state.partStart)
    watch.state = state.watch
    if let known = state.guide { self.guide?.state = known }
    if let known = state.chroma { chroma = known }
  }

  private var state: State {
    State(
      tracking: tracking.state, colors: colors, lastIsKept: lastIsKept, partStart: partStart,
      watch: watch.state, guide: guide?.kept, chroma: sampler.map { _ in chroma })
  }

  /// - Parameters:
  ///   - seconds: when the frame is shown.
  ///   - format: of the output.
  mutating func track(
    _ item: JobItem, survey: FrameSurvey, of frame: Frame, seconds: Double, format: PixelFormat,
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
    item.survey = survey
    item.area = survey.area
    let startsShot = found.shot.startsShot
    let look = looks[tracked.listedShot]
    item.look = look
    if looks.mayKeepColors {
      let isInColor = colors.keepsColors(item.content, startsShot: !isFilm || startsShot)
      item.keepsColors = look.color == .keep && (look.isColorGiven || isInColor)
      if item.keepsColors {
        item.startsShot = startsShot
      } else {
        // The colors of the network begin here: nothing leads over from frames that it did not see.
        if lastIsKept { found = tracking.startAnew(with: survey) }
        item.dropColors()
      }
      lastIsKept = item.keepsColors
    }
    // Nothing is carried where each frame is by itself.
    if look.look.stability == 0 { tracking.see(&found) }
    if item.keepsColors {
      guide?.reset()
    } else {
      item.guidance = try guide?.follow(
        item, frame: frame, survey: survey, tracking: found, stage: tracking, given: look.given,
        format: format)
      item.guidedBy = item.guidance?.frames ?? []
    }
    if startsPart(at: seconds, startsShot: startsShot) {
      tracking.startPart(&found)
      item.partStart = before
    }
    if item.keepsColors {
      chroma.reset()
    } else if let sampler {
      item.chroma = try chroma.follow(
        survey, tracking: found, isSeen: found.isKeyFrame, look: look.look, by: sampler)
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
    guard
      startsShot && dividesAtShots || seconds - start >= (startsShot ? beforeCut : most)
    else { return false }
    partStart = seconds
    return true
  }
}
