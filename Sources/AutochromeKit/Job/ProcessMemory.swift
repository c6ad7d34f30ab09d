import Imaging

/// The memory of the whole process.
package enum ProcessMemory {
  /// Keeps peak memory from creeping up with the length of a film. Changes the C library's allocator
  /// for the whole process, so that only a program should call it, at its start.
  package static func keepFlat() { AlignedBuffer.returnLargeBlocksToSystem() }
}
