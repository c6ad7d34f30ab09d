/// Y′ = red·R′ + green·G′ + blue·B′ (ITU-T H.273 §8.3); the weights add up to 1.
///
/// Cb = (B′ − Y′) ÷ 2(1 − blue) and Cr = (R′ − Y′) ÷ 2(1 − red), in −½…½.
package struct LumaWeights: Hashable, Sendable {
  package let red: Double
  package let blue: Double
  package var green: Double { 1 - red - blue }

  /// Those of ITU-R BT.601, of SMPTE 170M too.
  package static let bt601 = LumaWeights(red: 0.299, blue: 0.114)

  private init(red: Double, blue: Double) {
    self.red = red
    self.blue = blue
  }

  /// The weights of a Y′CbCr matrix; `.unspecified` counts as BT.709.
  package init(_ matrix: MatrixCoefficients) throws(ImagingError) {
    switch matrix.rawValue {
    case 1, 2: self.init(red: 0.2126, blue: 0.0722)
    case 4: self.init(red: 0.30, blue: 0.11)
    case 5, 6: self = .bt601
    case 7: self.init(red: 0.212, blue: 0.087)
    case 9: self.init(red: 0.2627, blue: 0.0593)
    default: throw .unsupportedMatrix(matrix.rawValue)
    }
  }

  /// The weights that R′G′B′ with the given primaries make luma with: those of the video standard with
  /// these primaries, BT.709 for any other.
  package init(forRGBWith primaries: ColorPrimaries) {
    switch MatrixCoefficients(forRGBWith: primaries) {
    case .smpte170M: self = .bt601
    case .bt2020NonConstant: self.init(red: 0.2627, blue: 0.0593)
    default: self.init(red: 0.2126, blue: 0.0722)
    }
  }

  /// R′ − Y′ per unit of Cr.
  package var redPerCr: Double { 2 * (1 - red) }
  /// B′ − Y′ per unit of Cb.
  package var bluePerCb: Double { 2 * (1 - blue) }
  /// G′ − Y′ per unit of Cb.
  package var greenPerCb: Double { -bluePerCb * blue / green }
  /// G′ − Y′ per unit of Cr.
  package var greenPerCr: Double { -redPerCr * red / green }

  /// Y′ of R′, G′, B′.
  package func luma(_ rgb: SIMD3<Double>) -> Double {
    red * rgb.x + green * rgb.y + blue * rgb.z
  }

  /// R′, G′, B′ of Y′, Cb, Cr.
  package func rgb(luma: Double, cb: Double, cr: Double) -> SIMD3<Double> {
    SIMD3(
      luma + redPerCr * cr, luma + greenPerCb * cb + greenPerCr * cr, luma + bluePerCb * cb)
  }

  /// Cb and Cr of R′, G′, B′.
  package func chroma(_ rgb: SIMD3<Double>) -> (cb: Double, cr: Double) {
    let y = luma(rgb)
    return ((rgb.z - y) / bluePerCb, (rgb.x - y) / redPerCr)
  }
}

extension MatrixCoefficients {
  /// The matrix of the video standard with the given primaries, BT.709 for any other: what luma of an
  /// R′G′B′ picture is made with.
  package init(forRGBWith primaries: ColorPrimaries) {
    switch primaries.rawValue {
    case 5, 6, 7: self = .smpte170M
    case 9: self = .bt2020NonConstant
    default: self = .bt709
    }
  }
}
