import Colorization
import Imaging
import Quality

extension FlowField {
  /// The motion of a small image at the size of the picture that it was made from: bilinear between the
  /// centers of the cells.
  /// - Parameters:
  ///   - motion: vectors in pixels of the small image, one for 4 × 4 of them.
  ///   - image: the small image.
  ///   - width: of the picture.
  ///   - height: of the picture.
  init(_ motion: MotionField, of image: MotionPyramid, width: Int, height: Int) {
    let (columns, rows) = (motion.width, motion.height)
    let scale = SIMD2(
      Float(width) / Float(max(image.width, 1)), Float(height) / Float(max(image.height, 1)))
    func neighbours(_ count: Int, cells: Int, scale: Float) -> [(Int, Int, Float)] {
      (0..<count).map { pixel in
        let at = min(max((Float(pixel) + 0.5) / scale / 4 - 0.5, 0), Float(cells - 1))
        return (Int(at), min(Int(at) + 1, cells - 1), at - Float(Int(at)))
      }
    }
    let across = neighbours(width, cells: columns, scale: scale.x)
    let down = neighbours(height, cells: rows, scale: scale.y)
    let values = withExtendedLifetime(motion) {
      let (x, y) = (motion.values.channel(0), motion.values.channel(1))
      return [SIMD2<Float>](unsafeUninitializedCapacity: width * height) { out, count in
        for row in 0..<height {
          let (top, bottom, v) = down[row]
          for column in 0..<width {
            let (left, right, u) = across[column]
            func between(_ row: Int) -> SIMD2<Float> {
              let first = SIMD2(x[row * columns + left], y[row * columns + left])
              let second = SIMD2(x[row * columns + right], y[row * columns + right])
              return first + u * (second - first)
            }
            let upper = between(top)
            out[row * width + column] = scale * (upper + v * (between(bottom) - upper))
          }
        }
        count = width * height
      }
    }
    self.init(width: width, height: height, values: values)
  }
}
