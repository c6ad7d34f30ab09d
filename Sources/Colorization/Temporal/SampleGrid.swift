internal import Imaging

/// Four floats for each position of a grid, `height` × `width`, read-only once made.
///
/// `@unchecked Sendable`: the values are never written after the grid is made.
struct SampleGrid: @unchecked Sendable {
  let width: Int
  let height: Int
  private let buffer: AlignedBuffer

  /// Allocates and lets `write` fill `height * width` undefined vectors.
  init(width: Int, height: Int, writing write: (UnsafeMutablePointer<SIMD4<Float>>) -> Void) {
    self.width = width
    self.height = height
    let count = max(width * height, 1)
    buffer = AlignedBuffer(byteCount: count * MemoryLayout<SIMD4<Float>>.stride)
    write(buffer.base.bindMemory(to: SIMD4<Float>.self, capacity: count))
  }

  /// Alive as long as the grid: use inside `withExtendedLifetime`.
  var pointer: UnsafePointer<SIMD4<Float>> {
    UnsafePointer(buffer.base.assumingMemoryBound(to: SIMD4<Float>.self))
  }
}
