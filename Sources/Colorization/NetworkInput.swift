public import Imaging

/// Makes the network's input tensor of small L\*: normalized, and padded to the stride at the right and
/// bottom by reflection, so that no border appears where there is none.
public struct NetworkInput: Sendable {
  /// Subtracted from L\*.
  public let mean: Float
  /// Divided by, afterwards.
  public let scale: Float

  public init(mean: Float = 50, scale: Float = 50) {
    self.mean = mean
    self.scale = scale
  }

  /// (L\* − mean) ÷ scale, 1 × `paddedHeight` × `paddedWidth`.
  ///
  /// - Throws: `ColorizationError.unexpectedSize` if `lightness` is not of the working size.
  public func tensorValues(
    lightness: FloatImage, geometry: WorkingGeometry
  ) throws -> FloatImage {
    let (width, height) = (geometry.workingWidth, geometry.workingHeight)
    guard lightness.width == width, lightness.height == height else {
      throw ColorizationError.unexpectedSize(
        what: "the small picture", expected: "\(width)×\(height)",
        actual: "\(lightness.width)×\(lightness.height)")
    }
    let paddedWidth = geometry.paddedWidth
    let source = lightness.channel(0)
    return FloatImage(width: paddedWidth, height: geometry.paddedHeight) { out in
      for y in 0..<geometry.paddedHeight {
        let from = source + Self.reflect(y, height) * width
        let to = out + y * paddedWidth
        for x in 0..<width { to[x] = (from[x] - mean) / scale }
        for x in width..<paddedWidth { to[x] = (from[Self.reflect(x, width)] - mean) / scale }
      }
      withExtendedLifetime(lightness) {}
    }
  }

  /// The place inside of 0..<n that mirrors `index` about the last sample, and back about the first.
  static func reflect(_ index: Int, _ n: Int) -> Int {
    guard n > 1 else { return 0 }
    let period = 2 * (n - 1)
    let place = index % period
    return place < n ? place : period - place
  }
}
