internal import Imaging

/// Gives back what merging takes from the strength of the colors. A mean of estimates that differ is
/// paler than they are; the factor that makes up for it is one number for the picture, the root of
/// the ratio of the mean squares of chroma before and after, over the last frames of the shot, so that
/// hues, and what the colors are to each other, stay.
struct ChromaBalance: Codable {
  /// Sums of squared chroma over positions and, fading, over frames.
  private var own: Float = 0
  private var merged: Float = 0
  /// No picture is made more colorful than by this factor.
  private static let most: Float = 1.25

  /// Takes note of a frame before and after. `limit` is how many frames are remembered, about.
  mutating func add(own before: CoarseEstimate, merged after: CoarseEstimate, limit: Float) {
    let decay = limit / (limit + 1)
    own = own * decay + Self.energy(before)
    merged = merged * decay + Self.energy(after)
  }

  /// What the chroma is multiplied by, 1…1.25.
  var gain: Float {
    guard merged > 0, own > merged else { return 1 }
    return min((own / merged).squareRoot(), Self.most)
  }

  /// The estimate with its chroma multiplied by `gain`.
  func restored(_ estimate: CoarseEstimate) -> CoarseEstimate {
    let (gain, ab) = (gain, estimate.ab)
    guard gain > 1 else { return estimate }
    let (from, count) = (ab.channel(0), ab.channels * ab.area)
    let scaled = FloatImage(width: ab.width, height: ab.height, channels: ab.channels) { out in
      for index in 0..<count { out[index] = gain * from[index] }
      withExtendedLifetime(ab) {}
    }
    return CoarseEstimate(ab: scaled, certainty: estimate.certainty)
  }

  private static func energy(_ estimate: CoarseEstimate) -> Float {
    let values = estimate.ab.channel(0)
    var sum = SIMD8<Float>.zero
    let (count, whole) = (2 * estimate.area, 2 * estimate.area / 8 * 8)
    for index in stride(from: 0, to: whole, by: 8) {
      let v = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self)
      sum += v * v
    }
    var rest: Float = 0
    for index in whole..<count { rest += values[index] * values[index] }
    withExtendedLifetime(estimate) {}
    return sum.sum() + rest
  }
}
