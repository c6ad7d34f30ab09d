import Foundation

/// CIE 1976 L\*a\*b\* (CIE 15, ISO 11664-4), relative to white. L\* is 0…100 for colors between black
/// and white; the formulas extend beyond both.
package enum Lab {
  private static let delta = 6.0 / 29

  /// The cube root with its linear foot.
  static func f(_ t: Double) -> Double {
    t > delta * delta * delta ? cbrt(t) : t / (3 * delta * delta) + 4.0 / 29
  }

  /// The inverse of `f`.
  static func inverseF(_ v: Double) -> Double {
    v > delta ? v * v * v : 3 * delta * delta * (v - 4.0 / 29)
  }

  /// L\* of relative luminance.
  package static func lightness(luminance: Double) -> Double { 116 * f(luminance) - 16 }

  /// Relative luminance of L\*.
  package static func luminance(lightness: Double) -> Double { inverseF((lightness + 16) / 116) }

  /// (L\*, a\*, b\*) of X/Xn, Y/Yn, Z/Zn.
  package static func lab(relativeXYZ xyz: SIMD3<Double>) -> SIMD3<Double> {
    let (fx, fy, fz) = (f(xyz.x), f(xyz.y), f(xyz.z))
    return SIMD3(116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))
  }

  /// X/Xn, Y/Yn, Z/Zn of (L\*, a\*, b\*).
  package static func relativeXYZ(lab: SIMD3<Double>) -> SIMD3<Double> {
    let fy = (lab.x + 16) / 116
    return SIMD3(inverseF(fy + lab.y / 500), inverseF(fy), inverseF(fy - lab.z / 200))
  }
}
