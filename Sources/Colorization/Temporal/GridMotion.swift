internal import CKernels
internal import Imaging

/// The small lightness image as the estimate's grid sees it: one mean per position.
struct GridLightness {
  let width: Int
  let height: Int
  /// L\*, row by row.
  let values: [Float]

  /// The pyramid's third level holds the means of the cells; another grid samples it bilinearly.
  init(_ pyramid: MotionPyramid, width: Int, height: Int) {
    self.width = width
    self.height = height
    let level = min(2, pyramid.levels.count - 1)
    let plane = pyramid.levels[level]
    let (planeWidth, planeHeight) = (Int(plane.width), Int(plane.height))
    let scaleX = Float(planeWidth) / Float(width)
    let scaleY = Float(planeHeight) / Float(height)
    values = withExtendedLifetime(pyramid) {
      [Float](unsafeUninitializedCapacity: width * height) { out, count in
        for y in 0..<height {
          let fy = min(max((Float(y) + 0.5) * scaleY - 0.5, 0), Float(planeHeight - 1))
          let y0 = Int(fy)
          let above = plane.origin + y0 * plane.stride
          // The border makes the row and column past the last one readable.
          let below = above + plane.stride
          let v = fy - Float(y0)
          for x in 0..<width {
            let fx = min(max((Float(x) + 0.5) * scaleX - 0.5, 0), Float(planeWidth - 1))
            let x0 = Int(fx)
            let u = fx - Float(x0)
            let top = above[x0] + u * (above[x0 + 1] - above[x0])
            let bottom = below[x0] + u * (below[x0 + 1] - below[x0])
            out[y * width + x] = top + v * (bottom - top)
          }
        }
        count = width * height
      }
    }
  }
}

/// A motion field as the estimate's grid sees it: vectors in positions of that grid.
struct GridMotion {
  let width: Int
  let height: Int
  /// x, y, confidence of each position.
  let vectors: [SIMD4<Float>]
  let exposure: ExposureChange

  /// - Parameters:
  ///   - field: Vectors in pixels of the small image.
  ///   - pyramid: The small image that they belong to.
  init(_ field: MotionField, of pyramid: MotionPyramid, width: Int, height: Int) {
    self.width = width
    self.height = height
    exposure = field.exposure
    let perPixel = SIMD4<Float>(
      Float(width) / Float(max(pyramid.width, 1)), Float(height) / Float(max(pyramid.height, 1)),
      1, 0)
    let whole = Self.interleaved(field)
    if field.width == width && field.height == height {
      vectors = whole.map { $0 * perPixel }
      return
    }
    let (scaleX, scaleY) = (Float(field.width) / Float(width), Float(field.height) / Float(height))
    var resampled: [SIMD4<Float>] = []
    resampled.reserveCapacity(width * height)
    for y in 0..<height {
      for x in 0..<width {
        let vector = Self.sample(
          whole, field.width, field.height, x: (Float(x) + 0.5) * scaleX - 0.5,
          y: (Float(y) + 0.5) * scaleY - 0.5)
        resampled.append(vector * perPixel)
      }
    }
    vectors = resampled
  }

  private static func interleaved(_ field: MotionField) -> [SIMD4<Float>] {
    let (x, y, confidence) = (
      field.values.channel(0), field.values.channel(1), field.values.channel(2)
    )
    return withExtendedLifetime(field.values) {
      (0..<field.values.area).map { SIMD4(x[$0], y[$0], confidence[$0], 0) }
    }
  }

  /// The vector between the positions around (x, y), which is held inside of the grid.
  func sample(x: Float, y: Float) -> SIMD4<Float> {
    Self.sample(vectors, width, height, x: x, y: y)
  }

  @inline(__always)
  private static func sample(
    _ vectors: [SIMD4<Float>], _ width: Int, _ height: Int, x: Float, y: Float
  ) -> SIMD4<Float> {
    let fx = min(max(x, 0), Float(width - 1))
    let fy = min(max(y, 0), Float(height - 1))
    let (x0, y0) = (Int(fx), Int(fy))
    let (x1, y1) = (min(x0 + 1, width - 1), min(y0 + 1, height - 1))
    let (u, v) = (fx - Float(x0), fy - Float(y0))
    let top = vectors[y0 * width + x0] * (1 - u) + vectors[y0 * width + x1] * u
    let bottom = vectors[y1 * width + x0] * (1 - u) + vectors[y1 * width + x1] * u
    return top * (1 - v) + bottom * v
  }
}
