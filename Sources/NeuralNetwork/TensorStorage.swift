import Blocks

/// Reference-counted memory aligned to 64 bytes. Freed blocks are kept for reuse.
///
/// `@unchecked Sendable`: whoever allocates a block fills it before passing it on; afterwards it is
/// only read.
final class TensorStorage: @unchecked Sendable {
  /// First byte, 64-byte aligned.
  var base: UnsafeMutableRawPointer { block.base }
  /// Usable bytes.
  let byteCount: Int
  private let block: Block

  /// Allocates `byteCount` bytes of undefined content.
  init(byteCount: Int) throws(NetworkError) {
    guard let block = Self.pool.take(byteCount: byteCount) else {
      throw NetworkError(.backEnd, "\(byteCount) bytes of memory can't be allocated")
    }
    self.byteCount = byteCount
    self.block = block
  }

  deinit { Self.pool.give(block) }

  private static let pool = BlockPool(keptBytesLimit: 64 << 20)
}
