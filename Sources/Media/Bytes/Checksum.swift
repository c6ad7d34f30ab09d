import CFFmpeg
package import Imaging

/// CRC-32 (IEEE 802.3), as FFmpeg has it.
enum Checksum {
  /// - Parameter before: that of the bytes before, where they are summed piece by piece.
  static func of(_ bytes: UnsafeRawBufferPointer, after before: UInt32 = 0) -> UInt32 {
    av_crc(
      av_crc_get_table(AV_CRC_32_IEEE_LE), before,
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// As a chunk of a PNG has it, of the chunk's name and data (W3C PNG, third edition, §5.3).
  static func ofPNGChunk(_ nameAndData: ArraySlice<UInt8>) -> UInt32 {
    nameAndData.withUnsafeBytes { ~of($0, after: .max) }
  }
}

/// 64 bits of MurmurHash3 (the 128-bit variant for 64-bit processors), as FFmpeg has it: tells whether bytes
/// are as they were written, at several times the speed of a CRC, of which an uncompressed film would feel
/// each.
final class DamageSum {
  /// Of a sum.
  static let byteCount = 8
  private let state: OpaquePointer

  init() throws {
    guard let state = av_murmur3_alloc() else { throw MediaError.outOfMemory }
    self.state = state
  }

  deinit { av_free(UnsafeMutableRawPointer(state)) }

  func begin() { av_murmur3_init(state) }

  func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    av_murmur3_update(state, base.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// Of all bytes since `begin`.
  func value() -> UInt64 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { digest in
      av_murmur3_final(state, digest.baseAddress)
      return UnsafeRawBufferPointer(digest).loadUnaligned(as: UInt64.self).littleEndian
    }
  }

  func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    begin()
    add(bytes)
    return value()
  }
}

extension Picture {
  /// A CRC-32 of the first plane's samples, to recognize a picture that is decoded again.
  package var lumaChecksum: UInt32 {
    let plane = planes[0]
    let bytesPerRow = plane.width * (plane.bitDepth > 8 ? 2 : 1)
    return withExtendedLifetime(plane) {
      (0..<plane.height).reduce(UInt32(0)) { sum, row in
        Checksum.of(
          UnsafeRawBufferPointer(start: plane.base + row * plane.bytesPerRow, count: bytesPerRow),
          after: sum)
      }
    }
  }
}
