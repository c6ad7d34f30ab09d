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
///   inside the picture; motion that is believed by more than half is followed without reserve;
/// - how like its lightness is to what the change of exposure lets expect: nothing is fetched over
///   an edge, so that moving objects leave no trail;
/// - how near its lightness is to that at which the color was learned, changes of exposure apart: what is lit
///   anew, or passes over into another picture, takes another color;
/// - the network's certainty there, relative to that of the others;
/// - how many frames it stands for, up to a limit that `stability` s sets: 10 s ÷ (1 − s), at most 256.
///   Far above what a color takes to settle, the limit holds it: at 1 a resting object keeps its color over
///   the whole shot.
///
/// Nothing crosses a cut: a shot's result is the same, bit for bit, whether it is colorized alone or
/// after another. Frames of another size, or estimates of another shape, start a shot. A lone flash or
/// black frame inside a shot is stepped over when look-ahead is 1 or more; without look-ahead a flash
/// starts a shot, see `ShotDetector`.
///
/// Frames come back in blocks, of about half of `lookAhead`, so that a backward mean serves several:
/// each has at least half of `lookAhead` frames ahead of it, unless the shot ends before. (With key
/// frames, those right before the last one that is held have fewer.)
///
/// Frames that the network did not see (`KeyFrameChooser`) first get an estimate from the key frames around
/// them, see `EstimateCarrier`, and are then merged like all others. Where the look-ahead is shorter than
/// the distance between key frames, it is the causal one, which also lets a key frame's estimate come
/// in little by little.
///
/// A film may be worked on in parts, one after the other, by several runs: no block reaches over the first
/// frame of a part (`FrameTracker.startPart`), frames before it look ahead past it, and it comes back with
/// the state from which another stabilizer goes on with it, bit for bit. So a join can't be seen. Where a shot
/// starts, that state is the one of a beginning.
///
/// Used serially, frames in order; not thread-safe. It holds `lookAhead` + 1 frames and, while a
/// block is finished, as many merged estimates.
package final class Stabilizer<Payload> {
  /// 0…1; 0 leaves each estimate as it is. A shot may have its own (`TemporalFrame.stability`).
  package let stability: Float
  /// How many later frames a frame waits for, and is merged with, at most.
  package let lookAhead: Int
  /// The greatest distance between frames that the network saw; 1 if it saw them all.
  package let keyFrameDistance: Int

  private var held: [Entry] = []
  private var lastShape: Shape?
  private var memory: Memory?
  private var balance = ChromaBalance()
  private var causal = EstimateCarrier.Causal()
  /// - Parameters:
  ///   - stability: 0…1; held there.
  ///   - lookAhead: Frames that may be waited for; 0 is causal. Held at 0 or more.
  ///   - keyFrameDistance: The `FrameTracker`'s.
  ///   - state: What the first frame of a part came back with, to go on with this frame.
  package init(
    stability: Float, lookAhead: Int = 16, keyFrameDistance: Int = 1,
    resuming state: StabilizerState = .beginning
  ) {
    self.stability = Self.held(stability)
    self.lookAhead = max(lookAhead, 0)
    self.keyFrameDistance = max(keyFrameDistance, 1)
    (memory, balance, causal) = (state.memory, state.balance, state.causal)
    lastShape = state.lastShape
  }

  private static func held(_ stability: Float) -> Float { stability > 0 ? min(stability, 1) : 0 }

  /// How many frames must follow a frame before it comes back, at most.
  package var lookAheadNeeded: Int { lookAhead }

  /// Takes the next frame and gives back those that are ready, in order, each exactly once.
  /// - Parameter tracking: what a `FrameTracker`, which saw the same frames, says of it. Of the estimate
  ///   of a frame that is no key frame only the size counts.
  package func push(
    _ frame: TemporalFrame<Payload>, tracking: FrameTracking
  ) -> [TemporalFrame<Payload>] {
    let shot = tracking.shot
    let shape = Shape(frame)
    let reshaped = shape != lastShape
    let partStart = tracking.startsPart ? PartStart(causal: causal, lastShape: lastShape) : nil
    lastShape = shape
    if shot.previousIsFlash, !reshaped, let last = held.indices.last {
      held[last].startsShot = false
      held[last].isFlash = true
    }
    let startsShot = shot.startsShot || reshaped
    let stability = frame.stability.map(Self.held) ?? stability
    let tracked =
      stability > 0 ? tracking.pyramid.map { Tracked(frame.estimate, pyramid: $0) } : nil
    held.append(
      Entry(
        frame: frame, limit: min(10 * stability / (1 - stability), 256), startsShot: startsShot,
        mayBeFlash: shot.mayBeFlash && !reshaped, base: tracked,
        motion: startsShot ? nil : tracking.motion, partStart: partStart))
    if keyFrameDistance > 1 { carry(isKeyFrame: tracking.isKeyFrame) }
    return releasable()
  }

  /// Gives back the frames that are still held, in order. The next frame pushed starts a shot.
  package func finish() -> [TemporalFrame<Payload>] {
    settle(before: held.count, next: nil)
    var rest: [TemporalFrame<Payload>] = []
    while !held.isEmpty { rest += release(min(shotLength, partLength)) }
    lastShape = nil
    memory = nil
    return rest
  }

  /// How many of the held frames belong to the shot of the first one.
  private var shotLength: Int {
    held.indices.dropFirst().first { held[$0].startsShot } ?? held.count
  }

  /// How many of the held frames belong to the part of the first one.
  private var partLength: Int {
    held.indices.dropFirst().first { held[$0].partStart != nil } ?? held.count
  }

  /// All of a shot that has ended, and a block when as many frames are held as may be.
  private func releasable() -> [TemporalFrame<Payload>] {
    var ready: [TemporalFrame<Payload>] = []
    while !held.isEmpty {
      let length = shotLength
      let hasEnded =
        length < held.count && (length < held.count - 1 || !held[length].mayBeFlash)
      if hasEnded {
        ready += release(min(length, partLength))
      } else if held.count > lookAhead {
        // The last key frame stays, for the frames after it.
        let settled = held.lastIndex { !$0.isUnsettled } ?? 0
        let most = settled < held.count - 1 ? settled : length
        ready += release(max(min(length - (lookAhead + 1) / 2, most, partLength), 1))
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
        let link =
          held[next.index].link ?? held[next.index].followed
          ?? Link(from: tracked, to: next.memory.tracked)
        held[next.index].link = link
        ahead[index] = (next.memory, link.forward)
      }
      guard index > 0 else { break }
      // As many as each frame of a block has, so that their weight does not change from block to block.
      let limit = min(held[index].limit, Float(lookAhead + 1) / 2)
      following = (
        index,
        Memory(tracked, after: following?.memory, along: ahead[index]?.motion, limit: limit)
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
      memory = nil
      balance = ChromaBalance()
    }
    frame.partState = entry.partStart.map {
      entry.startsShot
        ? .beginning
        : StabilizerState(
          memory: memory, balance: balance, causal: $0.causal, lastShape: $0.lastShape)
    }
    frame.startsShot = entry.startsShot
    guard let tracked = entry.tracked else { return frame }

    let link = memory.map { entry.link ?? entry.followed ?? Link(from: $0.tracked, to: tracked) }
    let merged = Memory(tracked, after: memory, along: link?.backward, limit: entry.limit)
    if entry.isFlash {
      frame.estimate = balance.restored(merged.estimate)
      return frame
    }
    memory = merged
    let joined = ahead.map { merged.joined(with: $0.memory, along: $0.motion) } ?? merged.estimate
    balance.add(own: frame.estimate, merged: joined, limit: entry.limit)
    frame.estimate = balance.restored(joined)
    return frame
  }

  private struct PartStart {
    let causal: EstimateCarrier.Causal
    let lastShape: Shape?
  }

  private struct Entry {
    var frame: TemporalFrame<Payload>
    /// How many frames the past stands for, at most.
    let limit: Float
    var startsShot: Bool
    /// Whether the next frame may still show that this was no cut.
    var mayBeFlash: Bool
    var isFlash = false
    /// What is merged; blank where the network did not see the frame and nothing was carried there yet.
    var base: Tracked?
    /// Whether an estimate has yet to be carried here.
    var isUnsettled = false
    /// From the frame directly before it, where it was found.
    let motion: MotionEstimator.Pair?
    /// What was known when the frame came, if a part begins with it.
    let partStart: PartStart?
    /// From the frame before it that is no flash.
    var link: Link?

    /// `motion` as a link.
    var followed: Link? { motion.flatMap { motion in base.map { Link(before: motion, of: $0) } } }

    var tracked: Tracked? { isUnsettled ? nil : base }

    /// Takes what was carried here for its estimate.
    mutating func settle(_ carried: CarriedEstimate) {
      frame.estimate = carried.estimate()
      base = base.map { Tracked(frame.estimate, pyramid: $0.pyramid) }
      isUnsettled = false
    }
  }
}

// MARK: - Frames that the network did not see

extension Stabilizer {
  /// Gives the frame that was appended last an estimate, or those before it that waited for it.
  private func carry(isKeyFrame: Bool) {
    let last = held.count - 1
    guard let base = held[last].base else { return settle(before: last, next: nil) }
    held[last].link = held[last].followed
    let step = EstimateCarrier.Step(frame: base, link: held[last].link)
    if lookAhead < keyFrameDistance {
      held[last].settle(causal.next(step, isKeyFrame: isKeyFrame))
    } else if isKeyFrame {
      settle(before: last, next: step.link == nil ? nil : step)
    } else {
      held[last].isUnsettled = true
    }
  }

  /// Settles the frames between the last key frame and `end`, where `next` is the next one.
  private func settle(before end: Int, next: EstimateCarrier.Step?) {
    guard end > 0, held[end - 1].isUnsettled,
      let key = held[..<end].lastIndex(where: { !$0.isUnsettled }), let first = held[key].base
    else { return }
    let between = held[(key + 1)..<end].compactMap { entry in
      entry.base.map { EstimateCarrier.Step(frame: $0, link: entry.link) }
    }
    let estimates = EstimateCarrier.estimates(first: first, between: between, last: next)
    for (index, estimate) in zip((key + 1)..<end, estimates) { held[index].settle(estimate) }
  }
}

/// What a `Stabilizer` knows of a film before the first frame of a part.
package struct StabilizerState: Codable, Sendable {
  let memory: Memory?
  let balance: ChromaBalance
  let causal: EstimateCarrier.Causal
  fileprivate let lastShape: Shape?

  /// What is known before the first frame of a film, and of each shot: nothing.
  package static let beginning = StabilizerState(
    memory: nil, balance: ChromaBalance(), causal: EstimateCarrier.Causal(), lastShape: nil)
}

/// What a frame has to match its predecessor in, to belong to the same shot.
private struct Shape: Codable, Hashable {
  let sizes: [Int]

  init<Payload>(_ frame: TemporalFrame<Payload>) {
    let (lightness, estimate) = (frame.lightness, frame.estimate)
    sizes = [
      lightness.width, lightness.height, estimate.width, estimate.height,
    ]
  }
}
