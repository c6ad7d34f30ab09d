/// Packets of the other streams that wait to be handed on with a frame.
struct GatheredPackets {
  /// Packets are handed on without waiting for a frame beyond either of these.
  private static let countLimit = 2048
  private static let byteLimit = 8 << 20

  private var packets: [CopiedPacket] = []
  private var byteCount = 0

  var isEmpty: Bool { packets.isEmpty }
  /// Whether they should wait no longer.
  var isFull: Bool { packets.count >= Self.countLimit || byteCount >= Self.byteLimit }

  mutating func append(_ packet: CopiedPacket) {
    packets.append(packet)
    byteCount += packet.byteCount
  }

  /// Hands out all, in order.
  mutating func takeAll() -> [CopiedPacket] {
    defer { self = GatheredPackets() }
    return packets
  }

  mutating func removeFirst() { byteCount -= packets.removeFirst().byteCount }

  func forEach(_ body: (CopiedPacket) -> Void) { packets.forEach(body) }

  mutating func removeAll(where shouldGo: (CopiedPacket) -> Bool) {
    packets.removeAll(where: shouldGo)
    byteCount = packets.reduce(0) { $0 + $1.byteCount }
  }
}
