internal import Imaging

/// A frame prepared for merging.
struct Tracked: Codable {
  let pyramid: MotionPyramid
  /// a, b, L\* and the weight of each position, which is the network's certainty, never quite 0.
  let samples: SampleGrid

  /// Certainty below this counts as this much, so that no weight vanishes.
  static let leastCertainty: Float = 0.05

  init(_ estimate: CoarseEstimate, pyramid: MotionPyramid) {
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
}

/// The motion between a frame and the one after it, on the grid of their estimates.
struct Link {
  let forward: GridMotion
  let backward: GridMotion

  init(from first: Tracked, to second: Tracked) {
    self.init(
      before: MotionEstimator().motion(from: first.pyramid, to: second.pyramid), of: second)
  }

  /// Of motion that is known: between the frame before `second`, which has its size, and `second`.
  init(before motion: MotionEstimator.Pair, of second: Tracked) {
    let (pyramid, width, height) = (second.pyramid, second.width, second.height)
    forward = GridMotion(motion.forward, of: pyramid, width: width, height: height)
    backward = GridMotion(motion.backward, of: pyramid, width: width, height: height)
  }
}
