import CKernels
import Foundation
import Locking

/// A block of memory aligned to 64 bytes, reference counted, with 64 readable bytes past its end so
/// that vector kernels may read whole registers. The contents start undefined. Freed blocks are kept
/// for reuse, up to a limit, because pages fresh from the kernel cost more than the work on them.
///
/// `@unchecked Sendable`: the one who allocates a buffer writes it before passing it on; afterwards
/// it is only read.
public final class AlignedBuffer: @unchecked Sendable {
  /// First byte, 64-byte aligned.
  public let base: UnsafeMutableRawPointer
  /// Usable bytes; 64 more may be read.
  public let byteCount: Int
  private let capacity: Int

  /// Allocates `byteCount` bytes of undefined content.
  public init(byteCount: Int) {
    self.byteCount = byteCount
    let capacity = Self.roundUp(byteCount + 64)
    self.capacity = capacity
    base = Self.recycled.withLock { $0.take(capacity) } ?? Self.allocate(capacity)
  }

  deinit {
    let pointer = base
    let bytes = capacity
    let kept = Self.recycled.withLock { $0.give(pointer, bytes) }
    if !kept { pointer.deallocate() }
  }

  /// How many blocks were taken from the system since the start; the steady state adds none.
  public static var systemAllocations: Int { recycled.withLock { $0.systemAllocations } }

  /// Keeps the process's memory flat over hours: see `ac_return_large_blocks`. For a program to call
  /// at its start; a library leaves such things to its host.
  public static func returnLargeBlocksToSystem() { ac_return_large_blocks() }

  private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
    recycled.withLock { $0.systemAllocations += 1 }
    return UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
  }

  private static func roundUp(_ count: Int) -> Int {
    let granule = count < 65536 ? 64 : 4096
    return (count + granule - 1) / granule * granule
  }

  private static let recycled = Locked(FreeList())

  /// Blocks waiting for reuse, by exact capacity.
  private struct FreeList {
    var blocks: [Int: [UInt]] = [:]
    var bytesKept = 0
    var systemAllocations = 0
    static let limitBytes = 64 << 20

    mutating func take(_ capacity: Int) -> UnsafeMutableRawPointer? {
      guard let address = blocks[capacity]?.popLast() else { return nil }
      bytesKept -= capacity
      return UnsafeMutableRawPointer(bitPattern: address)
    }

    mutating func give(_ pointer: UnsafeMutableRawPointer, _ capacity: Int) -> Bool {
      guard bytesKept + capacity <= Self.limitBytes else { return false }
      bytesKept += capacity
      blocks[capacity, default: []].append(UInt(bitPattern: pointer))
      return true
    }
  }
}
