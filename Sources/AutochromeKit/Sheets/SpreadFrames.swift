import Colorization
package import Imaging
import Locking
import Media

/// A frame that stands for a part of a film.
package struct SpreadFrame: Sendable {
  var frame: Frame
  /// When it is shown, after the start of the film.
  var seconds: Double
  /// The shot that it belongs to, from 1, where shots were looked for.
  var shot: Int?
  /// How the shot looks, where shots are listed.
  var look: ShotLook?

  package init(frame: Frame, seconds: Double, shot: Int? = nil) {
    self.frame = frame
    self.seconds = seconds
    self.shot = shot
  }

  /// Its place, for people.
  package var caption: String {
    frame.fileName ?? (shot.map { "shot \($0)  " } ?? "") + TimePosition.clock(seconds)
  }
}

/// Gives frames that are spread evenly over an input, in order, without decoding what lies between where
/// the input can be sought.
final class SpreadFrames: Sendable {
  /// How the frames are found.
  private enum Plan {
    /// Those at these times, in seconds after the start of the film, or at the key frame before.
    case times([Double])
    /// Those with these numbers.
    case numbers([(index: Int, shot: Int)])
    /// Those that were kept while the whole of a pipe was read.
    case kept([SpreadFrame])
  }

  private struct State {
    var plan: Plan
    /// The first frame of the input, as long as it may still be wanted.
    var first: SpreadFrame?
    var last = -Double.infinity
    var next = 0
  }

  /// What is known of the input.
  var info: SourceInfo { source.info }

  private let source: any FrameSource
  private let state: Locked<State>
  /// Whether what leads to a time is decoded where the key frame before it was given already.
  private let isExact: Bool

  private init(
    source: any FrameSource, plan: Plan, first: SpreadFrame? = nil, isExact: Bool = true
  ) {
    self.source = source
    self.isExact = isExact
    state = Locked(State(plan: plan, first: first))
  }

  /// Up to `count` frames as a quick look finds them: key frames from the start on.
  static func glance(at source: any FrameSource, count: Int) throws -> SpreadFrames {
    try overview(of: source, count: count, offset: 0, isExact: false)
  }

  /// Frames with these numbers, in rising order.
  static func numbered(
    _ numbers: [(index: Int, shot: Int)], of source: any FrameSource
  ) -> SpreadFrames {
    SpreadFrames(source: source, plan: .numbers(numbers))
  }

  /// A film of no more frames is decoded whole, to find its shots.
  private static let shortFilm = 600

  /// Up to `count` frames to be shown to people: of a short film some of each shot, of a long one those
  /// in the middle of equal parts, of a folder every so many pictures.
  /// - Parameter open: opens the input, once or twice.
  static func forPeople(
    count: Int, colorizer: FrameColorizer, settings: Settings, open: () throws -> any FrameSource
  ) throws -> SpreadFrames {
    let source = try open()
    let info = source.info
    let list = try ShotList.given(by: settings)
    // Numbers of frames are known only where all are read from the start.
    if info.isPipe || list?.countsFrames == true && !info.hasConstantRate {
      return try kept(of: source, count: count)
    }
    if !info.isFrameFolder, let length = info.estimatedFrameCount, length <= shortFilm {
      let found = try FoundShots(
        in: source, colorizer: colorizer, settings: settings,
        list: list)
      return numbered(found.spread(count), of: try open())
    }
    return try overview(of: source, count: count, offset: 0.5, isExact: true)
  }

  /// Frames at `offset` of each of `count` equal parts.
  private static func overview(
    of source: any FrameSource, count: Int, offset: Double, isExact: Bool
  ) throws -> SpreadFrames {
    let info = source.info
    let first = try source.nextFrame().map {
      SpreadFrame(frame: $0, seconds: info.seconds(of: $0))
    }
    let start = first?.seconds ?? 0
    return SpreadFrames(
      source: source,
      plan: .times(times(in: info, count: count, offset: offset).map { start + $0 }), first: first,
      isExact: isExact)
  }

  /// The next frame; nil after the last.
  func next() throws -> SpreadFrame? {
    try state.withLock { state in
      switch state.plan {
      case .times(let times):
        while state.next < times.count {
          let time = times[state.next]
          state.next += 1
          let first = state.first.flatMap { $0.seconds + tolerance >= time ? $0 : nil }
          state.first = nil
          guard let frame = try first ?? frame(at: time, after: state.last) else { continue }
          state.last = frame.seconds
          return frame
        }
        return nil
      case .numbers(let numbers):
        guard state.next < numbers.count else { return nil }
        let wanted = numbers[state.next]
        state.next += 1
        while let frame = try source.nextFrame() {
          guard frame.index >= wanted.index else { continue }
          return SpreadFrame(
            frame: frame, seconds: source.info.seconds(of: frame), shot: wanted.shot)
        }
        return nil
      case .kept(let frames):
        guard state.next < frames.count else { return nil }
        defer { state.next += 1 }
        return frames[state.next]
      }
    }
  }

  /// Half a frame, in seconds.
  private var tolerance: Double { (source.info.frameRate.map { 1 / $0.value } ?? 0) / 2 }

  /// The frame at `time` or the key frame before it, if it comes after `last`.
  private func frame(at time: Double, after last: Double) throws -> SpreadFrame? {
    // What comes next is near enough where the input could be sought. Containers round times.
    var isNear = try source.skip(to: time + tolerance / 2) || !isExact
    while let frame = try source.nextFrame() {
      let seconds = source.info.seconds(of: frame)
      if seconds > last + tolerance {
        if isNear || seconds >= time - tolerance {
          return SpreadFrame(frame: frame, seconds: seconds)
        }
      } else {
        guard isExact else { return nil }
        // The key frame was given already: what is wanted lies further on.
        isNear = false
      }
    }
    return nil
  }

  private static func kept(of source: any FrameSource, count: Int) throws -> SpreadFrames {
    let samples = EvenSamples<SpreadFrame>(expected: nil, limit: count)
    while let frame = try source.nextFrame() {
      samples.offer { SpreadFrame(frame: frame, seconds: source.info.seconds(of: frame)) }
    }
    return SpreadFrames(source: source, plan: .kept(samples.samples))
  }

  /// Times at `offset` of each of `count` equal parts, or of each frame if there are fewer.
  private static func times(in info: SourceInfo, count: Int, offset: Double) -> [Double] {
    // Of what does not tell its length, the first frames are all that is known of.
    var length = info.duration ?? 0
    let frames = info.estimatedFrameCount
    if let frames, let rate = info.frameRate?.value, rate > 0 {
      length = min(length > 0 ? length : .infinity, Double(frames) / rate)
    }
    let parts = max(1, min(count, frames ?? count))
    // Where each frame is wanted, a time between two would pass one over.
    let offset = parts == frames ? 0 : offset
    return (0..<parts).map { (Double($0) + offset) * length / Double(parts) }
  }
}
