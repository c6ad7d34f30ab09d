internal import Imaging

/// A weighted mean of colors that are fetched from other frames.
struct ColorMean {
  /// Σ weight · (a, b).
  private var sum = SIMD2<Float>.zero
  /// Σ weight.
  private(set) var weight: Float = 0

  /// Fractions of a position below this are rounded away, so that what rests is not blurred.
  private static let finest: Float = 0.02
  /// A confidence, or a share of what is found, below this counts as none.
  private static let leastShare: Float = 0.02
  /// As much of a position's surroundings as this, alike in lightness, is believed without reserve.
  private static let fullShare: Float = 0.6
  /// Up to the first distance in L\* from the lightness at which it was learned a color is believed without
  /// reserve, from the second on not at all: it may have been a lamp that went on, or a cross-fade.
  private static let levelReach: (near: Float, far: Float) = (8, 20)

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

  /// Adds the four positions around (x, y) by their shares (`Taps`), each weighted by the source's weight.
  ///
  /// - Returns: Σ share × count.
  @inline(__always)
  mutating func fetch(_ source: Source, x: Float, y: Float, expected: Float) -> Float {
    guard let taps = Taps(source, x: x, y: y, expected: expected) else { return 0 }
    return add(source, taps, shares: taps.shares)
  }

  /// Adds the mean of the four positions around (x, y) as one color, which counts as many frames as they do
  /// if motion and lightness leave little doubt that it is the same place.
  ///
  /// - Parameters:
  ///   - trust: how far the motion is believed, 0…1.
  ///   - levels: the L\* at which the colors were learned, as of the source's exposure.
  /// - Returns: how many frames were added, and the L\* at which they were learned.
  @inline(__always)
  mutating func follow(
    _ source: Source, levels: UnsafePointer<Float>, x: Float, y: Float, trust: Float,
    expected: Float
  ) -> (frames: Float, level: Float) {
    guard trust > Self.leastShare, let taps = Taps(source, x: x, y: y, expected: expected) else {
      return (0, expected)
    }
    let share = taps.shares.sum()
    guard share > Self.leastShare else { return (0, expected) }
    let level = (taps.shares * taps.of(levels)).sum() / share
    let (near, far) = Self.levelReach
    let likeness = min(max((far - abs(level - expected)) / (far - near), 0), 1)
    let scale = trust * likeness * min(share / Self.fullShare, 1) / share
    return (add(source, taps, shares: taps.shares * scale), level)
  }

  @inline(__always)
  private mutating func add(_ source: Source, _ taps: Taps, shares: SIMD4<Float>) -> Float {
    let (p, samples) = (taps.places, source.samples)
    let (a, b, c, d) = (samples[p.0], samples[p.1], samples[p.2], samples[p.3])
    let weights = shares * SIMD4(a.w, b.w, c.w, d.w)
    sum +=
      (a.lowHalf * weights.x + b.lowHalf * weights.y)
      + (c.lowHalf * weights.z + d.lowHalf * weights.w)
    weight += weights.sum()
    return (shares * taps.of(source.counts)).sum()
  }

  /// The four positions around a place between them, each with its bilinear share times the likeness of
  /// its lightness to what is expected there (Tukey's biweight). Those outside of the grid, or across an
  /// edge, drop out: nothing takes their place.
  private struct Taps {
    let places: (Int, Int, Int, Int)
    let shares: SIMD4<Float>

    /// A neighbour whose lightness is this far from the expected, in L\*, lies across an edge.
    private static let lightnessReach: Float = 16

    /// Nil outside of the grid.
    @inline(__always)
    init?(_ source: Source, x: Float, y: Float, expected: Float) {
      let (width, height, samples) = (source.width, source.height, source.samples)
      guard x > -1, y > -1, x < Float(width), y < Float(height) else { return nil }
      let (left, u) = Self.split(x)
      let (top, v) = Self.split(y)
      // Outside of the grid a share is 0 and the position any.
      let (x0, x1) = (max(left, 0), min(left + 1, width - 1))
      let (row0, row1) = (max(top, 0) * width, min(top + 1, height - 1) * width)
      let shareX = SIMD2<Float>(left < 0 ? 0 : 1 - u, left + 1 < width ? u : 0)
      let shareY = SIMD2<Float>(top < 0 ? 0 : 1 - v, top + 1 < height ? v : 0)
      places = (row0 + x0, row0 + x1, row1 + x0, row1 + x1)
      let lightness = SIMD4(
        samples[places.0].z, samples[places.1].z, samples[places.2].z, samples[places.3].z)
      let off = (lightness - expected) / Self.lightnessReach
      let rest = (1 - off * off).replacing(with: 0, where: .!(off * off .< 1))
      shares = rest * rest * SIMD4(lowHalf: shareX * shareY.x, highHalf: shareX * shareY.y)
    }

    /// The values of an image at the four positions.
    @inline(__always)
    func of(_ image: UnsafePointer<Float>) -> SIMD4<Float> {
      SIMD4(image[places.0], image[places.1], image[places.2], image[places.3])
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
}
