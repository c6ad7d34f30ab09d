internal import CKernels
internal import Imaging

/// Finds dense motion between two small lightness images, in both directions, and how far to
/// believe it. Exposure may differ between the two: mean and gain of each patch are taken out.
///
/// Coarse to fine inverse search (see `motion.h`), a 3×3 median after each level but the
/// last, then the
/// confidence of each cell as a product of
/// - the photometric match of the patch, less mean and gain, against grain and texture;
/// - the match of its mean, after the change of exposure that fits the whole picture;
/// - the agreement of forward and backward motion (Sundaram, Brox and Keutzer, "Dense Point
///   Trajectories by GPU-accelerated Large Displacement Optical Flow", 2010, eq. 5);
/// and 0 where the vector leaves the picture.
package struct MotionEstimator: Sendable {
  /// Motion of a frame to its successor and back.
  package struct Pair: Sendable {
    /// From the first frame to the second, on the first's grid.
    package let forward: MotionField
    /// From the second frame to the first, on the second's grid.
    package let backward: MotionField
  }

  package init() {}

  /// The motion between two frames of one size.
  ///
  /// - Precondition: both have the same size.
  package func motion(from first: MotionPyramid, to second: MotionPyramid) -> Pair {
    precondition(
      first.width == second.width && first.height == second.height,
      "motion between \(first.width)×\(first.height) and \(second.width)×\(second.height)")
    let forward = VectorGrid(searching: first, in: second)
    let backward = VectorGrid(searching: second, in: first)
    return Pair(
      forward: forward.field(of: first, in: second, checkedBy: backward),
      backward: backward.field(of: second, in: first, checkedBy: forward))
  }
}

/// Vectors in pixels on the cells of one level, and how well they match: planes of one float per
/// cell.
private struct VectorGrid {
  let width: Int
  let height: Int
  private let buffer: AlignedBuffer

  private init(cellsOf plane: ac_motion_plane) {
    let cell = Int(AC_MOTION_CELL)
    width = (Int(plane.width) + cell - 1) / cell
    height = (Int(plane.height) + cell - 1) / cell
    buffer = AlignedBuffer(byteCount: 6 * width * height * MemoryLayout<Float>.stride)
    buffer.base.initializeMemory(as: Float.self, repeating: 0, count: 6 * width * height)
  }

  var area: Int { width * height }
  /// Plane `index` of the six.
  private func plane(_ index: Int) -> UnsafeMutablePointer<Float> {
    buffer.base.assumingMemoryBound(to: Float.self) + index * area
  }
  var x: UnsafeMutablePointer<Float> { plane(0) }
  var y: UnsafeMutablePointer<Float> { plane(1) }
  var quality: ac_motion_quality {
    ac_motion_quality(
      residual: plane(2), variance: plane(3), pattern_mean: plane(4), target_mean: plane(5))
  }
  private var grid: ac_motion_grid {
    ac_motion_grid(x: x, y: y, width: Int32(width), height: Int32(height))
  }

  /// From coarse to fine.
  init(searching pattern: MotionPyramid, in target: MotionPyramid) {
    var prior = VectorGrid(cellsOf: pattern.levels[pattern.levels.count - 1])
    for level in pattern.levels.indices.reversed() {
      let result = VectorGrid(cellsOf: pattern.levels[level])
      var (from, to, expected, found) = (
        pattern.levels[level], target.levels[level], prior.grid, result.grid
      )
      guard level > 0 else {
        var quality = result.quality
        ac_motion_search(&from, &to, &expected, &found, 0, 1, &quality)
        prior = result
        break
      }
      // Whole steps where the image is smallest and they are cheap: up to 48 pixels of the full
      // size at five levels; refinement alone would not get there.
      let fromCoarsest = pattern.levels.count - 1 - level
      let radius: Int32 = fromCoarsest == 0 ? 3 : fromCoarsest == 1 ? 1 : 0
      ac_motion_search(&from, &to, &expected, &found, radius, 4, nil)
      // The prior is spent: its memory takes the smoothed vectors.
      ac_motion_median(&found, &expected)
      let next = VectorGrid(cellsOf: pattern.levels[level - 1])
      var spread = next.grid
      ac_motion_spread(&expected, &spread)
      withExtendedLifetime((prior, result)) {}
      prior = next
    }
    self = prior
  }

