/// How long a file says it is. FFmpeg takes the end of a cut-off file for its end; an archive wants
/// to know.
enum ContainerExtent {
  /// How many bytes `input`, a regular file at its start, lacks by its own account; 0 if it is whole
  /// or does not tell. The input is back at its start afterwards.
  static func missingByteCount(of input: ByteInput) throws -> Int64 {
    guard input.isSeekable, let size = input.byteCount, size >= 16 else { return 0 }
    let declared = try declaredByteCount(of: input, size: size)
    try input.seek(to: 0)
    return max(0, (declared ?? size) - size)
  }

  private static func declaredByteCount(of input: ByteInput, size: Int64) throws -> Int64? {
    let head = try input.peek(64)
    if head.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return matroskaSize(head) }
    if head[4..<8].elementsEqual("ftyp".utf8) { return try isoSize(input, size: size) }
    // OpenDML files go on with further RIFF chunks, so that only too small a file is certain.
    if head.starts(with: "RIFF".utf8) { return 8 + little32(head, 4) }
    return nil
  }

  /// The end of the Segment element (RFC 9559 §5.1), which follows the EBML header; `nil` if its
  /// size is unknown, as in a stream.
  private static func matroskaSize(_ head: [UInt8]) -> Int64? {
    guard let header = variableInteger(head, at: 4), let headerSize = header.value else {
      return nil
    }
    let segment = 4 + header.length + Int(headerSize)
    guard segment + 4 < head.count,
      head[segment..<segment + 4].elementsEqual([0x18, 0x53, 0x80, 0x67]),
      let body = variableInteger(head, at: segment + 4), let size = body.value
    else { return nil }
    return Int64(segment + 4 + body.length) + size
  }

  /// RFC 8794 §4: the count of leading zeros tells the length; all ones mean unknown.
  private static func variableInteger(
    _ bytes: [UInt8], at index: Int
  ) -> (value: Int64?, length: Int)? {
    guard index < bytes.count else { return nil }
    let length = bytes[index].leadingZeroBitCount + 1
    guard length <= 8, index + length <= bytes.count else { return nil }
    var value = Int64(bytes[index]) & ((1 << (8 - length)) - 1)
    for byte in bytes[(index + 1)..<(index + length)] { value = value << 8 | Int64(byte) }
    return (value == (1 << (7 * length)) - 1 ? nil : value, length)
  }

  /// The end of the last top-level box (ISO/IEC 14496-12 §4.2).
  private static func isoSize(_ input: ByteInput, size: Int64) throws -> Int64? {
    var offset: Int64 = 0
    while offset + 8 <= size {
      try input.seek(to: offset)
      let box = try input.peek(16)
      guard box.count >= 8 else { return nil }
      var length = big(box, 0, 4)
      if length == 1, box.count >= 16 { length = big(box, 8, 8) }
      if length == 0 { return size }
      guard length >= 8, offset <= Int64.max - length else { return nil }
      offset += length
    }
    return offset
  }

  /// Whether `input`, a pipe at its start, is an ISO file (ISO/IEC 14496-12 §8.1) whose pictures come
  /// before the index without which they can't be read. Waits for no more than the boxes before.
  static func indexComesTooLate(in input: ByteInput) throws -> Bool {
    guard !input.isSeekable else { return false }
    var offset = 0
    while offset < 1 << 16 {
      let head = try input.peek(offset + 16)
      guard head.count >= offset + 8 else { return false }
      var length = big(head, offset, 4)
      if length == 1, head.count >= offset + 16 { length = big(head, offset + 8, 8) }
      switch String(decoding: head[offset + 4..<offset + 8], as: UTF8.self) {
      // What is as short as this lies in FFmpeg's buffer still when the index comes.
      case "mdat": return length == 0 || length > 1 << 15
      case "ftyp", "free", "skip", "wide", "uuid", "pnot", "PICT": break
      default: return false
      }
      guard length >= 8, length < 1 << 16 else { return false }
      offset += Int(length)
    }
    return false
  }

  private static func big(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64 {
    bytes[start..<start + count].reduce(0) { $0 << 8 | Int64($1) }
  }

  private static func little32(_ bytes: [UInt8], _ start: Int) -> Int64 {
    bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int64($1) }
  }
}
