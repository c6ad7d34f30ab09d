internal import Imaging

/// Steadies the network's estimates along the motion of the picture, shot by shot.
///
/// Each position of a frame becomes a weighted mean of its own estimate and those that motion leads
/// to: of the shot's past, as a running mean that follows the motion (one image, whatever its
/// length), and, with look-ahead, of the frames to come, each fetched directly along composed
/// vectors. Distributions and ab are merged alike.
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
/// Used serially, frames in order; not thread-safe. It holds `lookAhead` + 1 frames and two merged
/// estimates.
public final class Stabilizer<Payload> {
  /// 0…1; 0 leaves each estimate as it is, and only finds shots.
  public let stability: Float
  /// How many later frames a frame is merged with, at most.
  public let lookAhead: Int

  private var detector = ShotDetector()
  private var held: [Entry] = []
  private var lastShape: Shape?
  private var shotIndex = -1
  private var memory: Memory?
  private var plan = MergePlan()
  private let limit: Float

  /// - Parameters:
  ///   - stability: 0…1; held there.
  ///   - lookAhead: Frames that may be waited for; 0 is causal. Held at 0 or more.
  public init(stability: Float, lookAhead: Int = 4) {
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
    return held.count > lookAhead ? [release()] : []
  }

  /// Gives back the frames that are still held, in order. The next frame pushed starts a shot.
  public func finish() -> [TemporalFrame<Payload>] {
    var rest: [TemporalFrame<Payload>] = []
    while !held.isEmpty { rest.append(release()) }
    detector = ShotDetector()
    lastShape = nil
    memory = nil
    return rest
  }

  /// Finishes the oldest frame with those that are held after it.
  private func release() -> TemporalFrame<Payload> {
    let entry = held.removeFirst()
    var frame = entry.frame
    if entry.startsShot {
      shotIndex += 1
      memory = nil
    }
    frame.shotIndex = shotIndex
    frame.startsShot = entry.startsShot
    guard let tracked = entry.tracked else { return frame }

    let link = memory.map { entry.link ?? Link(from: $0.tracked, to: tracked) }
    let merged = Memory(
      tracked, following: memory, along: link?.backward, limit: limit, plan: &plan)
    if entry.isFlash {
      frame.estimate = merged.estimate
      return frame
    }
    memory = merged
    let future = future(of: tracked)
    frame.estimate =
      future.isEmpty
      ? merged.estimate : merged.joined(with: future, limit: limit, plan: &plan)
    return frame
  }

  /// The held frames of the same shot, each with the motion from its predecessor. Flashes are left
  /// out.
  private func future(of tracked: Tracked) -> [(tracked: Tracked, motion: GridMotion)] {
    var steps: [(tracked: Tracked, motion: GridMotion)] = []
    var last = tracked
    for index in held.indices {
      if held[index].startsShot { break }
      guard !held[index].isFlash, let next = held[index].tracked else { continue }
      let link = held[index].link ?? Link(from: last, to: next)
      held[index].link = link
      steps.append((next, link.forward))
      last = next
    }
    return steps
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
      lightness.width, lightness.height, estimate.width, estimate.height, estimate.channels,
      estimate.channelStride,
    ]
  }
}