  /// The vectors with their confidence; `other` are the vectors back.
  func field(
    of pattern: MotionPyramid, in target: MotionPyramid, checkedBy other: VectorGrid
  ) -> MotionField {
    let quality = quality
    let (exposure, deviation) = ExposureChange.fit(
      .init(
        width: width, height: height, from: UnsafePointer(quality.pattern_mean),
        to: UnsafePointer(quality.target_mean)))
    var residuals = Array(UnsafeBufferPointer(start: quality.residual, count: area))
    // Half of a picture matches, as a rule: what it leaves is grain.
    let grain = min(max(residuals.selectMedian(), 0.5), 16)
    let meanReach = max(8, 5 * deviation)

    let values = FloatImage(width: width, height: height, channels: 3) { out in
      out.update(from: x, count: 2 * area)
      let confidence = out + 2 * area
      for row in 0..<height {
        let v = 2 * (Float(row) + 0.5) / Float(height) - 1
        for column in 0..<width {
          let at = row * width + column
          let u = 2 * (Float(column) + 0.5) / Float(width) - 1
          let excess =
            max(quality.residual[at] - grain, 0) / (grain + 0.1 * quality.variance[at])
          let step = quality.target_mean[at] - exposure(quality.pattern_mean[at], x: u, y: v)
          confidence[at] =
            biweight(excess / 3) * biweight(step / meanReach)
            * agreement(column, row, of: pattern, with: other)
        }
      }
    }
    withExtendedLifetime((buffer, other)) {}
    return MotionField(values: values, exposure: exposure)
  }

  /// Whether the way there and back ends where it began: 1…0; 0 if it leaves the picture.
  @inline(__always)
  private func agreement(
    _ column: Int, _ row: Int, of pattern: MotionPyramid, with other: VectorGrid
  ) -> Float {
    let cell = Float(AC_MOTION_CELL)
    let at = row * width + column
    let (fx, fy) = (x[at], y[at])
    let toX = (Float(column) + 0.5) * cell + fx
    let toY = (Float(row) + 0.5) * cell + fy
    guard toX >= 0, toY >= 0, toX <= Float(pattern.width), toY <= Float(pattern.height) else {
      return 0
    }
    // Bilinear in the other's grid, whose samples lie at the cells' centers.
    let gx = min(max(toX / cell - 0.5, 0), Float(width - 1))
    let gy = min(max(toY / cell - 0.5, 0), Float(height - 1))
    let (x0, y0) = (Int(gx), Int(gy))
    let (x1, y1) = (min(x0 + 1, width - 1), min(y0 + 1, height - 1))
    let (u, v) = (gx - Float(x0), gy - Float(y0))
    @inline(__always) func sample(_ p: UnsafeMutablePointer<Float>) -> Float {
      let top = p[y0 * width + x0] * (1 - u) + p[y0 * width + x1] * u
      let bottom = p[y1 * width + x0] * (1 - u) + p[y1 * width + x1] * u
      return top * (1 - v) + bottom * v
    }
    let (bx, by) = (sample(other.x), sample(other.y))
    let gap = (fx + bx) * (fx + bx) + (fy + by) * (fy + by)
    let allowed = 0.01 * (fx * fx + fy * fy + bx * bx + by * by) + 0.5
    return biweight(gap / (4 * allowed))
  }
}

/// Tukey's biweight: 1 at 0, falling to 0 at ±1 and beyond; 0 for a NaN.
@inline(__always)
func biweight(_ v: Float) -> Float {
  let rest = 1 - v * v
  return rest > 0 ? rest * rest : 0
}
