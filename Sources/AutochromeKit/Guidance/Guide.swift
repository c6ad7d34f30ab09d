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

  /// What it needs to look ahead.
  struct Film {
    let info: SourceInfo
    /// Opens the film once more, without its other streams; nil where it can be read but once.
    let reopen: (@Sendable () throws -> any FrameSource)?
    let colorizer: FrameColorizer
    let fields: GivenFields
  }

  var state = State()
  private let film: Film
  private var ahead: (end: Int, guidance: GuidanceAhead)?
  /// What read ahead last, for the frames after those.
  private var reader: AheadReader?

  /// How many frames are looked at ahead, at most: what they keep is bounded.
  private static let mostAhead = 600
  /// As many frames for which something is given are looked at ahead together, at most.
  private static let mostGiven = 8
  /// Of as many frames before the one at hand the kinds of things are known.
  private static let mostKinds = 2
  /// Of a shot, the first frame is compared with pictures of something else, and others so many frames apart.
  private static let lookDistance = 240

  init(_ film: Film) { self.film = film }

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
    guard let number = film.info.number(of: frame) else { return nil }
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
    if !given.pictures.isEmpty {
      state.sinceLook = (state.sinceLook ?? Self.lookDistance - 1) + 1
      looksAround = state.sinceLook == Self.lookDistance
      if looksAround { state.sinceLook = 0 }
    }
    let own = try film.fields.field(
      of: number, in: given, survey: survey, looksAround: looksAround)
    state.track.follow(tracking, frame: number, given: own, width: width, height: height)
    if let kinds = film.fields.kinds(of: number) {
      state.kinds = state.kinds.suffix(Self.mostKinds - 1) + [kinds]
    }
    let answer = tracking.isKeyFrame ? film.fields.answer(of: number) : nil
    film.fields.drop(through: number)
    if let end = Self.windowEnd(after: number, in: given.frames) {
      if ahead?.end != end {
        ahead = (
          end,
          try lookAhead(
            from: item, frame: frame, number: number, tracking: tracking, survey: survey,
            stage: stage, to: end, given: given, format: format)
        )
      }
    } else {
      ahead = nil
    }
    defer { ahead?.guidance.drop(number) }
    let brought = state.track.colors(of: number, ahead: ahead?.guidance)
    let later = ahead?.guidance.givenFrames.first { $0 > number }.flatMap {
      film.fields.kinds(of: $0)
    }
    let kinds = state.kinds + (later.map { [$0] } ?? [])
    let palette = try film.fields.palette(in: given)
    return brought == nil && kinds.isEmpty && palette == nil
      ? nil
      : FrameGuidance(
        field: brought?.field, frames: brought?.frames.filter(given.isGiven) ?? [], kinds: kinds,
        palette: palette,
        hints: film.fields.hints(of: number, in: given, area: survey.area), answer: answer)
  }

  /// Forgets everything: the frame keeps its own colors.
  mutating func reset() {
    if !state.isEmpty { state = State() }
    ahead = nil
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

  private mutating func lookAhead(
    from item: JobItem, frame: Frame, number: Int, tracking: FrameTracking, survey: FrameSurvey,
    stage: TrackingStage, to end: Int, given: GivenColors, format: PixelFormat
  ) throws -> GuidanceAhead {
    guard let reopen = film.reopen else { return GuidanceAhead() }
    let reader: AheadReader
    if let before = self.reader, before.canGoOn(after: frame.index) {
      reader = before
    } else {
      reader = AheadReader(try reopen(), at: item.element.place)
      self.reader = reader
    }
    var stage = stage
    var collector = GuidanceAhead.Collector(
      tracking, frame: number, width: survey.geometry.gridWidth,
      height: survey.geometry.gridHeight)
    // Whether the last frame may turn out to be a flash, not a cut.
    var isOpen = false
    do {
      var index = frame.index
      while let next = try reader.frame(after: index) {
        index = next.index
        let ahead = number + next.index - frame.index
        let tracked = try stage.track(
          next, survey: try film.colorizer.survey(next), format: format)
        let shot = tracked.tracking.shot
        if isOpen, !shot.takesBackCut { break }
        isOpen = shot.startsShot
        if shot.startsShot, !shot.mayBeFlash { break }
        collector.add(
          tracked.tracking, frame: ahead,
          given: shot.startsShot
            ? nil : try film.fields.field(of: ahead, in: given, survey: tracked.survey))
        if ahead >= end, !isOpen { break }
      }
    } catch let error as MediaError where error.code != .interrupted {
      // The film is damaged there: the run itself tells.
      self.reader = nil
    }
    if isOpen { collector.dropLast() }
    return collector.lookBack()
  }
}

/// Reads a film ahead of the run. It stays open: decoders begin at key frames, so that each new one would decode again
/// what the one before it did.
private final class AheadReader {
  private let source: any FrameSource
  private var last: Frame?

  /// So many frames are rather decoded than jumped over.
  private static let nearby = 48

  /// - Parameter place: where the first frame that is wanted lies.
  init(_ source: any FrameSource, at place: FramePlace?) {
    self.source = source
    if let place { source.goOn(at: place) }
  }

  /// Whether it comes to the frames after number `index` sooner than another one.
  func canGoOn(after index: Int) -> Bool {
    last.map { $0.index <= index + 1 && index - $0.index <= Self.nearby } ?? false
  }

  /// The frame after number `index`; nil at the end.
  func frame(after index: Int) throws -> Frame? {
    if let last, last.index > index { return last }
    while let next = try source.nextFrame() {
      last = next
      if next.index > index { return next }
    }
    return nil
  }
}
