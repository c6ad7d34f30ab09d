internal import Imaging

/// Steadies the network's estimates along the motion of the picture, shot by shot.
///
/// Each position of a frame becomes a weighted mean of its own estimate and those that motion leads
/// to: of the shot's past, as a running mean that follows the motion (one image, whatever its
/// length), and, with look-ahead, of the frames to come, as a running mean from the last one that is
/// known backward. What of the chroma's strength is lost in the mean is given back
/// (`ChromaBalance`).
///
/// A neighbour's weight is the product of
/// - the confidence of the motion (`MotionEstimator`): photometric match, agreement there and back,
///   inside the picture;
/// - how like its lightness is to what the change of exposure lets expect: nothing is fetched over
///   an edge, so that moving objects leave no trail;
/// - the network's certainty there, relative to that of the others;
/// - how many frames it stands for, up to a limit that `stability` sets: 32 × stability².
///
/// Nothing crosses a cut: a shot's result is the same, bit for bit, whether it is colorized alone or
/// after another. Frames of another size, or estimates of another shape, start a shot. A lone flash
/// frame inside a shot is stepped over when look-ahead is 1 or more; without look-ahead it starts a
/// shot, see `ShotDetector`.
///
/// Frames come back in blocks, of about half of `lookAhead`, so that a backward mean serves several:
/// each has at least half of `lookAhead` frames ahead of it, unless the shot ends before.
///
/// Used serially, frames in order; not thread-safe. It holds `lookAhead` + 1 frames and, while a
/// block is finished, as many merged estimates.
public final class Stabilizer<Payload> {
  /// 0…1; 0 leaves each estimate as it is, and only finds shots.
  public let stability: Float
  /// How many later frames a frame waits for, and is merged with, at most.
  public let lookAhead: Int

  private var detector = ShotDetector()
  private var held: [Entry] = []
  private var lastShape: Shape?
  private var shotIndex = -1
  private var memory: Memory?
  private var balance = ChromaBalance()
  private let limit: Float

  /// - Parameters:
  ///   - stability: 0…1; held there.
  ///   - lookAhead: Frames that may be waited for; 0 is causal. Held at 0 or more.
  public init(stability: Float, lookAhead: Int = 16) {
    self.stability = stability > 0 ? min(stability, 1) : 0
    self.lookAhead = max(lookAhead, 0)
    limit = 32 * self.stability * self.stability
  }

  /// How many frames must follow a frame before it comes back, at most.
  public var lookAheadNeeded: Int { lookAhead }

  /// Takes the next frame and gives back those that are ready, in order, each exactly once.
  /// - Parameter startsShot: whether the frame starts a shot, where that is known; nil to find out.
  public func push(
    _ frame: TemporalFrame<Payload>, startsShot known: Bool? = nil
  ) -> [TemporalFrame<Payload>] {
    let verdict =
      known.map { ShotDetector.Verdict(score: 0, startsShot: $0, resumes: false) }
      ?? detector.observe(frame.lightness)
    let shape = Shape(frame)
    let reshaped = shape != lastShape
    lastShape = shape
    if verdict.resumes, !reshaped, let last = held.indices.last, held[last].mayBeFlash {
      // The frame before was no cut but a flash: known only now.
      held[last].startsShot = false
      held[last].isFlash = true
    }
    let startsShot = verdict.startsShot || reshaped
    held.append(
      Entry(
        frame: frame, startsShot: startsShot,
        mayBeFlash: known == nil && verdict.startsShot && !reshaped,
        tracked: stability > 0 ? Tracked(frame) : nil))
    return releasable()
  }

  /// Gives back the frames that are still held, in order. The next frame pushed starts a shot.
  public func finish() -> [TemporalFrame<Payload>] {
    var rest: [TemporalFrame<Payload>] = []
    while !held.isEmpty { rest += release(shotLength) }
    detector = ShotDetector()
    lastShape = nil
    memory = nil
    return rest
  }

  /// How many of the held frames belong to the shot of the first one.
  private var shotLength: Int {
    held.indices.dropFirst().first { held[$0].startsShot } ?? held.count
  }

  /// All of a shot that has ended, and a block when as many frames are held as may be.
  private func releasable() -> [TemporalFrame<Payload>] {
    var ready: [TemporalFrame<Payload>] = []
    while !held.isEmpty {
      let length = shotLength
      let hasEnded =
        length < held.count && (length < held.count - 1 || !held[length].mayBeFlash)
      if hasEnded {
        ready += release(length)
      } else if held.count > lookAhead {
        ready += release(max(length - (lookAhead + 1) / 2, 1))
      } else {
        break
      }
    }
    return ready
  }

  /// Finishes the first `count` frames, all of one shot, with those of it that are held after them.
  private func release(_ count: Int) -> [TemporalFrame<Payload>] {
    let ahead = lookBack(over: shotLength)
    let released = (0..<count).map { finished(held[$0], with: ahead[$0]) }
    held.removeFirst(count)
    return released
  }

  /// For each frame of the shot that has one after it, flashes left out: the mean from that one on, and
  /// the motion that leads there.
  private func lookBack(over length: Int) -> [(memory: Memory, motion: GridMotion)?] {
    var ahead = [(memory: Memory, motion: GridMotion)?](repeating: nil, count: length)
    var following: (index: Int, memory: Memory)?
    for index in (0..<length).reversed() where !held[index].isFlash {
      guard let tracked = held[index].tracked else { continue }
      if let next = following {
        let link = held[next.index].link ?? Link(from: tracked, to: next.memory.tracked)
        held[next.index].link = link
        ahead[index] = (next.memory, link.forward)
      }
      guard index > 0 else { break }
      following = (
        index, Memory(tracked, after: following?.memory, along: ahead[index]?.motion, limit: limit)
      )
    }
    return ahead
  }

  /// The frame, merged with the shot up to it and, where there is one, the mean of what follows.
  private func finished(
    _ entry: Entry, with ahead: (memory: Memory, motion: GridMotion)?
  ) -> TemporalFrame<Payload> {
    var frame = entry.frame
    if entry.startsShot {
      shotIndex += 1
      memory = nil
      balance = ChromaBalance()
    }
    frame.shotIndex = shotIndex
    frame.startsShot = entry.startsShot
    guard let tracked = entry.tracked else { return frame }

    let link = memory.map { entry.link ?? Link(from: $0.tracked, to: tracked) }
    let merged = Memory(tracked, after: memory, along: link?.backward, limit: limit)
    if entry.isFlash {
      frame.estimate = balance.restored(merged.estimate)
      return frame
    }
    memory = merged
    let joined = ahead.map { merged.joined(with: $0.memory, along: $0.motion) } ?? merged.estimate
    balance.add(own: frame.estimate, merged: joined, limit: limit)
    frame.estimate = balance.restored(joined)
    return frame
  }

  private struct Entry {
    let frame: TemporalFrame<Payload>
    var startsShot: Bool
    /// Whether the next frame may still show that this was no cut.
    var mayBeFlash: Bool
    var isFlash = false
    let tracked: Tracked?
    /// From the frame before it that is no flash.
    var link: Link?
  }
}

/// What a frame has to match its predecessor in, to belong to the same shot.
private struct Shape: Hashable {
  let sizes: [Int]

  init<Payload>(_ frame: TemporalFrame<Payload>) {
    let (lightness, estimate) = (frame.lightness, frame.estimate)
    sizes = [
      lightness.width, lightness.height, estimate.width, estimate.height,
    ]
  }
}
