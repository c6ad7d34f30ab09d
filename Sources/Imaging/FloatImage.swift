import Foundation

/// Planar 32-bit floats, `channels` × `height` × `width` without padding, read-only once made.
///
/// `@unchecked Sendable`: the values are never written after the image is made.
package struct FloatImage: @unchecked Sendable {
  package let width: Int
  package let height: Int
  package let channels: Int
  private let buffer: AlignedBuffer

  /// Allocates and lets `write` fill `channels * height * width` undefined floats.
  package init(
    width: Int, height: Int, channels: Int = 1,
    writing write: (UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    self.width = width
    self.height = height
    self.channels = channels
    let count = width * height * channels
    buffer = AlignedBuffer(byteCount: max(count, 1) * MemoryLayout<Float>.stride)
    try write(buffer.base.bindMemory(to: Float.self, capacity: max(count, 1)))
  }

  /// Values per channel.
  package var area: Int { width * height }

  /// First value of channel `index`; alive as long as the image: use inside
  /// `withExtendedLifetime`, or hold the image.
  package func channel(_ index: Int) -> UnsafePointer<Float> {
    precondition((0..<channels).contains(index), "no channel \(index) among \(channels)")
    return UnsafePointer(buffer.base.assumingMemoryBound(to: Float.self)) + index * area
  }

  /// The mean of channel `index`; 0 of an empty image.
  package func mean(ofChannel index: Int) -> Double {
    let values = channel(index)
    return withExtendedLifetime(self) {
      (0..<area).reduce(0) { $0 + Double(values[$1]) } / Double(max(area, 1))
    }
  }

  /// Whether both have the same size and the same bits.
  package func hasSameValues(as other: FloatImage) -> Bool {
    guard (width, height, channels) == (other.width, other.height, other.channels) else {
      return false
    }
    return withExtendedLifetime((self, other)) {
      memcmp(buffer.base, other.buffer.base, area * channels * MemoryLayout<Float>.stride) == 0
    }
  }

  /// The value of channel `c` at column `x`, row `y`. For tests and tables.
  package subscript(c: Int, x: Int, y: Int) -> Float {
    precondition((0..<width).contains(x) && (0..<height).contains(y), "(\(x), \(y)) lies outside")
    return channel(c)[y * width + x]
  }
}
