import Colorization
import Imaging
import Media

/// Tells frame by frame what is known of the colors from what the user gives for some of them: it follows the motion
/// as the film goes on, and looks ahead where something is given for a later frame of the shot.
struct Guide {
  /// What it has learned from the frames before the next one.
  struct State: Codable, Sendable {
    fileprivate var track = GuidanceTrack()
    /// What the last frames of the shot show for which something was given.
    fileprivate var kinds: [KnownKinds] = []
    /// Frames since one was compared with pictures; nil before the first of a shot.
    fileprivate var sinceLook: Int?

    fileprivate var isEmpty: Bool { !track.isActive && kinds.isEmpty && sinceLook == nil }
  }

  var state = State()
  private let info: SourceInfo
  private let fields: GivenFields
  /// nil where the film can be read but once.
  private let lookAhead: LookAhead?
  private var ahead: (end: Int, guidance: GuidanceAhead)?

  /// How many frames are looked at ahead, at most: what they keep is bounded.
  private static let mostAhead = 600
  /// As many frames for which something is given are looked at ahead together, at most.
  private static let mostGiven = 2
  /// Of as many frames before the one at hand the kinds of things are known.
  private static let mostKinds = 2
  /// Of a shot, the first frame is compared with pictures of something else, and others so many frames apart.
  private static let lookDistance = 240

  /// - Parameters:
  ///   - info: of the film.
  ///   - lookAhead: nil where the film can be read but once.
  init(info: SourceInfo, fields: GivenFields, lookAhead: LookAhead?) {
    self.info = info
    self.fields = fields
    self.lookAhead = lookAhead
  }

  /// What is known of a frame.
  /// - Parameters:
  ///   - item: with the frame, and where it lies.
  ///   - stage: the stage that has tracked it.
  ///   - given: for its shot, or for the whole film.
  ///   - format: of the output.
  /// - Returns: nil for nothing.
  mutating func follow(
    _ item: JobItem, frame: Frame, survey: FrameSurvey, tracking: FrameTracking,
    stage: TrackingStage, given: GivenColors?, format: PixelFormat
  ) throws -> FrameGuidance? {
    guard let number = info.number(of: frame) else { return nil }
    guard let given, !given.isEmpty else {
      reset()
      return nil
    }
    if tracking.shot.startsShot {
      ahead = nil
      state.kinds = []
      state.sinceLook = nil
    }
    let (width, height) = (survey.geometry.gridWidth, survey.geometry.gridHeight)
    var looksAround = false
    if given.looksAround {
      state.sinceLook = (state.sinceLook ?? Self.lookDistance - 1) + 1
      looksAround = state.sinceLook == Self.lookDistance
      if looksAround { state.sinceLook = 0 }
    }
    let own = try fields.field(
      of: number, in: given, survey: survey, looksAround: looksAround)
    state.track.follow(tracking, frame: number, given: own, width: width, height: height)
    if let kinds = fields.kinds(of: number) {
      state.kinds = state.kinds.suffix(Self.mostKinds - 1) + [kinds]
    }
    let answer = tracking.isKeyFrame ? fields.answer(of: number) : nil
    fields.drop(through: number)
    if let end = Self.windowEnd(after: number, in: given.frames.numbers) {
      if let lookAhead, ahead?.end != end {
        let start = LookAhead.Position(
          index: frame.index, number: number, place: item.element.place, tracking: tracking,
          stage: stage, width: width, height: height)
        ahead = (
          end,
          try lookAhead.guidance(
            for: LookAhead.Request(
              start: start, end: end, nextEnd: Self.windowEnd(after: end, in: given.frames.numbers),
              given: given, format: format))
        )
      }
    } else if ahead != nil {
      stopLookingAhead()
    }
    defer { ahead?.guidance.drop(number) }
    let brought = state.track.colors(of: number, ahead: ahead?.guidance)
    let later = ahead?.guidance.givenFrames.first { $0 > number }.flatMap {
      fields.kinds(of: $0)
    }
    let kinds =
      try fields.kindsAlike(in: given, area: survey.area) + state.kinds
      + (later.map { [$0] } ?? [])
    let palette = try fields.palette(in: given)
    return brought == nil && kinds.isEmpty && palette == nil
      ? nil
      : FrameGuidance(
        field: brought?.field, frames: brought?.frames.filter(given.frames.contains) ?? [],
        kinds: kinds,
        palette: palette,
        hints: fields.hints(of: number, in: given, area: survey.area), answer: answer)
  }

  /// Forgets everything: the frame keeps its own colors.
  mutating func reset() {
    if !state.isEmpty { state = State() }
    if ahead != nil { stopLookingAhead() }
  }

  private mutating func stopLookingAhead() {
    ahead = nil
    lookAhead?.stop()
  }

  /// What a run that goes on from here must know; nil for nothing.
  var kept: State? { state.isEmpty ? nil : state }

  /// Up to which frame it is to look ahead from `frame` on. That depends on the two alone, so that a run that begins
  /// in the middle sees the same.
  static func windowEnd(after frame: Int, in given: [Int]) -> Int? {
    // Windows follow each other: each ends with the last frame that is near enough to where it begins.
    var index = 0
    var start: Int?
    while index < given.count {
      var last = index
      if let start {
        while last + 1 < given.count, last + 1 - index < mostGiven,
          given[last + 1] - start <= mostAhead
        {
          last += 1
        }
      }
      if frame < given[last] { return given[last] - frame <= mostAhead ? given[last] : nil }
      start = given[last]
      index = last + 1
    }
    return nil
  }
}
