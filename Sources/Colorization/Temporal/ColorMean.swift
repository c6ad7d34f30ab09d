internal import Imaging

/// A weighted mean of colors that are fetched from other frames.
struct ColorMean {
  /// Σ weight · (a, b).
  private var sum = SIMD2<Float>.zero
  /// Σ weight.
  private(set) var weight: Float = 0

  /// A neighbour whose lightness is this far from the expected, in L\*, lies across an edge.
  private static let lightnessReach: Float = 12
  /// Fractions of a position below this are rounded away, so that what rests is not blurred.
  private static let finest: Float = 0.02
  /// A confidence below this counts as none.
  private static let leastConfidence: Float = 0.02

  /// a and b; 0, 0 as long as nothing was added.
  var color: SIMD2<Float> { weight > 0 ? sum / weight : .zero }

  /// Adds one color.
  @inline(__always)
  mutating func add(_ sample: SIMD4<Float>, weight: Float) {
    sum += sample.lowHalf * weight
    self.weight += weight
  }

  /// A frame to fetch from. Plain pointers, so that inner loops count no references: whoever makes one
  /// keeps the images alive.
  struct Source {
    let width: Int
    let height: Int
    /// a, b, L\* and the weight of each position.
    let samples: UnsafePointer<SIMD4<Float>>
    /// How many frames each position stands for.
    let counts: UnsafePointer<Float>
  }

  /// Adds the four positions around (x, y), each weighted by `confidence`, its bilinear share, the
  /// likeness of its lightness to `expected` (Tukey's biweight), and the source's weight. Those outside
  /// of the grid, or across an edge, drop out: nothing takes their place.
  ///
  /// - Returns: Σ share × count, the share being all but the source's weight.
  @inline(__always)
  mutating func fetch(
    _ source: Source, x: Float, y: Float, confidence: Float, expected: Float
  ) -> Float {
    let (width, height) = (source.width, source.height)
    guard confidence > Self.leastConfidence, x > -1, y > -1, x < Float(width), y < Float(height)
    else { return 0 }
    let (left, u) = Self.split(x)
    let (top, v) = Self.split(y)
    // Outside of the grid a share is 0 and the position any.
    let (x0, x1) = (max(left, 0), min(left + 1, width - 1))
    let (row0, row1) = (max(top, 0) * width, min(top + 1, height - 1) * width)
    let shareX = SIMD2<Float>(left < 0 ? 0 : 1 - u, left + 1 < width ? u : 0)
    let shareY = SIMD2<Float>(top < 0 ? 0 : 1 - v, top + 1 < height ? v : 0)
    let samples = source.samples
    let (a, b) = (samples[row0 + x0], samples[row0 + x1])
    let (c, d) = (samples[row1 + x0], samples[row1 + x1])
    let off = (SIMD4(a.z, b.z, c.z, d.z) - expected) / Self.lightnessReach
    let rest = (1 - off * off).replacing(with: 0, where: .!(off * off .< 1))
    let shares =
      rest * rest * confidence
      * SIMD4(lowHalf: shareX * shareY.x, highHalf: shareX * shareY.y)
    let weights = shares * SIMD4(a.w, b.w, c.w, d.w)
    sum +=
      (a.lowHalf * weights.x + b.lowHalf * weights.y)
      + (c.lowHalf * weights.z + d.lowHalf * weights.w)
    weight += weights.sum()
    let counts = source.counts
    let found =
      shares
      * SIMD4(counts[row0 + x0], counts[row0 + x1], counts[row1 + x0], counts[row1 + x1])
    return found.sum()
  }

  /// A coordinate above −1 as whole part and fraction.
  @inline(__always)
  private static func split(_ v: Float) -> (whole: Int, fraction: Float) {
    // Truncated where it is positive: rounding down is a call on CPUs of the first x86-64.
    let whole = Int(v + 1) - 1
    let fraction = v - Float(whole)
    return (whole, fraction < finest ? 0 : fraction > 1 - finest ? 1 : fraction)
  }
}
