import Foundation
import Locking

/// Reference-counted memory aligned to 64 bytes. Freed blocks are kept for reuse, up to a limit,
/// because the results of each frame have the same size and fresh pages cost more than writing them.
///
/// `@unchecked Sendable`: whoever allocates a block fills it before passing it on; afterwards it is
/// only read.
final class TensorStorage: @unchecked Sendable {
  /// First byte, 64-byte aligned.
  let base: UnsafeMutableRawPointer
  /// Usable bytes.
  let byteCount: Int
  private let capacity: Int

  /// Allocates `byteCount` bytes of undefined content.
  init(byteCount: Int) throws(NetworkError) {
    self.byteCount = byteCount
    let granule = byteCount < 65536 ? 64 : 4096
    let capacity = (byteCount + 64 + granule - 1) / granule * granule
    self.capacity = capacity
    if let address = Self.kept.withLock({ $0.take(capacity) }),
      let block = UnsafeMutableRawPointer(bitPattern: address)
    {
      base = block
      return
    }
    var block: UnsafeMutableRawPointer?
    guard posix_memalign(&block, 64, capacity) == 0, let block else {
      throw NetworkError(.backEnd, "\(capacity) bytes of memory can't be had")
    }
    base = block
  }

  deinit {
    let address = UInt(bitPattern: base)
    let bytes = capacity
    if !Self.kept.withLock({ $0.give(address, bytes) }) { free(base) }
  }

  private static let kept = Locked(FreeBlocks())

  /// Blocks waiting for reuse, by exact capacity.
  private struct FreeBlocks {
    var blocks: [Int: [UInt]] = [:]
    var byteCount = 0
    static let limit = 64 << 20

    mutating func take(_ capacity: Int) -> UInt? {
      guard let address = blocks[capacity]?.popLast() else { return nil }
      byteCount -= capacity
      return address
    }

    mutating func give(_ address: UInt, _ capacity: Int) -> Bool {
      guard byteCount + capacity <= Self.limit else { return false }
      byteCount += capacity
      blocks[capacity, default: []].append(address)
      return true
    }
  }
}
