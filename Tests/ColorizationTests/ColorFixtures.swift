import Colorization
import Foundation
import Imaging

/// Planes and pictures with known contents.
enum ColorFixtures {
  /// A plane of the given codes.
  static func plane(
    _ width: Int, _ height: Int, bitDepth: Int = 8, code: (Int, Int) -> Int
  ) -> Plane {
    Plane(width: width, height: height, bitDepth: bitDepth) { base, bytesPerRow in
      for y in 0..<height {
        for x in 0..<width {
          let at = base + y * bytesPerRow
          if bitDepth > 8 {
            at.storeBytes(of: UInt16(code(x, y)), toByteOffset: 2 * x, as: UInt16.self)
          } else {
            at.storeBytes(of: UInt8(code(x, y)), toByteOffset: x, as: UInt8.self)
          }
        }
      }
    }
  }

  static func gray(
    _ width: Int, _ height: Int, bitDepth: Int = 8, color: ColorDescription = ColorDescription(),
    code: (Int, Int) -> Int
  ) -> Picture {
    Picture(
      width: width, height: height, format: .gray(bitDepth), color: color,
      planes: [plane(width, height, bitDepth: bitDepth, code: code)])
  }

  /// a and b everywhere the same.
  static func flat(a: Float, b: Float, width: Int = 3, height: Int = 2) -> FloatImage {
    FloatImage(width: width, height: height, channels: 2) { out in
      for index in 0..<width * height {
        out[index] = a
        out[width * height + index] = b
      }
    }
  }

  /// The color at a place of an output picture, decoded in double precision; chroma is taken from the
  /// sample that covers the place.
  static func lab(_ picture: Picture, x: Int, y: Int) throws -> SIMD3<Double> {
    let model = try ColorModel(picture.color)
    let scale = CodeScale(bitDepth: picture.format.bitDepth, range: picture.color.range)
    if picture.format.model == .rgb {
      let codes = (0..<3).map { scale.luma(Double(picture.planes[$0][x, y])) }
      return model.lab(rgb: SIMD3(codes[0], codes[1], codes[2]))
    }
    let (u, v) = (x >> picture.format.chromaShiftX, y >> picture.format.chromaShiftY)
    return model.lab(
      luma: scale.luma(Double(picture.planes[0][x, y])),
      cb: scale.chroma(Double(picture.planes[1][u, v])),
      cr: scale.chroma(Double(picture.planes[2][u, v])))
  }
}
