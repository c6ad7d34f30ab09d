import Foundation
package import Imaging

/// L\*, a\*, b\* of each pixel of an 8-bit picture.
package struct LabImage: Sendable {
  /// In pixels.
  package let width: Int
  /// In pixels.
  package let height: Int
  /// `height` × `width` × (L\* 0…100, a\*, b\*).
  package let values: [SIMD3<Float>]

  /// Wraps values.
  ///
  /// - Precondition: `values` holds `height * width` colors.
  package init(width: Int, height: Int, values: [SIMD3<Float>]) {
    precondition(values.count == width * height, "\(values.count) are no \(width)×\(height) colors")
    self.width = width
    self.height = height
    self.values = values
  }

  /// - Parameters:
  ///   - image: the picture.
  ///   - transfer: what its code values mean; sRGB for photographs.
  ///   - primaries: what its code values mean; BT.709, which are sRGB's, for photographs.
  package init(_ image: RGBImage, transfer: TransferFunction, primaries: RGBPrimaries) {
    let linear = (0...255).map { transfer.linear(Double($0) / 255) }
    let values = [SIMD3<Float>](unsafeUninitializedCapacity: image.width * image.height) {
      values, count in
      image.codes.withUnsafeBufferPointer { codes in
        linear.withUnsafeBufferPointer { linear in
          for index in 0..<image.width * image.height {
            let rgb = SIMD3(
              linear[Int(codes[3 * index])], linear[Int(codes[3 * index + 1])],
              linear[Int(codes[3 * index + 2])])
            values[index] = SIMD3(Lab.lab(relativeXYZ: primaries.relativeXYZ(rgb)))
          }
        }
      }
      count = image.width * image.height
    }
    self.init(width: image.width, height: image.height, values: values)
  }
}
