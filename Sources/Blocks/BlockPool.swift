import Locking

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Memory of the system aligned to 64 bytes, with at least 64 bytes past what was asked for, so that
/// vector code may read whole registers. It has an owner that gives it back to its pool once.
package struct Block {
  /// First byte, 64-byte aligned. The contents start undefined.
  package let base: UnsafeMutableRawPointer
  fileprivate let capacity: Int
}

/// Hands out blocks, and keeps those that come back for reuse, up to a limit: what frames need has
/// the same size again and again, and pages fresh from the kernel cost more than the work on them.
package final class BlockPool: Sendable {
  private struct State {
    /// Addresses of the blocks waiting for reuse, by exact capacity.
    var kept: [Int: [UInt]] = [:]
    var keptBytes = 0
    var systemAllocations = 0
  }

  private let state = Locked(State())
  private let keptBytesLimit: Int

  /// A pool that keeps at most `keptBytesLimit` bytes.
  package init(keptBytesLimit: Int) { self.keptBytesLimit = keptBytesLimit }

  /// How many blocks were asked of the system since the start.
  package var systemAllocations: Int { state.withLock { $0.systemAllocations } }

  /// A block of at least `byteCount` bytes; `nil` when the system has none.
  package func take(byteCount: Int) -> Block? {
    let granule = byteCount < 65536 ? 64 : 4096
    let capacity = (byteCount + 64 + granule - 1) / granule * granule
    let address = state.withLock { state -> UInt? in
      guard let address = state.kept[capacity]?.popLast() else {
        state.systemAllocations += 1
        return nil
      }
      state.keptBytes -= capacity
      return address
    }
    if let base = address.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) {
      return Block(base: base, capacity: capacity)
    }
    var base: UnsafeMutableRawPointer?
    guard posix_memalign(&base, 64, capacity) == 0, let base else { return nil }
    return Block(base: base, capacity: capacity)
  }

  /// Takes back a block that came from `take`; nobody may touch it any more.
  package func give(_ block: Block) {
    let address = UInt(bitPattern: block.base)
    let isKept = state.withLock { state -> Bool in
      guard state.keptBytes + block.capacity <= keptBytesLimit else { return false }
      state.keptBytes += block.capacity
      state.kept[block.capacity, default: []].append(address)
      return true
    }
    if !isKept { free(block.base) }
  }
}
