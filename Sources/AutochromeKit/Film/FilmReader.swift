package import Imaging
import Locking
package import Media

/// Gives single frames of a film by their numbers, in any order.
///
/// A frame is sought by its time, and decoding begins at the key frame before it. Where frames do not lie on a grid of
/// time, the film is read once to know when each is shown. The frames that were given last are kept.
package final class FilmReader: Sendable {
  /// What is known of the film.
  package let info: SourceInfo
  private struct State {
    var source: (any FrameSource)?
    /// The number of the frame that the source gives next; nil where that is not known.
    var next: Int?
    var clock: Clock
    /// How many frames there are, once the end was seen.
    var count: Int?
    /// The one that was used last comes last.
    var kept: [(number: Int, frame: Frame)] = []
  }

  /// When frames are shown, in seconds after the start of the film.
  private enum Clock {
    /// At so many frames per second.
    case grid(Double)
    /// Each at its time, rising.
    case times([Double])

    /// The number of the frame that is shown at a time; nil where there is none.
    func number(at seconds: Double) -> Int? {
      switch self {
      case .grid(let rate):
        let place = seconds * rate
        return abs(place - place.rounded()) < FilmReader.gridTolerance && place > -0.5
          ? Int(place.rounded()) : nil
      case .times(let times):
        let index = times.partitioningIndex { $0 >= seconds - 1e-6 }
        return index < times.count && times[index] <= seconds + 1e-6 ? index : nil
      }
    }

    /// The number of the first frame that is shown at a time or after it.
    func firstNumber(from seconds: Double) -> Int {
      switch self {
      case .grid(let rate): max(0, Int((seconds * rate).rounded(.up)))
      case .times(let times): times.partitioningIndex { $0 >= seconds }
      }
    }

    /// When a frame is shown; nil where there is none.
    func seconds(of number: Int) -> Double? {
      switch self {
      case .grid(let rate): Double(number) / rate
      case .times(let times): times.indices.contains(number) ? times[number] : nil
      }
    }
  }

  private let open: @Sendable () throws -> any FrameSource
  /// How many frames the film has, if somebody has counted them.
  private let frames: Int?
  private let state: Locked<State>
  /// Shared by the readers of a film.
  private let store: FrameStore

  /// So many frames are rather decoded than sought past.
  private static let nearby = 24
  /// How far frames may lie beside the grid, in frames: containers round times to milliseconds.
  private static let gridTolerance = 0.1
  /// What frames that are kept may take, in bytes; the last one stays in any case.
  private let capacity: Int
  /// The same of a reader for somebody who goes to and fro.
  private static let usualCapacity = 16_000_000
  /// What frames that are kept may take on disk, in bytes: 345 of 1080p.
  private static let storeCapacity = 1 << 30

  /// - Parameters:
  ///   - frames: how many the film has, as counted when it was looked at; nil where nobody has counted.
  ///   - warn: told where that takes a while.
  ///   - open: opens the film from its start, without its other streams.
  /// - Throws: what `open` throws.
  package init(
    frames: Int?, warn: (String) -> Void = { _ in },
    open: @escaping @Sendable () throws -> any FrameSource
  ) throws {
    self.open = open
    self.frames = frames
    capacity = Self.usualCapacity
    store = FrameStore(capacity: Self.storeCapacity)
    let source = try open()
    info = source.info
    let rate = info.frameRate?.value ?? 0
    let expected = info.duration.map { $0 * rate }
    let isGrid =
      info.isFrameFolder || info.hasConstantRate
      || frames == nil || expected.map { abs($0 - Double(frames ?? 0)) < 2 } ?? true
    let clock =
      isGrid && rate > 0 ? Clock.grid(rate) : .times(try Self.times(open, frames: frames, warn))
    state = Locked(State(source: source, next: 0, clock: clock))
  }

  /// Another one of the same film, to be used at the same time, which keeps no frames.
  package init(sharing other: FilmReader) {
    (open, frames, info, capacity) = (other.open, other.frames, other.info, 0)
    store = other.store
    state = Locked(State(clock: other.state.withLock { $0.clock }))
  }

  /// When each frame is shown.
  /// - Parameter frames: how many there are, if that is known.
  private static func times(
    _ open: () throws -> any FrameSource, frames: Int?, _ warn: (String) -> Void = { _ in }
  ) throws -> [Double] {
    if let frames, let times = try open().packetTimes(), times.count == frames { return times }
    warn(
      "This film does not state the time of each frame, so it is decoded once to find out.")
    return try times(of: open())
  }

  private static func times(of source: any FrameSource) throws -> [Double] {
    var times: [Double] = []
    while let frame = try source.nextFrame() { times.append(source.info.seconds(of: frame)) }
    return times
  }

  /// The frame with a number, from 0; its `index` is that number.
  /// - Throws: `AutochromeError` if the film is shorter, `MediaError` if it can't be decoded.
  package func frame(_ number: Int) throws -> Frame {
    guard let frame = try frameIfAny(number) else {
      throw AutochromeError(.usage, "Frame \(number) does not exist: the film ends before it.")
    }
    return frame
  }

  /// The frame with a number, from 0; nil if the film is shorter.
  /// - Throws: `MediaError` if it can't be decoded.
  func frameIfAny(_ number: Int) throws -> Frame? {
    try store.frame(number) ?? decoded(number)
  }

  /// Frames that follow each other, one after the other; they are kept if all of them can be.
  package func frames(_ numbers: Range<Int>) -> FrameRun {
    FrameRun(self, numbers, isStored: store.holds(numbers))
  }

  /// A way through frames of a film.
  package struct FrameRun {
    private let reader: FilmReader
    private var rest: Range<Int>
    private let count: Int
    /// Whether they are read from the store. Otherwise all are decoded: going to and fro between the two, the decoder
    /// would begin at a key frame again and again.
    private let isStored: Bool

    fileprivate init(_ reader: FilmReader, _ numbers: Range<Int>, isStored: Bool) {
      (self.reader, rest, count, self.isStored) = (reader, numbers, numbers.count, isStored)
    }

    /// The next one; nil at the end, or where the film ends.
    /// - Throws: `MediaError` if it can't be decoded.
    package mutating func next() throws -> Frame? {
      guard let number = rest.popFirst() else { return nil }
      if isStored, let frame = reader.store.frame(number) { return frame }
      let frame = try reader.decoded(number)
      if let frame, !isStored, reader.store.hasRoom(for: count, like: frame) {
        reader.store.keep(frame)
      }
      return frame
    }
  }

  private func decoded(_ number: Int) throws -> Frame? {
    try state.withLock { state in
      if let place = state.kept.firstIndex(where: { $0.number == number }) {
        let known = state.kept.remove(at: place)
        state.kept.append(known)
        return known.frame
      }
      do {
        guard let frame = try find(number, &state) else { return nil }
        state.kept.append((number, frame))
        let most = max(1, capacity / max(1, frame.picture.byteCount))
        if state.kept.count > most { state.kept.removeFirst(state.kept.count - most) }
        return frame
      } catch {
        // What the source gives next is not known any more.
        (state.source, state.next) = (nil, nil)
        throw error
      }
    }
  }

  /// Closes the film until the next frame is wanted: decoders of large pictures hold many of them.
  package func rest() { state.withLock { ($0.source, $0.next) = (nil, nil) } }

  private func find(_ number: Int, _ state: inout State) throws -> Frame? {
    if let next = state.next, number >= next, number - next < Self.nearby,
      let found = try read(to: number, &state)
    {
      return found
    }
    guard number < state.count ?? .max, let seconds = state.clock.seconds(of: number) else {
      return nil
    }
    // Some formats find places by the time of decoding, or roughly.
    for margin in [0.01, 2, 15] {
      let source = try state.source ?? open()
      state.source = source
      guard try source.skip(to: max(0, seconds - margin)) else { break }
      state.next = nil
      if let found = try read(to: number, &state) { return found }
    }
    state.source = try open()
    state.next = 0
    return try read(to: number, &state)
  }

  /// - Returns: nil if the film ends before the frame, or goes on after it.
  private func read(to number: Int, _ state: inout State) throws -> Frame? {
    guard let source = state.source else { return nil }
    while var frame = try source.nextFrame() {
      let seconds = info.seconds(of: frame)
      if state.clock.number(at: seconds) == nil {
        // The rate varies after all.
        state.clock = .times(try Self.times(open, frames: frames))
      }
      frame.index = state.clock.number(at: seconds) ?? state.clock.firstNumber(from: seconds)
      state.next = frame.index + 1
      if frame.index == number { return frame }
      if frame.index > number { return nil }
    }
    state.count = state.next ?? state.count
    (state.source, state.next) = (nil, nil)
    return nil
  }

  /// The number of the first frame that is shown at a time, in seconds after the start of the film, or after it.
  package func number(at seconds: Double) -> Int {
    // Times are written with three decimals.
    state.withLock { $0.clock.firstNumber(from: seconds - 0.0006) }
  }

  /// The numbers of the frames with which shots begin.
  /// - Throws: `AutochromeError` if one begins at a time code that the film can't have.
  package func starts(of list: ShotList) throws(AutochromeError) -> [Int] {
    var starts: [Int] = []
    for shot in list.shots {
      switch try shot.position.place(in: info) {
      case .number(let number): starts.append(number)
      case .seconds(let seconds): starts.append(number(at: seconds))
      }
    }
    return starts
  }

  /// When a frame is shown, in seconds after the start of the film; nil where there is none.
  package func seconds(of number: Int) -> Double? {
    state.withLock { $0.clock.seconds(of: number) }
  }
}

extension [Double] {
  /// The first index at which a condition holds that holds from there on; the end where it never does.
  fileprivate func partitioningIndex(where holds: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension Picture {
  fileprivate var byteCount: Int {
    planes.reduce(0) { $0 + $1.bytesPerRow * $1.height }
  }
}
