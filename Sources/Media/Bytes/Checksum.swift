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
