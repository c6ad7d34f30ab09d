import CFFmpeg
import Foundation
import Imaging

/// Makes R′G′B′ of the X′Y′Z′ that digital cinema packages hold (SMPTE ST 428-1: 12 bits, exponent
/// 2.6). White is that of sRGB and code 4095 stands for 1, as in FFmpeg; what lies outside of the
/// primaries is clipped. libswscale does the same with 12-bit tables, which are black up to code
/// 100 or so.
enum CinemaXYZ {
  /// What the codes that come out mean.
  static let color = ColorDescription(
    primaries: .bt709, transfer: .gamma22, matrix: .identity, range: .full)

  /// Linear light of each 12-bit code.
  private static let linear = (0..<4096).map { Float(pow(Double($0) / 4095, 2.6)) }

  /// Linear sRGB of CIE XYZ (IEC 61966-2-1), by rows.
  private static let matrix: [Float] = [
    3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570,
  ]

  /// 16-bit codes by the square root of linear light.
  private static let encoded = (0..<65536).map {
    UInt16((pow(Double($0) / 65535, 2 / 2.2) * 65535).rounded())
  }

  /// Turns a row of 12-bit X′, Y′ and Z′ into 16-bit R′, G′ and B′ in place.
  static func convert(
    _ x: UnsafeMutablePointer<UInt16>, _ y: UnsafeMutablePointer<UInt16>,
    _ z: UnsafeMutablePointer<UInt16>, width: Int
  ) {
    ac_map_colors(x, y, z, Int32(width), linear, matrix, encoded)
  }
}
