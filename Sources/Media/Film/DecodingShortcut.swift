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
