public import Imaging

/// What the network says about the colors of a picture, on the coarse grid, padding cropped:
/// for each position `channels` values side by side (NHWC), either the probabilities of the 313 bins
/// or a and b. Both may be merged linearly across frames.
///
/// `@unchecked Sendable`: the values are written once, by `init`, and never afterwards.
public struct CoarseEstimate: @unchecked Sendable {
  /// Positions per row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Values per position: 313 probabilities that add up to 1, or 2 (a and b, in CIELAB units).
  public let channels: Int
  /// Floats between the starts of neighbouring positions, at least `channels`; those past
  /// `channels` are 0, so that kernels may run over whole vectors.
  public let channelStride: Int
  /// `height` × `width` × `channelStride` floats.
  public let values: AlignedBuffer
  /// How sure the network is, per position: 1 × `height` × `width`, 0 (all bins alike) … 1 (one bin).
  public let certainty: FloatImage

  /// The next multiple of 16 floats, one 64-byte vector: 320 for 313 bins, 2 for ab.
  public static func channelStride(channels: Int) -> Int {
    channels < 16 ? channels : (channels + 15) / 16 * 16
  }

  /// Wraps values that are complete.
  ///
  /// - Precondition: `values` holds `height * width * channelStride` floats, `certainty` is
  ///   1 × `height` × `width`.
  public init(
    width: Int, height: Int, channels: Int, channelStride: Int, values: AlignedBuffer,
    certainty: FloatImage
  ) {
    precondition(
      channelStride >= channels
        && values.byteCount >= width * height * channelStride * MemoryLayout<Float>.stride,
      "\(values.byteCount) bytes are too few for \(width)×\(height)×\(channelStride) floats")
    precondition(
      certainty.width == width && certainty.height == height,
      "certainty is \(certainty.width)×\(certainty.height), not \(width)×\(height)")
    self.width = width
    self.height = height
    self.channels = channels
    self.channelStride = channelStride
    self.values = values
    self.certainty = certainty
  }

  /// Allocates both and lets `write(values, certainty)` fill them: `height * width * channelStride`
  /// and `height * width` undefined floats. The floats past `channels` must be set to 0.
  public init(
    width: Int, height: Int, channels: Int,
    writing write: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let stride = Self.channelStride(channels: channels)
    let count = max(width * height * stride, 1)
    let values = AlignedBuffer(byteCount: count * MemoryLayout<Float>.stride)
    let pointer = values.base.bindMemory(to: Float.self, capacity: count)
    let certainty = try FloatImage(width: width, height: height) { try write(pointer, $0) }
    self.init(
      width: width, height: height, channels: channels, channelStride: stride, values: values,
      certainty: certainty)
  }

  /// Number of positions.
  public var area: Int { width * height }

  /// The first value of the first position; alive as long as the estimate: use inside
  /// `withExtendedLifetime`, or hold the estimate.
  public var pointer: UnsafePointer<Float> {
    UnsafePointer(values.base.assumingMemoryBound(to: Float.self))
  }

  /// Value `channel` of the position at column `x`, row `y`. For tests and tables.
  public subscript(channel: Int, x: Int, y: Int) -> Float {
    precondition(
      (0..<channels).contains(channel) && (0..<width).contains(x) && (0..<height).contains(y),
      "(\(channel), \(x), \(y)) lies outside of \(channels)×\(width)×\(height)")
    return pointer[(y * width + x) * channelStride + channel]
  }
}
