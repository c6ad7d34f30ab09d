internal import Imaging

/// A frame prepared for merging.
struct Tracked {
  let pyramid: MotionPyramid
  let lightness: GridLightness
  let estimate: CoarseEstimate
  /// The weight of each position of the estimate: the network's certainty, never quite 0.
  let certainty: [Float]

  /// Certainty below this counts as this much, so that no weight vanishes.
  private static let leastCertainty: Float = 0.05

  init<Payload>(_ frame: TemporalFrame<Payload>) {
    let estimate = frame.estimate
    self.estimate = estimate
    pyramid = MotionPyramid(frame.lightness)
    lightness = GridLightness(pyramid, width: estimate.width, height: estimate.height)
    let map = estimate.certainty.channel(0)
    certainty = withExtendedLifetime(estimate) {
      (0..<estimate.area).map { map[$0] > Self.leastCertainty ? map[$0] : Self.leastCertainty }
    }
  }

  /// The coordinates −1…1 of a position.
  @inline(__always)
  func place(_ column: Int, _ row: Int) -> (x: Float, y: Float) {
    (
      2 * (Float(column) + 0.5) / Float(estimate.width) - 1,
      2 * (Float(row) + 0.5) / Float(estimate.height) - 1
    )
  }
}

/// The motion between a frame and the one after it, on the grid of their estimates.
struct Link {
  let forward: GridMotion
  let backward: GridMotion

  init(from first: Tracked, to second: Tracked) {
    let pair = MotionEstimator().motion(from: first.pyramid, to: second.pyramid)
    let (width, height) = (first.estimate.width, first.estimate.height)
    forward = GridMotion(pair.forward, of: first.pyramid, width: width, height: height)
    backward = GridMotion(pair.backward, of: second.pyramid, width: width, height: height)
  }
}

/// The running mean of a shot up to a frame, where that frame's content lies.
struct Memory {
  let tracked: Tracked
  let estimate: CoarseEstimate
  /// How many frames each position stands for, 1…limit.
  private let frames: [Float]
  /// The mean certainty of those frames.
  private let certainty: [Float]
  /// frames × certainty: the weight of each position.
  private let weights: [Float]

  /// Merges a frame's own estimate with the memory of its predecessors, if there is one; `motion`
  /// leads from the frame to the memory's.
  init(
    _ tracked: Tracked, following past: Memory?, along motion: GridMotion?, limit: Float,
    plan: inout MergePlan
  ) {
    self.tracked = tracked
    let own = tracked.estimate
    guard let past, let motion else {
      estimate = own
      frames = [Float](repeating: 1, count: own.area)
      certainty = tracked.certainty
      weights = certainty
      return
    }
    var frames = [Float](repeating: 1, count: own.area)
    var certainty = tracked.certainty
    plan.removeAll()
    for row in 0..<own.height {
      for column in 0..<own.width {
        let at = row * own.width + column
        let vector = motion.vectors[at]
        let (x, y) = tracked.place(column, row)
        let before = plan.openWeight
        let count = plan.add(
          source: 1, x: Float(column) + vector.x, y: Float(row) + vector.y, confidence: vector.z,
          expected: motion.exposure(tracked.lightness.values[at], x: x, y: y),
          lightness: past.tracked.lightness, weights: past.weights, counts: past.frames)
        let weight = plan.openWeight - before
        plan.add(source: 0, position: at, weight: certainty[at])
        plan.close()
        certainty[at] = (weight + certainty[at]) / (count + 1)
        frames[at] = max(min(count + 1, limit), 1)
      }
    }
    estimate = plan.merged([own, past.estimate], certainty: certainty)
    self.frames = frames
    self.certainty = certainty
    weights = zip(frames, certainty).map { $0 * $1 }
  }

  /// The memory merged with the frames that follow, each reached by the motion from its
  /// predecessor. A frame k steps ahead weighs (limit / (limit + 1))ᵏ, as one k steps back does.
  func joined(
    with future: [(tracked: Tracked, motion: GridMotion)], limit: Float, plan: inout MergePlan
  ) -> CoarseEstimate {
    let (width, height) = (estimate.width, estimate.height)
    let decay = limit / (limit + 1)
    var certainty = certainty
    plan.removeAll()
    for row in 0..<height {
      for column in 0..<width {
        let at = row * width + column
        var (x, y) = (Float(column), Float(row))
        var confidence: Float = 1
        var expected = tracked.lightness.values[at]
        var count: Float = frames[at]
        plan.add(source: 0, position: at, weight: weights[at])
        for (index, step) in future.enumerated() {
          let place = tracked.place(column, row)
          let vector =
            index == 0 ? step.motion.vectors[at] : step.motion.sample(x: x, y: y)
          x += vector.x
          y += vector.y
          confidence *= vector.z * decay
          expected = step.motion.exposure(expected, x: place.x, y: place.y)
          let share = plan.add(
            source: index + 1, x: x, y: y, confidence: confidence, expected: expected,
            lightness: step.tracked.lightness, weights: step.tracked.certainty,
            counts: nil)
          if share == 0 { break }
          count += share
        }
        certainty[at] = plan.openWeight / count
        plan.close()
      }
    }
    return plan.merged([estimate] + future.map(\.tracked.estimate), certainty: certainty)
  }
}
