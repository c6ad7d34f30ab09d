import Colorization
import Imaging
import Media

/// The stage before the network: frames with their small pictures in, in order; which part of them is the
/// picture, where shots start, the motion, and which frames the network must see.
struct TrackingStage {
  /// What is known of a frame then.
  struct Tracked {
    /// Of the part that is the picture.
    var survey: FrameSurvey
    var tracking: FrameTracking
    /// The shot of the list that it belongs to, if there is one.
    var listedShot: Int?
  }

  /// What was learned from the frames before the next one.
  struct State: Codable, Sendable {
    var tracker: FrameTracker
    var areas: AreaFollower?
    var list: ShotList.Place?
  }

  private let colorizer: FrameColorizer
  private let makeTracker: @Sendable () -> FrameTracker
  private var tracker: FrameTracker
  private var areas: AreaFollower?
  private var list: ShotList.Reader?

  /// - Parameters:
  ///   - info: what is known of the input. Frames of a folder have nothing to do with those before them where
  ///     nothing is steadied.
  ///   - followsMotion: whether motion is found; otherwise the network must see every frame.
  ///   - list: where shots begin; nil to find them.
  init(
    colorizer: FrameColorizer, settings: Settings, info: SourceInfo, followsMotion: Bool,
    list: ShotList.Reader? = nil
  ) {
    self.colorizer = colorizer
    self.list = list
    let distance = settings.keyFrames.distance
    makeTracker = { FrameTracker(followsMotion: followsMotion, keyFrameDistance: distance) }
    tracker = makeTracker()
    let isFilm = settings.stability > 0 || !info.isFrameFolder
    areas = settings.bars == .auto ? AreaFollower(isFilm: isFilm) : nil
  }

  var state: State {
    get { State(tracker: tracker, areas: areas, list: list?.next) }
    set {
      tracker.goOn(after: newValue.tracker)
      areas = newValue.areas
      if let place = newValue.list { list?.next = place }
    }
  }

  /// Lets a part of the film begin with the frame that was tracked last, see `Stabilizer`.
  mutating func startPart(_ tracking: inout FrameTracking) { tracker.startPart(&tracking) }

  /// Lets the network see the frame that was tracked last.
  mutating func see(_ tracking: inout FrameTracking) { tracker.see(&tracking) }

  /// Takes the frame that was tracked last as the first of a shot, whatever was before it.
  mutating func startAnew(with survey: FrameSurvey) -> FrameTracking {
    tracker = makeTracker()
    return tracker.track(survey.lightness, startsShot: true)
  }

  /// Takes the next frame. Shots are looked for in the picture as it was up to here; where another part of
  /// the frame is the picture from now on, a shot begins.
  /// - Parameters:
  ///   - survey: of the whole frame.
  ///   - format: of the output.
  mutating func track(
    _ frame: Frame, survey whole: FrameSurvey, format: PixelFormat
  ) throws -> Tracked {
    let startsShot = list?.startsShot(at: frame)
    let (width, height) = (frame.picture.width, frame.picture.height)
    let before = areas?.current(width: width, height: height)
    let survey = try self.survey(frame, of: before, whole: whole)
    let tracking = tracker.track(survey.lightness, startsShot: startsShot)
    let after = areas?.follow(frame, startsShot: tracking.shot.startsShot, format: format)
    guard let before, let after, after != before else {
      return Tracked(survey: survey, tracking: tracking, listedShot: list?.next.shot)
    }
    let other = try self.survey(frame, of: after, whole: whole)
    // Other corners change nothing that the network sees.
    let isAnew = !after.hasRectangle(of: before)
    return Tracked(
      survey: other, tracking: isAnew ? startAnew(with: other) : tracking,
      listedShot: list?.next.shot)
  }

  private func survey(
    _ frame: Frame, of area: PictureArea?, whole: FrameSurvey
  ) throws -> FrameSurvey {
    guard let area, area != whole.area else { return whole }
    guard area.fillsFrame else { return try colorizer.survey(frame, area: area) }
    var survey = whole
    survey.area = area
    return survey
  }
}
