internal import CKernels
internal import Imaging

/// By the image that it was made of.
extension MotionPyramid: Codable {
  package convenience init(from decoder: any Decoder) throws {
    self.init(try FloatImage(from: decoder))
  }

  package func encode(to encoder: any Encoder) throws {
    try FloatImage(width: width, height: height) { out in
      guard let whole = levels.first, width > 0 else { return }
      for row in 0..<height {
        (out + row * width).update(from: whole.origin + row * whole.stride, count: width)
      }
      withExtendedLifetime(self) {}
    }.encode(to: encoder)
  }
}
