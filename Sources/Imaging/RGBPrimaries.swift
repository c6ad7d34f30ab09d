/// The matrices between linear R, G, B and CIE 1931 X, Y, Z *relative to their white*, (1, 1, 1): with
/// 2° observer and the white of the primaries themselves (D65 for all of video and sRGB; others are
/// adapted by scaling X, Y, Z, as CIELAB does).
package struct RGBPrimaries: Hashable, Sendable {
  /// Gives X/Xn, Y/Yn, Z/Zn of R, G, B.
  let toRelativeXYZ: Matrix3
  let fromRelativeXYZ: Matrix3

  /// Those of ITU-R BT.709 and sRGB, with white D65.
  static let bt709 = RGBPrimaries(
    (0.640, 0.330), (0.300, 0.600), (0.150, 0.060), white: (0.3127, 0.3290))

  /// - Parameter tag: `.unspecified` counts as BT.709.
  package init(_ tag: ColorPrimaries) throws(ImagingError) {
    let d65 = (0.3127, 0.3290)
    let c = (0.310, 0.316)
    switch tag.rawValue {
    case 1, 2: self = .bt709
    case 4: self.init((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), white: c)
    case 5: self.init((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), white: d65)
    case 6, 7: self.init((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), white: d65)
    case 8: self.init((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), white: c)
    case 9: self.init((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), white: d65)
    case 11: self.init((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), white: (0.314, 0.351))
    case 12: self.init((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), white: d65)
    case 22: self.init((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), white: d65)
    default: throw .unsupportedPrimaries(tag.rawValue)
    }
  }

  /// From chromaticities x, y, as in SMPTE RP 177.
  private init(
    _ red: (Double, Double), _ green: (Double, Double), _ blue: (Double, Double),
    white: (Double, Double)
  ) {
    func xyz(_ c: (Double, Double)) -> SIMD3<Double> {
      SIMD3(c.0 / c.1, 1, (1 - c.0 - c.1) / c.1)
    }
    let whitePoint = xyz(white)
    let columns = [xyz(red) / whitePoint, xyz(green) / whitePoint, xyz(blue) / whitePoint]
    let unscaled = Matrix3(
      SIMD3(columns[0].x, columns[1].x, columns[2].x),
      SIMD3(columns[0].y, columns[1].y, columns[2].y),
      SIMD3(columns[0].z, columns[1].z, columns[2].z))
    let strengths = unscaled.inverse * SIMD3(1, 1, 1)
    toRelativeXYZ = Matrix3(
      unscaled.row0 * strengths, unscaled.row1 * strengths, unscaled.row2 * strengths)
    fromRelativeXYZ = toRelativeXYZ.inverse
  }

  /// X/Xn, Y/Yn, Z/Zn of linear R, G, B.
  package func relativeXYZ(_ rgb: SIMD3<Double>) -> SIMD3<Double> { toRelativeXYZ * rgb }

  /// Linear R, G, B of X/Xn, Y/Yn, Z/Zn.
  package func linearRGB(_ xyz: SIMD3<Double>) -> SIMD3<Double> { fromRelativeXYZ * xyz }
}

/// A 3 × 3 matrix by rows.
struct Matrix3: Hashable, Sendable {
  let row0: SIMD3<Double>
  let row1: SIMD3<Double>
  let row2: SIMD3<Double>

  init(_ row0: SIMD3<Double>, _ row1: SIMD3<Double>, _ row2: SIMD3<Double>) {
    self.row0 = row0
    self.row1 = row1
    self.row2 = row2
  }

  static func * (matrix: Matrix3, vector: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(
      (matrix.row0 * vector).sum(), (matrix.row1 * vector).sum(), (matrix.row2 * vector).sum())
  }

  var inverse: Matrix3 {
    func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
    }
    let (x, y, z) = (cross(row1, row2), cross(row2, row0), cross(row0, row1))
    let determinant = (row0 * x).sum()
    return Matrix3(
      SIMD3(x.x, y.x, z.x) / determinant, SIMD3(x.y, y.y, z.y) / determinant,
      SIMD3(x.z, y.z, z.z) / determinant)
  }
}
