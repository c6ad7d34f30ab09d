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
    /// The capacities in `kept`, the one asked for last at the end.
    var order: [Int] = []
    var keptBytes = 0
    var systemAllocations = 0
  }

  private let state = Locked(State())
  private let keptBytesLimit: Int

  /// A pool that keeps at most `keptBytesLimit` bytes.
  package init(keptBytesLimit: Int) { self.keptBytesLimit = keptBytesLimit }

  deinit {
    for address in state.withLock({ $0.kept.values.flatMap(\.self) }) {
      free(UnsafeMutableRawPointer(bitPattern: address))
    }
  }

  /// How many blocks were asked of the system since the start.
  package var systemAllocations: Int { state.withLock { $0.systemAllocations } }

  /// A block of at least `byteCount` bytes; `nil` when the system has none.
  package func take(byteCount: Int) -> Block? {
    let granule = byteCount < 65536 ? 64 : 4096
    let capacity = (byteCount + 64 + granule - 1) / granule * granule
    let address = state.withLock { state -> UInt? in
      if state.order.last != capacity {
        state.order.removeAll { $0 == capacity }
        state.order.append(capacity)
      }
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
    // What no longer fits is of the size that was not asked for the longest: a folder's pictures may
    // change their size.
    let doomed = state.withLock { state -> [UInt] in
      if !state.order.contains(block.capacity) { state.order.insert(block.capacity, at: 0) }
      state.keptBytes += block.capacity
      state.kept[block.capacity, default: []].append(address)
      var doomed: [UInt] = []
      while state.keptBytes > keptBytesLimit, let oldest = state.order.first {
        if let address = state.kept[oldest]?.popLast() {
          state.keptBytes -= oldest
          doomed.append(address)
        } else {
          state.kept[oldest] = nil
          state.order.removeFirst()
        }
      }
      return doomed
    }
    for address in doomed { free(UnsafeMutableRawPointer(bitPattern: address)) }
  }
}
