import Colorization
import Dispatch
import Imaging
import Locking
import Media

/// Looks at frames of a shot before the run comes to them, for what is given for later ones: window by window, each
/// of which ends with a frame for which something is given. While the run goes through one window, the next is looked
/// at in the background.
final class LookAhead: Sendable {
  /// A frame from which it looks ahead.
  struct Position: Sendable {
    /// In the source.
    let index: Int
    /// In the film.
    let number: Int
    /// Where it lies, if that is known.
    let place: FramePlace?
    let tracking: FrameTracking
    /// The stage that has tracked it.
    let stage: TrackingStage
    /// Of the grid of its estimate.
    let width: Int
    /// Of the grid of its estimate.
    let height: Int
  }

  /// What is asked for from a position on.
  struct Request: Sendable {
    let start: Position
    /// The number of the frame with which the window ends.
    let end: Int
    /// That of the window after it; nil if there is none.
    let nextEnd: Int?
    let given: GivenColors
    /// Of the output.
    let format: PixelFormat
  }

  private let worker: Worker
  private let queue = DispatchQueue(label: "autochrome.look-ahead")

  /// - Parameters:
  ///   - reopen: opens the film once more, without its other streams.
  ///   - threads: with one, nothing is done at the same time as something else.
  init(
    colorizer: FrameColorizer, fields: GivenFields, threads: Int,
    reopen: @escaping @Sendable () throws -> any FrameSource
  ) {
    worker = Worker(
      colorizer: colorizer, fields: fields, hasThreads: threads > 1, reopen: reopen)
  }

  deinit { worker.wanted.withLock { $0 = nil } }

  /// What later frames of the window tell of those before them.
  func guidance(for request: Request) throws -> GuidanceAhead {
    // What was begun for another window is of no use.
    worker.wanted.withLock { if $0 != request.start.number { $0 = nil } }
    let window = try queue.sync { try worker.window(for: request) }
    if worker.hasThreads, let end = request.nextEnd, let last = window.last {
      worker.wanted.withLock { $0 = last.number }
      queue.async { [worker] in worker.begin(from: last, to: end, of: request) }
    }
    return window.guidance
  }

  /// Gives up what was begun.
  func stop() {
    worker.wanted.withLock { $0 = nil }
    queue.async { [worker] in worker.close() }
  }
}

/// - Note: `@unchecked Sendable`: all but `wanted` is touched on the queue of `LookAhead` alone.
private final class Worker: @unchecked Sendable {
  struct Window {
    let guidance: GuidanceAhead
    /// Its last frame; nil where it ended with another than was asked for.
    var last: LookAhead.Position?
  }

  /// The number of the frame with which the window begins that is looked at in the background; nil for none.
  let wanted = Locked<Int?>(nil)
  /// Whether several things may be done at the same time.
  let hasThreads: Bool
  private let colorizer: FrameColorizer
  private let fields: GivenFields
  private let reopen: @Sendable () throws -> any FrameSource
  private var reader: AheadReader?
  /// What was made in the background.
  private var ready: (start: Int, end: Int, result: Result<Window?, any Error>)?

  init(
    colorizer: FrameColorizer, fields: GivenFields, hasThreads: Bool,
    reopen: @escaping @Sendable () throws -> any FrameSource
  ) {
    self.hasThreads = hasThreads
    self.colorizer = colorizer
    self.fields = fields
    self.reopen = reopen
  }

  func window(for request: LookAhead.Request) throws -> Window {
    defer { ready = nil }
    if let ready, ready.start == request.start.number, ready.end == request.end,
      let window = try ready.result.get()
    {
      return window
    }
    return try look(request.start, request.end, request) { true } ?? Window(guidance: .init())
  }

  /// Makes the window after that of `request`, as long as it is wanted.
  func begin(from start: LookAhead.Position, to end: Int, of request: LookAhead.Request) {
    let result = Result {
      try look(start, end, request) { [wanted] in wanted.withLock { $0 == start.number } }
    }
    ready = (start.number, end, result)
  }

  func close() { (reader, ready) = (nil, nil) }

  /// - Returns: nil if it was given up.
  private func look(
    _ start: LookAhead.Position, _ end: Int, _ request: LookAhead.Request,
    while isWanted: () -> Bool
  ) throws -> Window? {
    let reader: AheadReader
    if let before = self.reader, before.canGoOn(after: start.index) {
      reader = before
    } else {
      reader = AheadReader(try reopen(), at: start.place)
      self.reader = reader
    }
    var stage = start.stage
    var collector = GuidanceAhead.Collector(
      start.tracking, frame: start.number, width: start.width, height: start.height)
    var given: [(number: Int, survey: FrameSurvey)] = []
    let frames = Set(request.given.frames.numbers)
    var last: LookAhead.Position?
    // Whether the last frame may turn out to be a flash, not a cut.
    var isOpen = false
    do {
      var index = start.index
      while let next = try reader.frame(after: index) {
        guard isWanted() else { return nil }
        index = next.index
        let number = start.number + next.index - start.index
        let tracked = try stage.track(
          next, survey: try colorizer.survey(next), format: request.format)
        let shot = tracked.tracking.shot
        if isOpen, !shot.takesBackCut { break }
        isOpen = shot.startsShot
        if shot.startsShot, !shot.mayBeFlash { break }
        collector.add(tracked.tracking, frame: number)
        if !isOpen, frames.contains(number) { given.append((number, tracked.survey)) }
        guard number >= end, !isOpen else { continue }
        if number == end {
          let geometry = tracked.survey.geometry
          last = LookAhead.Position(
            index: index, number: number, place: nil, tracking: tracked.tracking, stage: stage,
            width: geometry.gridWidth, height: geometry.gridHeight)
        }
        break
      }
    } catch let error as MediaError where error.code != .interrupted {
      // The film is damaged there: the run itself tells.
      self.reader = nil
    }
    if isOpen { collector.dropLast() }
    let made = try fields.fields(of: given, in: request.given, sideBySide: hasThreads)
    return Window(guidance: collector.lookBack(given: made), last: last)
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
