import Quality

/// Whether a picture has colors, or is gray that was toned or tinted: then all that is equally light has
/// one color, be it sepia, blue, or one for the shadows and another for the lights.
struct PictureTint: Sendable {
  /// Mean distance of a\*b\* from what equally light pixels have, root mean square, in Lab units.
  let spread: Double
  /// Mean a\*b\* of the picture.
  let mean: SIMD2<Double>

  /// What rounding and lossy encoders make of one color stays below this, in Lab units.
  private static let leastSpread = 3.0
  private static let bandCount = 50

  init(_ image: LabImage) {
    struct Band {
      var count = 0.0
      var sum = SIMD2<Double>.zero
      var squares = 0.0
    }
    var bands = [Band](repeating: Band(), count: Self.bandCount)
    for value in image.values {
      let color = SIMD2(Double(value.y), Double(value.z))
      let index = max(0, min(Self.bandCount - 1, Int(value.x / 100 * Float(Self.bandCount))))
      bands[index].count += 1
      bands[index].sum += color
      bands[index].squares += (color * color).sum()
    }
    let count = max(1, bands.reduce(0) { $0 + $1.count })
    let within = bands.reduce(0.0) { sum, band in
      band.count > 0 ? sum + band.squares - (band.sum * band.sum).sum() / band.count : sum
    }
    spread = (max(0, within) / count).squareRoot()
    mean = bands.reduce(SIMD2<Double>.zero) { $0 + $1.sum } / count
  }

  /// Whether there is more than one color at one lightness.
  var hasColors: Bool { spread >= Self.leastSpread }
}
