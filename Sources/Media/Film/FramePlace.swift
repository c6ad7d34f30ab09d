import CFFmpeg
import Imaging

/// Where in a source a frame was, so that another run finds it without decoding all that is before.
public struct FramePlace: Codable, Hashable, Sendable {
  /// The frame's number among those that the source gave.
  var index: Int
  /// Its number among those that were decoded, or its place in a list of pictures.
  var number: Int
  /// Its time stamp in the file, in units of the stream.
  var time: Int64
  /// Those of the frame before it.
  var previousTime: Int64?
  var previousDuration: Int64 = 0
  /// What was damaged up to it: then all is decoded again, and told again.
  var isDamagedBefore: Bool
}

extension Picture {
  /// A CRC-32 of the first plane's samples, to recognize a picture that is decoded again.
  package var lumaChecksum: UInt32 {
    let plane = planes[0]
    let bytesPerRow = plane.width * (plane.bitDepth > 8 ? 2 : 1)
    return withExtendedLifetime(plane) {
      (0..<plane.height).reduce(UInt32(0)) { sum, row in
        av_crc(
          av_crc_get_table(AV_CRC_32_IEEE_LE), sum,
          (plane.base + row * plane.bytesPerRow).assumingMemoryBound(to: UInt8.self), bytesPerRow)
      }
    }
  }
}

/// Holds back the packets of a film's picture until the one that is wanted is near, so that only what that one
/// needs is decoded.
struct DecodingShortcut {
  /// The frame that is wanted.
  let place: FramePlace
  /// Packets from a key packet on, up to the last key packet; and from that on. Frames after a key packet may
  /// need others from before it, so that two such groups are decoded.
  private var older: [CopiedPacket] = []
  private var newer: [CopiedPacket] = []
  private var byteCount = 0

  /// What is held back at most; a film with key packets that far apart is decoded from there on.
  private static let mostBytes = 128 << 20

  init(to place: FramePlace) { self.place = place }

  /// Takes the next packet.
  /// - Returns: `nil` where it is held back; what is to be decoded from here on, in order, and whether the
  ///   decoder is to forget all before, where holding back has ended; the packet itself before the first key
  ///   packet.
  mutating func take(_ packet: CopiedPacket) -> (packets: [CopiedPacket], endsHolding: Bool)? {
    let time = packet.presentationTime ?? packet.decodingTime
    let isPast = time.map { $0 > place.time } ?? true
    if isPast || byteCount > Self.mostBytes {
      return (older + newer + [packet], true)
    }
    if packet.isKey {
      byteCount -= older.reduce(0) { $0 + $1.byteCount }
      (older, newer) = (newer, [])
    } else if newer.isEmpty {
      return ([packet], false)
    }
    newer.append(packet)
    byteCount += packet.byteCount
    return nil
  }

  /// What is held back at the end of the input.
  var rest: [CopiedPacket] { older + newer }

  /// Whether anything is held back.
  var holds: Bool { !newer.isEmpty }
}
