/// Follows the elements of a Matroska file (RFC 9559) while its bytes are read, and finds the first place
/// where they do not fit together. FFmpeg passes over elements that it does not know without a word, and
/// a block whose identifier is damaged is such a one.
package struct MatroskaStructure: ContainerStructure {
  package private(set) var damage: (what: String, place: Int64)?

  private enum Level { case root, segment, cluster, blockGroup, tracks, trackEntry }

  private struct Parent {
    var level: Level
    /// Where it ends; `nil` if it does not say so, as in a stream.
    var end: Int64?
  }

  private var parents = [Parent(level: .root, end: nil)]
  /// The next byte that counts; what lies before it is passed over.
  private var next: Int64 = 0
  /// The start of the element whose header is being gathered, and its bytes so far.
  private var header: [UInt8] = []
  /// What the bytes that are gathered after a header are for.
  private var content: (kind: Content, wanted: Int, bytes: [UInt8], end: Int64)?
  private var trackNumbers: Set<Int64> = []
  private var isOver = false

  private enum Content { case trackNumber, block }

  package init() {}

  /// The EBML header's identifier.
  static let magic: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3]
  private static let segment: UInt32 = 0x1853_8067
  private static let cluster: UInt32 = 0x1F43_B675
  private static let tracks: UInt32 = 0x1654_AE6B
  /// SeekHead, Info, Tracks, Cues, Attachments, Chapters, Tags, Cluster.
  private static let inSegment: Set<UInt32> = [
    0x114D_9B74, 0x1549_A966, tracks, 0x1C53_BB6B, 0x1941_A469, 0x1043_A770, 0x1254_C367, cluster,
  ]
  /// Timestamp, Position, PrevSize, SimpleBlock, BlockGroup, SilentTracks, EncryptedBlock.
  private static let inCluster: Set<UInt32> = [0xE7, 0xA7, 0xAB, 0xA3, 0xA0, 0x5854, 0xAF]
  /// Block, BlockVirtual, BlockAdditions, BlockDuration, ReferencePriority, ReferenceBlock,
  /// ReferenceVirtual, CodecState, DiscardPadding, Slices, ReferenceFrame.
  private static let inBlockGroup: Set<UInt32> = [
    0xA1, 0xA2, 0x75A1, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A2, 0x8E, 0xC8,
  ]
  /// Those of them that hold a number, in at most 8 bytes.
  private static let numbers: Set<UInt32> = [
    0xE7, 0xA7, 0xAB, 0x9B, 0xFA, 0xFB, 0xFD, 0x75A2,
  ]
  /// Void and CRC-32, which may stand everywhere.
  private static let everywhere: Set<UInt32> = [0xEC, 0xBF]

  package mutating func follow(_ bytes: UnsafeRawBufferPointer, at position: Int64) {
    guard !isOver, position <= next else { return }
    while next < position + Int64(bytes.count) {
      take(bytes[Int(next - position)])
      if isOver { return }
    }
  }

  private mutating func take(_ byte: UInt8) {
    next += 1
    if var content {
      content.bytes.append(byte)
      self.content = content
      if content.bytes.count == content.wanted { finish(content) }
      return
    }
    if header.isEmpty { leaveParents() }
    header.append(byte)
    let idLength = header[0].leadingZeroBitCount + 1
    guard idLength <= 4 else { return fail("there is no valid element ID", at: next - 1) }
    guard header.count > idLength else { return }
    let sizeLength = header[idLength].leadingZeroBitCount + 1
    let start = next - Int64(header.count)
    guard sizeLength <= 8 else { return fail("an element has no valid length", at: start) }
    guard header.count == idLength + sizeLength else { return }
    let id = header[..<idLength].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let first = Int64(header[idLength]) & ((1 << (8 - sizeLength)) - 1)
    let value = header[(idLength + 1)...].reduce(first) { $0 << 8 | Int64($1) }
    header = []
    enter(id, size: value == (1 << (7 * sizeLength)) - 1 ? nil : value, start: start)
  }

  /// Leaves what ends here.
  private mutating func leaveParents() {
    while parents.count > 1, let end = parents[parents.count - 1].end, next - 1 >= end {
      parents.removeLast()
    }
  }

  private mutating func enter(_ id: UInt32, size: Int64?, start: Int64) {
    // A cluster without a length ends where an element of the segment begins.
    if Self.inSegment.contains(id) {
      while let parent = parents.last, parent.end == nil,
        parent.level == .cluster || parent.level == .blockGroup
      {
        parents.removeLast()
      }
    }
    let parent = parents[parents.count - 1]
    let known: Set<UInt32>? =
      switch parent.level {
      case .root, .tracks, .trackEntry: nil
      case .segment: Self.inSegment
      case .cluster: Self.inCluster
      case .blockGroup: Self.inBlockGroup
      }
    if let known, !known.contains(id), !Self.everywhere.contains(id) {
      return fail(
        "there is an unknown element \(String(id, radix: 16, uppercase: true))", at: start)
    }
    if known != nil, Self.numbers.contains(id), size ?? 9 > 8 {
      return fail("a number is longer than 8 bytes", at: start)
    }
    let end = size.map { next + $0 }
    if let end, let limit = parent.end, end > limit {
      return fail("an element is longer than its parent", at: start)
    }
    switch (parent.level, id) {
    case (.root, Self.segment): parents.append(Parent(level: .segment, end: end))
    case (.segment, Self.cluster): parents.append(Parent(level: .cluster, end: end))
    case (.segment, Self.tracks): parents.append(Parent(level: .tracks, end: end))
    case (.tracks, 0xAE): parents.append(Parent(level: .trackEntry, end: end))
    case (.cluster, 0xA0): parents.append(Parent(level: .blockGroup, end: end))
    default:
      guard let end, let size else {
        // Only segments and clusters may be without; what follows can't be told.
        isOver = true
        return
      }
      if parent.level == .trackEntry, id == 0xD7, (1...8).contains(size) {
        content = (.trackNumber, Int(size), [], end)
      } else if id == 0xA3 || id == 0xA1, size > 0 {
        content = (.block, 1, [], end)
      } else {
        next = end
      }
    }
  }

  private mutating func finish(
    _ content: (kind: Content, wanted: Int, bytes: [UInt8], end: Int64)
  ) {
    self.content = nil
    switch content.kind {
    case .trackNumber:
      trackNumbers.insert(content.bytes.reduce(0) { $0 << 8 | Int64($1) })
    case .block:
      // Numbers above 126, of more bytes, are not looked at.
      let first = content.bytes[0]
      let isKnown = first & 0x80 == 0 || trackNumbers.contains(Int64(first & 0x7F))
      if first == 0 || !isKnown && !trackNumbers.isEmpty {
        return fail("a block names a track that does not exist", at: next - 1)
      }
    }
    next = content.end
  }

  private mutating func fail(_ what: String, at place: Int64) {
    isOver = true
    // Behind the end of the last segment there may be anything.
    if parents.count > 1 { damage = (what, place) }
  }
}
