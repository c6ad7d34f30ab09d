/// Follows the structure of a container while its bytes are read, and finds the first place where its
/// parts do not fit together. Demuxers look for the next part that they know, and say nothing of what
/// they passed over.
package protocol ContainerStructure {
  /// What does not fit, in words, and at which byte; `nil` as long as everything does.
  var damage: (what: String, place: Int64)? { get }

  /// Takes bytes that were read from `position` on. Those out of turn, as of an index at the end, are
  /// passed over; after a jump that leaves out what must be seen, nothing more is found.
  mutating func follow(_ bytes: UnsafeRawBufferPointer, at position: Int64)
}

/// The pages of Ogg (RFC 3533 §6), which follow each other without a gap. What is damaged within them
/// has a checksum that the demuxer looks at.
package struct OggStructure: ContainerStructure {
  package private(set) var damage: (what: String, place: Int64)?
  /// The next byte that counts.
  private var next: Int64 = 0
  private var header: [UInt8] = []

  static let magic = Array("OggS".utf8)

  package init() {}

  package mutating func follow(_ bytes: UnsafeRawBufferPointer, at position: Int64) {
    guard damage == nil, position <= next else { return }
    while next < position + Int64(bytes.count) {
      header.append(bytes[Int(next - position)])
      next += 1
      if header.count == 4, header != Self.magic {
        damage = ("no page begins where the previous one ends", next - 4)
        return
      }
      // The last byte of 27 tells how many lengths follow.
      if header.count >= 27, header.count == 27 + Int(header[26]) {
        next += header[27...].reduce(Int64(0)) { $0 + Int64($1) }
        header = []
      }
    }
  }
}

/// The packets of an MPEG transport stream (ISO/IEC 13818-1 §2.4.3): each begins with its synchronization
/// byte, and what begins a picture begins as elementary streams do.
package struct TransportStructure: ContainerStructure {
  package private(set) var damage: (what: String, place: Int64)?
  private var next: Int64 = 0
  /// What is there of a packet that the bytes so far do not hold whole.
  private var partial: [UInt8] = []
  /// The last places at which another stream begins that was joined to the one before: its table of
  /// programs is counted from 0 again.
  private(set) var joins: [Int64] = []
  private var tableCounter: UInt8?
  /// Those that have carried elementary streams.
  private var elementaryStreams: Set<Int> = []

  static let packetByteCount = 188

  package init() {}

  /// Whether `head`, of at least two packets, is a transport stream without further bytes between.
  static func begins(_ head: [UInt8]) -> Bool {
    head.count > 2 * packetByteCount
      && [0, 1, 2].allSatisfy { head[$0 * packetByteCount] == 0x47 }
  }

  package mutating func follow(_ bytes: UnsafeRawBufferPointer, at position: Int64) {
    guard damage == nil, position <= next else { return }
    let size = Self.packetByteCount
    while next < position + Int64(bytes.count), damage == nil {
      let start = Int(next - position)
      let count = min(size - partial.count, bytes.count - start)
      next += Int64(count)
      let slice = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
      if partial.isEmpty, count == size {
        check(slice)
      } else {
        partial += slice
        guard partial.count == size else { return }
        let whole = partial
        partial = []
        whole.withUnsafeBytes { check($0) }
      }
    }
  }

  private mutating func check(_ packet: UnsafeRawBufferPointer) {
    let place = next - Int64(packet.count)
    guard packet[0] == 0x47 else {
      damage = ("a packet does not begin with its synchronization byte", place)
      return
    }
    let (begins, isScrambled) = (packet[1] & 0x40 != 0, packet[3] & 0xC0 != 0)
    let number = Int(packet[1] & 0x1F) << 8 | Int(packet[2])
    if number == 0 {
      let counter = packet[3] & 0x0F
      if let tableCounter, counter == 0, tableCounter != 15 {
        joins = joins.suffix(7) + [place]
      }
      tableCounter = counter
    }
    guard begins, !isScrambled, packet[3] & 0x10 != 0 else { return }
    let payload = packet[3] & 0x20 == 0 ? 4 : 5 + Int(packet[4])
    guard payload + 3 <= packet.count else { return }
    let isElementary = packet[payload] == 0 && packet[payload + 1] == 0 && packet[payload + 2] == 1
    if isElementary {
      elementaryStreams.insert(number)
    } else if elementaryStreams.contains(number) {
      damage = ("the start code of a picture or audio packet is missing", place)
    }
  }
}
