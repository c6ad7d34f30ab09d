internal import CKernels
internal import Imaging

/// The small lightness image as the estimate's grid sees it: one mean per position.
struct GridLightness {
  /// L\*, 1 × `height` × `width`.
  let values: FloatImage

  /// The pyramid's third level holds the means of the cells; another grid samples it bilinearly.
  init(_ pyramid: MotionPyramid, width: Int, height: Int) {
    let level = min(2, pyramid.levels.count - 1)
    let plane = pyramid.levels[level]
    let (planeWidth, planeHeight) = (Int(plane.width), Int(plane.height))
    let scaleX = Float(planeWidth) / Float(width)
    let scaleY = Float(planeHeight) / Float(height)
    values = withExtendedLifetime(pyramid) {
      FloatImage(width: width, height: height) { out in
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
      }
    }
  }
}

/// A motion field as the estimate's grid sees it: vectors in positions of that grid.
struct GridMotion {
  let exposure: ExposureChange
  /// x, y and the confidence of each position; the fourth value is 0.
  private let grid: SampleGrid
  /// The least that a vector is believed. Where motion can't be told, as on water, what lies nearby and
  /// is as light still has a likely color, more so than the estimate of one frame: as far as the
  /// frames match as a whole.
  let leastConfidence: Float

  /// - Parameters:
  ///   - field: Vectors in pixels of the small image.
  ///   - pyramid: The small image that they belong to.
  init(_ field: MotionField, of pyramid: MotionPyramid, width: Int, height: Int) {
    exposure = field.exposure
    let perPixel = SIMD4<Float>(
      Float(width) / Float(max(pyramid.width, 1)), Float(height) / Float(max(pyramid.height, 1)),
      1, 0)
    let whole = Self.interleaved(field, scale: perPixel)
    if field.width == width && field.height == height {
      grid = whole
      leastConfidence = Self.leastConfidence(of: whole)
      return
    }
    let (scaleX, scaleY) = (Float(field.width) / Float(width), Float(field.height) / Float(height))
    let from = Vectors(whole)
    grid = SampleGrid(width: width, height: height) { out in
      for y in 0..<height {
        for x in 0..<width {
          out[y * width + x] = from.sample(
            x: (Float(x) + 0.5) * scaleX - 0.5, y: (Float(y) + 0.5) * scaleY - 0.5)
        }
      }
    }
    leastConfidence = Self.leastConfidence(of: grid)
    withExtendedLifetime(whole) {}
  }

  private static func leastConfidence(of grid: SampleGrid) -> Float {
    let (vectors, area) = (grid.pointer, grid.width * grid.height)
    var sum: Float = 0
    for index in 0..<area { sum += vectors[index].z }
    withExtendedLifetime(grid) {}
    let mean = sum / Float(max(area, 1))
    return 0.25 * mean * mean
  }

  private static func interleaved(_ field: MotionField, scale: SIMD4<Float>) -> SampleGrid {
    let (x, y, confidence) = (
      field.values.channel(0), field.values.channel(1), field.values.channel(2)
    )
    return withExtendedLifetime(field) {
      SampleGrid(width: field.width, height: field.height) { out in
        for index in 0..<field.values.area {
          out[index] = scale * SIMD4(x[index], y[index], confidence[index], 0)
        }
      }
    }
  }

  /// The vectors, alive as long as the motion: use inside `withExtendedLifetime`.
  var vectors: Vectors { Vectors(grid) }

  /// x, y, confidence of each position. Plain pointers, so that inner loops count no references.
  struct Vectors {
    let pointer: UnsafePointer<SIMD4<Float>>
    let width: Int
    let height: Int

    init(_ grid: SampleGrid) {
      pointer = grid.pointer
      width = grid.width
      height = grid.height
    }

    /// The vector between the positions around (x, y), which is held inside of the grid.
    @inline(__always)
    func sample(x: Float, y: Float) -> SIMD4<Float> {
      let fx = min(max(x, 0), Float(width - 1))
      let fy = min(max(y, 0), Float(height - 1))
      let (x0, y0) = (Int(fx), Int(fy))
      let (x1, y1) = (min(x0 + 1, width - 1), min(y0 + 1, height - 1))
      let (u, v) = (fx - Float(x0), fy - Float(y0))
      let top = pointer[y0 * width + x0] * (1 - u) + pointer[y0 * width + x1] * u
      let bottom = pointer[y1 * width + x0] * (1 - u) + pointer[y1 * width + x1] * u
      return top * (1 - v) + bottom * v
    }
  }
}
