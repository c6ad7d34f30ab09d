internal import Imaging

/// Positions of a frame that the network did not see and that motion does not lead to: what came into
/// view since. They get the color of what lies around them and is as light.
struct Gaps {
  /// A position that is explained less than this counts as unknown.
  static let leastShare: Float = 0.02
  /// How far around a position is looked, in positions.
  private static let reach = 4
  /// A neighbour whose lightness is this far away, in L\*, counts half.
  private static let lightnessReach: Float = 8

  /// How far each position is explained, 0…1.
  private let shares: FloatImage

  init(shares: FloatImage) { self.shares = shares }

  /// The samples (a, b, L\*, weight) with the colors of unknown positions filled in; where nothing is
  /// known all around, they stay as they are.
  func filled(_ samples: SampleGrid) -> SampleGrid {
    let (from, shares) = (samples.pointer, self.shares.channel(0))
    let area = samples.width * samples.height
    return withExtendedLifetime((self, samples)) {
      SampleGrid(width: samples.width, height: samples.height) { out in
        out.update(from: from, count: area)
        for at in 0..<area where shares[at] < Self.leastShare {
          let color = color(at, in: from, width: samples.width, height: samples.height)
          out[at] = SIMD4(lowHalf: color, highHalf: SIMD2(from[at].z, 0))
        }
      }
    }
  }

  /// The mean over the neighbourhood, weighted by nearness, likeness of lightness and certainty.
  private func color(
    _ place: Int, in samples: UnsafePointer<SIMD4<Float>>, width: Int, height: Int
  ) -> SIMD2<Float> {
    let (row, column) = (place / width, place % width)
    let shares = self.shares.channel(0)
    var mean = ColorMean()
    for y in max(row - Self.reach, 0)...min(row + Self.reach, height - 1) {
      for x in max(column - Self.reach, 0)...min(column + Self.reach, width - 1) {
        let at = y * width + x
        guard shares[at] >= Self.leastShare else { continue }
        let off = (samples[at].z - samples[place].z) / Self.lightnessReach
        let far = Float((y - row) * (y - row) + (x - column) * (x - column))
        mean.add(samples[at], weight: samples[at].w / ((1 + far) * (1 + off * off * off * off)))
      }
    }
    return mean.weight > 0 ? mean.color : samples[place].lowHalf
  }
}
