internal import Imaging

/// A key frame's estimate, brought along the motion to a frame that the network did not see.
struct CarriedEstimate: Codable {
  /// a, b, L\* of the frame, and the weight of each position: the network's certainty × its share.
  let samples: SampleGrid
  /// How far each position is explained: the least confidence on the way, 0…1.
  let shares: FloatImage

  /// At the key frame itself.
  init(at key: Tracked) {
    samples = key.samples
    shares = FloatImage(width: key.width, height: key.height) { out in
      out.update(repeating: 1, count: key.width * key.height)
    }
  }

  private init(samples: SampleGrid, shares: FloatImage) {
    self.samples = samples
    self.shares = shares
  }

  /// At the next frame; `motion` leads from there to where the estimate is.
  func carried(to frame: Tracked, along motion: GridMotion) -> CarriedEstimate {
    let reach = Reach(samples, counts: shares, along: motion)
    let own = frame.samples.pointer
    return Self.make(width: frame.width, height: frame.height) { samples, shares in
      for row in 0..<frame.height {
        for column in 0..<frame.width {
          let at = row * frame.width + column
          var mean = ColorMean()
          let found = reach.fetch(into: &mean, column, row, lightness: own[at].z)
          let share = min(found, reach.confidence(column, row))
          shares[at] = share
          let weight = found > 0 ? share * mean.weight / found : 0
          samples[at] = SIMD4(lowHalf: mean.color, highHalf: SIMD2(own[at].z, weight))
        }
      }
      withExtendedLifetime((self, frame, motion)) {}
    }
  }

  /// A mean of this one and another at the same frame, of which `part` is the other's where both are
  /// explained alike. Where neither is, the colors come from what lies around.
  func blended(with other: CarriedEstimate, part: Float) -> CarriedEstimate {
    let (mine, others) = (samples.pointer, other.samples.pointer)
    let (myShares, otherShares) = (shares.channel(0), other.shares.channel(0))
    return Self.make(width: samples.width, height: samples.height) { samples, shares in
      for at in 0..<self.shares.area {
        var mean = ColorMean()
        mean.add(mine[at], weight: (1 - part) * mine[at].w)
        mean.add(others[at], weight: part * others[at].w)
        let sum = (1 - part) * myShares[at] + part * otherShares[at]
        let share = max(myShares[at], otherShares[at])
        let weight = sum > 0 ? share * mean.weight / sum : 0
        shares[at] = share
        samples[at] = SIMD4(lowHalf: mean.color, highHalf: SIMD2(mine[at].z, weight))
      }
      withExtendedLifetime((self, other)) {}
    }
  }

  /// The estimate for the frame, as if the network had seen it.
  func estimate() -> CoarseEstimate {
    let filled = Gaps(shares: shares).filled(samples)
    let (samples, shares) = (filled.pointer, shares.channel(0))
    return CoarseEstimate(width: filled.width, height: filled.height) { a, b, certainty in
      for at in 0..<self.shares.area {
        a[at] = samples[at].x
        b[at] = samples[at].y
        certainty[at] = shares[at] > Gaps.leastShare ? samples[at].w / shares[at] : 0
      }
      withExtendedLifetime((self, filled)) {}
    }
  }

  private static func make(
    width: Int, height: Int,
    _ write: (UnsafeMutablePointer<SIMD4<Float>>, UnsafeMutablePointer<Float>) -> Void
  ) -> CarriedEstimate {
    var shares: FloatImage?
    let samples = SampleGrid(width: width, height: height) { samples in
      shares = FloatImage(width: width, height: height) { write(samples, $0) }
    }
    return CarriedEstimate(
      samples: samples, shares: shares ?? FloatImage(width: width, height: height) { _ in })
  }
}
