import Foundation
package import Imaging

/// Colors a frame as a reference picture without any network (Welsh, Ashikhmin, Mueller 2002, *Transferring color
/// to greyscale images*): each sample takes the color of the reference's sample that has the most similar
/// luma and deviation of luma around it.
package struct LumaMatcher: Sendable {
  /// Samples of the reference: one from each cell of a jittered grid (§2).
  package var sampleCount = 200
  /// Samples of each swatch (§3).
  package var swatchSampleCount = 50
  /// Side of the window of the deviation.
  private static let window = 5

  /// The numbers of the paper.
  package init() {}

  /// The field of a reference, β = 1 everywhere.
  ///
  /// With pairs of swatches, a sample in a pair's part of the target is matched with its part of the reference
  /// alone, all others with the parts of all pairs.
  ///
  /// - Parameter lightness: L\*, 0…100, of the frame, at the working size of `geometry`.
  /// - Throws: `ColorizationError.unexpectedSize` if it is of another size.
  package func field(
    lightness: FloatImage, geometry: WorkingGeometry, reference: ReferencePicture,
    swatches: [SwatchPair] = []
  ) throws(ColorizationError) -> GuidanceField {
    try lightness.check("the lightness", 1, geometry.workingWidth, geometry.workingHeight)
    let known = Texture(reference.lightness, like: nil, window: Self.window)
    let target = Texture(lightness, like: known, window: Self.window)
    // The same samples for each frame, or colors would flicker.
    var random = SplitMix(state: 0)
    let candidates = swatches.map { pair in
      samples(
        of: reference, texture: known, in: pair.reference, count: swatchSampleCount, &random)
    }
    let all =
      swatches.isEmpty
      ? samples(of: reference, texture: known, in: nil, count: sampleCount, &random)
      : candidates.flatMap { $0 }
    var owner = [Int](repeating: -1, count: lightness.area)
    for (index, pair) in swatches.enumerated() {
      for place in pair.target.places(width: lightness.width, height: lightness.height) {
        owner[place] = index
      }
    }
    let colors = FloatImage(width: lightness.width, height: lightness.height, channels: 2) { out in
      for place in 0..<lightness.area {
        let among = owner[place] >= 0 ? candidates[owner[place]] : all
        var (best, color) = (Float.infinity, SIMD2<Float>())
        for sample in among {
          let (light, deviation) = (
            target.luma[place] - sample.luma, target.deviation[place] - sample.deviation
          )
          let distance = 0.5 * light * light + 0.5 * deviation * deviation
          if distance < best { (best, color) = (distance, sample.color) }
        }
        (out[place], out[lightness.area + place]) = (color.x, color.y)
      }
    }
    let grid = colors.blockMeans(geometry.scale)
    return GuidanceField(
      ab: grid,
      weight: FloatImage(width: grid.width, height: grid.height) {
        $0.update(repeating: 1, count: grid.area)
      })
  }

  private struct Sample {
    var luma: Float
    var deviation: Float
    var color: SIMD2<Float>
  }

  private func samples(
    of reference: ReferencePicture, texture: Texture, in part: SwatchPair.Rectangle?, count: Int,
    _ random: inout SplitMix
  ) -> [Sample] {
    let (width, height) = (reference.lightness.width, reference.lightness.height)
    let left = (part?.left ?? 0) * Double(width)
    let top = (part?.top ?? 0) * Double(height)
    let across = (part?.right ?? 1) * Double(width) - left
    let down = (part?.bottom ?? 1) * Double(height) - top
    let columns = max(1, Int((Double(count) * across / down).squareRoot().rounded()))
    let rows = max(1, Int((Double(count) / Double(columns)).rounded()))
    var found: [Sample] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let x = left + (Double(column) + random.unit()) / Double(columns) * across
        let y = top + (Double(row) + random.unit()) / Double(rows) * down
        let (atX, atY) = (min(Int(x), width - 1), min(Int(y), height - 1))
        let gridX = min(atX / reference.scale, reference.ab.width - 1)
        let gridY = min(atY / reference.scale, reference.ab.height - 1)
        found.append(
          Sample(
            luma: texture.luma[atY * width + atX], deviation: texture.deviation[atY * width + atX],
            color: SIMD2(reference.ab[0, gridX, gridY], reference.ab[1, gridX, gridY])))
      }
    }
    return found
  }

  /// Random numbers that are the same each time (SplitMix64).
  private struct SplitMix {
    var state: UInt64

    /// 0 ≤ … < 1.
    mutating func unit() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
    }
  }

  /// Luma and its standard deviation around each sample; windows end at the borders.
  private struct Texture {
    let luma: [Float]
    let deviation: [Float]
    private let mean: Double
    private let spread: Double

    /// - Parameter other: what the mean and the deviation of the whole picture are brought to (§2).
    init(_ lightness: FloatImage, like other: Texture?, window: Int) {
      let (width, height) = (lightness.width, lightness.height)
      let plain = (0..<lightness.area).map { place in
        let value = lightness.channel(0)[place]
        return value.isFinite ? value : 0
      }
      withExtendedLifetime(lightness) {}
      (mean, spread) = Self.moments(plain.map(Double.init))
      if let other {
        let factor = spread > 1e-6 ? other.spread / spread : 1
        let (from, to) = (mean, other.mean)
        luma = plain.map { Float((Double($0) - from) * factor + to) }
      } else {
        luma = plain
      }
      let (luma, reach) = (luma, window / 2)
      deviation = (0..<width * height).map { place in
        let (x, y) = (place % width, place / width)
        var values: [Double] = []
        for row in max(y - reach, 0)...min(y + reach, height - 1) {
          for column in max(x - reach, 0)...min(x + reach, width - 1) {
            values.append(Double(luma[row * width + column]))
          }
        }
        return Float(Self.moments(values).spread)
      }
    }

    private static func moments(_ values: [Double]) -> (mean: Double, spread: Double) {
      let mean = values.reduce(0, +) / Double(max(values.count, 1))
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, (square / Double(max(values.count, 1))).squareRoot())
    }
  }
}
