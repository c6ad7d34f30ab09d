import Foundation

/// A file without a name, for what is costly to make again: it is gone with the process, however that ends. It has
/// slots of one size, that of the first record. It is a cache: where the disk is full or fails, nothing is kept any
/// more.
///
/// It is not safe to be used by several threads at once.
package final class SlotFile {
  private var descriptor: Int32
  /// In bytes.
  private let capacity: Int
  /// In bytes; 0 before the first record.
  private var slotSize = 0
  private var usedCount = 0

  /// - Parameter capacity: the room on the disk that it may take, in bytes.
  /// - Returns: nil where no file can be made.
  package init?(capacity: Int) {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    descriptor = Self.open(in: folder)
    if descriptor < 0 { descriptor = Self.open(in: "/tmp") }
    guard descriptor >= 0 else { return nil }
    self.capacity = capacity
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private static func open(in folder: String) -> Int32 {
    var path = Array((folder + "/autochrome-XXXXXX").utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0 else { return -1 }
    unlink(path)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  /// How many records of a size there is room for; 0 for those that are larger than the first one.
  package func count(ofSize size: Int) -> Int {
    guard descriptor >= 0, size > 0, slotSize == 0 || size <= slotSize else { return 0 }
    return capacity / max(slotSize, size)
  }

  /// Writes a record. When all slots are taken, one of them is replaced at random: shots are gone through from end to
  /// end, again and again, and where the oldest went first, a shot that does not fit would never be found.
  /// - Parameter parts: of the record, one after the other.
  /// - Returns: the number of the slot; nil where it is not kept.
  package func write(_ parts: [UnsafeRawBufferPointer]) -> Int? {
    let size = parts.reduce(0) { $0 + $1.count }
    let most = count(ofSize: size)
    guard most > 0 else { return nil }
    if slotSize == 0 { slotSize = size }
    let slot = usedCount < most ? usedCount : Int.random(in: 0..<most)
    var offset = slot * slotSize
    for part in parts {
      guard pwrite(descriptor, part.baseAddress, part.count, off_t(offset)) == part.count else {
        close(descriptor)
        descriptor = -1
        return nil
      }
      offset += part.count
    }
    usedCount = max(usedCount, slot + 1)
    return slot
  }

  /// Reads a part of a record.
  /// - Parameter offset: from the start of the slot, in bytes.
  /// - Returns: whether it is there.
  package func read(
    _ slot: Int, at offset: Int, into bytes: UnsafeMutableRawPointer, count: Int
  ) -> Bool {
    descriptor >= 0
      && pread(descriptor, bytes, count, off_t(slot * slotSize + offset)) == count
  }
}
