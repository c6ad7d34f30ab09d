internal import Imaging

/// A frame prepared for merging.
struct Tracked {
  let pyramid: MotionPyramid
  let lightness: GridLightness
  let estimate: CoarseEstimate
  /// The weight of each position of the estimate: the network's certainty, never quite 0.
  let certainty: FloatImage

  /// Certainty below this counts as this much, so that no weight vanishes.
  private static let leastCertainty: Float = 0.05

  init<Payload>(_ frame: TemporalFrame<Payload>) {
    let estimate = frame.estimate
    self.estimate = estimate
    pyramid = MotionPyramid(frame.lightness)
    lightness = GridLightness(pyramid, width: estimate.width, height: estimate.height)
    let map = estimate.certainty.channel(0)
    certainty = FloatImage(width: estimate.width, height: estimate.height) { out in
      for index in 0..<estimate.area {
        out[index] = map[index] > Self.leastCertainty ? map[index] : Self.leastCertainty
      }
    }
    withExtendedLifetime(estimate) {}
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
  /// Three values per position: how many frames it stands for, 1…limit; their mean certainty; and
  /// the product of both, its weight.
  private let state: FloatImage

  /// Merges a frame's own estimate with the memory of its predecessors, if there is one; `motion`
  /// leads from the frame to the memory's.
  init(
    _ tracked: Tracked, following past: Memory?, along motion: GridMotion?, limit: Float,
    plan: inout MergePlan
  ) {
    self.tracked = tracked
    let own = tracked.estimate
    let (width, height, area) = (own.width, own.height, own.area)
    let certainty = tracked.certainty.channel(0)
    guard let past, let motion else {
      estimate = own
      state = FloatImage(width: width, height: height, channels: 3) { out in
        out.update(repeating: 1, count: area)
        (out + area).update(from: certainty, count: area)
        (out + 2 * area).update(from: certainty, count: area)
      }
      return
    }
    let source = MergePlan.Source(
      index: 1, width: width, height: height, lightness: past.tracked.lightness.values.channel(0),
      weights: past.state.channel(2), counts: past.state.channel(0))
    let (vectors, exposure) = (motion.vectors, motion.exposure)
    let lightness = tracked.lightness.values.channel(0)
    plan.removeAll()
    state = FloatImage(width: width, height: height, channels: 3) { out in
      for row in 0..<height {
        for column in 0..<width {
          let at = row * width + column
          let vector = vectors.pointer[at]
          let (x, y) = tracked.place(column, row)
          let count = plan.add(
            source, x: Float(column) + vector.x, y: Float(row) + vector.y, confidence: vector.z,
            expected: exposure(lightness[at], x: x, y: y))
          plan.add(source: 0, position: at, weight: certainty[at])
          let frames = max(min(count + 1, limit), 1)
          let mean = plan.openWeight / (count + 1)
          out[at] = frames
          out[area + at] = mean
          out[2 * area + at] = frames * mean
          plan.close()
        }
      }
    }
    withExtendedLifetime((past, motion, tracked)) {}
    let means = state.channel(1)
    estimate = plan.merged(
      [own, past.estimate],
      certainty: FloatImage(width: width, height: height) { $0.update(from: means, count: area) })
  }

  /// The memory merged with the frames that follow, each reached by the motion from its
  /// predecessor. A frame k steps ahead weighs (limit / (limit + 1))ᵏ, as one k steps back does.
  func joined(
    with future: [(tracked: Tracked, motion: GridMotion)], limit: Float, plan: inout MergePlan
  ) -> CoarseEstimate {
    struct Step {
      let source: MergePlan.Source
      let vectors: GridMotion.Vectors
      let exposure: ExposureChange
    }
    let (width, height) = (estimate.width, estimate.height)
    let steps = future.enumerated().map { index, step in
      Step(
        source: MergePlan.Source(
          index: index + 1, width: width, height: height,
          lightness: step.tracked.lightness.values.channel(0),
          weights: step.tracked.certainty.channel(0), counts: nil),
        vectors: step.motion.vectors, exposure: step.motion.exposure)
    }
    let decay = limit / (limit + 1)
    let (frames, weights) = (state.channel(0), state.channel(2))
    let lightness = tracked.lightness.values.channel(0)
    plan.removeAll()
    let certainty = FloatImage(width: width, height: height) { out in
      for row in 0..<height {
        for column in 0..<width {
          let at = row * width + column
          let place = tracked.place(column, row)
          var (x, y) = (Float(column), Float(row))
          var confidence: Float = 1
          var expected = lightness[at]
          var count = frames[at]
          plan.add(source: 0, position: at, weight: weights[at])
          for step in steps {
            let vector = step.vectors.sample(x: x, y: y)
            x += vector.x
            y += vector.y
            confidence *= vector.z * decay
            expected = step.exposure(expected, x: place.x, y: place.y)
            let share = plan.add(
              step.source, x: x, y: y, confidence: confidence, expected: expected)
            if share == 0 { break }
            count += share
          }
          out[at] = plan.openWeight / count
          plan.close()
        }
      }
    }
    withExtendedLifetime((self, future)) {}
    return plan.merged([estimate] + future.map(\.tracked.estimate), certainty: certainty)
  }
}
