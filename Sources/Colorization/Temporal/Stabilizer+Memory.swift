internal import Imaging

/// A frame prepared for merging.
struct Tracked {
  let pyramid: MotionPyramid
  /// a, b, L\* and the weight of each position, which is the network's certainty, never quite 0.
  let samples: SampleGrid

  /// Certainty below this counts as this much, so that no weight vanishes.
  private static let leastCertainty: Float = 0.05

  init<Payload>(_ frame: TemporalFrame<Payload>) {
    let estimate = frame.estimate
    let pyramid = MotionPyramid(frame.lightness)
    let lightness = GridLightness(pyramid, width: estimate.width, height: estimate.height)
    let (a, b) = (estimate.ab.channel(0), estimate.ab.channel(1))
    let (l, certainty) = (lightness.values.channel(0), estimate.certainty.channel(0))
    samples = SampleGrid(width: estimate.width, height: estimate.height) { out in
      for at in 0..<estimate.area {
        // So written, a certainty that is no number counts as the least.
        let weight = certainty[at] > Self.leastCertainty ? certainty[at] : Self.leastCertainty
        out[at] = SIMD4(a[at], b[at], l[at], weight)
      }
    }
    self.pyramid = pyramid
    withExtendedLifetime((estimate, lightness)) {}
  }

  var width: Int { samples.width }
  var height: Int { samples.height }

  /// The coordinates −1…1 of a position.
  @inline(__always)
  func place(_ column: Int, _ row: Int) -> (x: Float, y: Float) {
    (2 * (Float(column) + 0.5) / Float(width) - 1, 2 * (Float(row) + 0.5) / Float(height) - 1)
  }
}

/// The motion between a frame and the one after it, on the grid of their estimates.
struct Link {
  let forward: GridMotion
  let backward: GridMotion

  init(from first: Tracked, to second: Tracked) {
    let pair = MotionEstimator().motion(from: first.pyramid, to: second.pyramid)
    let (width, height) = (first.width, first.height)
    forward = GridMotion(pair.forward, of: first.pyramid, width: width, height: height)
    backward = GridMotion(pair.backward, of: second.pyramid, width: width, height: height)
  }
}

/// The running mean of a shot up to a frame, or from its last frame back to a frame, where that frame's
/// content lies.
struct Memory {
  let tracked: Tracked
  /// a and b of the mean, L\* of the frame, and the weight: how many frames it stands for, times
  /// their mean certainty.
  private let samples: SampleGrid
  /// How many frames each position stands for, 1…limit.
  private let counts: FloatImage

  /// Merges a frame's own estimate with the memory of the frames on one side of it, if there is one;
  /// `motion` leads from the frame to the memory's.
  init(_ tracked: Tracked, after past: Memory?, along motion: GridMotion?, limit: Float) {
    self.tracked = tracked
    let (width, height) = (tracked.width, tracked.height)
    guard let past, let motion else {
      samples = tracked.samples
      counts = FloatImage(width: width, height: height) { out in
        out.update(repeating: 1, count: width * height)
      }
      return
    }
    let reach = Reach(past, along: motion)
    let own = tracked.samples.pointer
    var merged: SampleGrid?
    counts = FloatImage(width: width, height: height) { counts in
      merged = SampleGrid(width: width, height: height) { out in
        for row in 0..<height {
          for column in 0..<width {
            let at = row * width + column
            var mean = ColorMean()
            let found = reach.fetch(into: &mean, for: tracked, column, row, lightness: own[at].z)
            mean.add(own[at], weight: own[at].w)
            let count = max(min(found + 1, limit), 1)
            counts[at] = count
            out[at] = SIMD4(
              lowHalf: mean.color, highHalf: SIMD2(own[at].z, count * mean.weight / (found + 1)))
          }
        }
      }
    }
    samples = merged ?? tracked.samples
    withExtendedLifetime((past, motion, tracked)) {}
  }

  /// The mean itself.
  var estimate: CoarseEstimate { merged { _, _, _ in 0 } }

  /// The mean of the shot up to this frame and of the shot from the next one on; `motion` leads to
  /// that.
  func joined(with next: Memory, along motion: GridMotion) -> CoarseEstimate {
    let reach = Reach(next, along: motion)
    let (own, width) = (samples.pointer, tracked.width)
    return withExtendedLifetime((next, motion)) {
      merged { mean, column, row in
        reach.fetch(
          into: &mean, for: tracked, column, row, lightness: own[row * width + column].z)
      }
    }
  }

  /// The mean with what `more` adds to each position, of which it returns the number of frames.
  @inline(__always)
  private func merged(
    with more: (_ mean: inout ColorMean, _ column: Int, _ row: Int) -> Float
  ) -> CoarseEstimate {
    let (width, height) = (tracked.width, tracked.height)
    let (own, counts) = (samples.pointer, self.counts.channel(0))
    return withExtendedLifetime(self) {
      CoarseEstimate(width: width, height: height) { a, b, certainty in
        for row in 0..<height {
          for column in 0..<width {
            let at = row * width + column
            var mean = ColorMean()
            mean.add(own[at], weight: own[at].w)
            let count = counts[at] + more(&mean, column, row)
            a[at] = mean.color.x
            b[at] = mean.color.y
            certainty[at] = mean.weight / count
          }
        }
      }
    }
  }

  /// Another memory and the motion that leads to it: what a position can fetch there. Plain pointers:
  /// whoever makes one keeps both alive.
  private struct Reach {
    private let source: ColorMean.Source
    private let vectors: GridMotion.Vectors
    private let exposure: ExposureChange
    private let leastConfidence: Float

    init(_ memory: Memory, along motion: GridMotion) {
      source = ColorMean.Source(
        width: memory.tracked.width, height: memory.tracked.height,
        samples: memory.samples.pointer, counts: memory.counts.channel(0))
      vectors = motion.vectors
      exposure = motion.exposure
      leastConfidence = motion.leastConfidence
    }

    /// Adds what is found for a position of `tracked`; returns how many frames that stands for.
    @inline(__always)
    func fetch(
      into mean: inout ColorMean, for tracked: Tracked, _ column: Int, _ row: Int,
      lightness: Float
    ) -> Float {
      let vector = vectors.pointer[row * source.width + column]
      let (x, y) = tracked.place(column, row)
      return mean.fetch(
        source, x: Float(column) + vector.x, y: Float(row) + vector.y,
        confidence: max(vector.z, leastConfidence), expected: exposure(lightness, x: x, y: y))
    }
  }
}
