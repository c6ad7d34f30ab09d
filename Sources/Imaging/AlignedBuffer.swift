import Blocks
import CKernels

/// A block of memory aligned to 64 bytes, reference counted, with 64 readable bytes past its end so
/// that vector kernels may read whole registers. The contents start undefined. Freed blocks are kept
/// for reuse.
///
/// `@unchecked Sendable`: the one who allocates a buffer writes it before passing it on; afterwards
/// it is only read.
package final class AlignedBuffer: @unchecked Sendable {
  /// First byte, 64-byte aligned.
  package var base: UnsafeMutableRawPointer { block.base }
  /// Usable bytes; 64 more may be read.
  package let byteCount: Int
  private let block: Block

  /// Allocates `byteCount` bytes of undefined content. Like all of Swift's own allocations, ends the
  /// process when the system has no memory.
  package init(byteCount: Int) {
    guard let block = Self.pool.take(byteCount: byteCount) else {
      fatalError("\(byteCount) bytes of memory can't be allocated")
    }
    self.byteCount = byteCount
    self.block = block
  }

  deinit { Self.pool.give(block) }

  /// How many blocks were taken from the system since the start; the steady state adds none.
  package static var systemAllocations: Int { pool.systemAllocations }

  /// Keeps the process's memory flat over hours: see `ac_return_large_blocks`. For a program to call
  /// at its start; a library leaves such things to its host.
  package static func returnLargeBlocksToSystem() { ac_return_large_blocks() }

  private static let pool = BlockPool(keptBytesLimit: 64 << 20)
}
