/// The tags of one picture of a TIFF file (TIFF 6.0, section 2; BigTIFF, Adobe 2007), or of one
/// part of an EXIF block, which is laid out in the same way (CIPA DC-008 §4.6).
struct TIFFDirectory: Sendable {
  struct Entry: Hashable, Sendable {
    var type: UInt16
    var count: Int
    /// The values, in the byte order of the file.
    var value: [UInt8]
  }

  var isBigEndian: Bool
  var entries: [UInt16: Entry] = [:]
  /// The tags whose values lie beyond the end of the file.
  var lostTags: [UInt16] = []

  /// Bytes of one value of each type; 0 for types that are unknown.
  static func byteCount(ofType type: UInt16) -> Int {
    switch type {
    case 1, 2, 6, 7: 1
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: 0
    }
  }

  /// The whole numbers of `tag`; `nil` if it is absent or of another type.
  func numbers(_ tag: UInt16) -> [Int]? {
    guard let entry = entries[tag], [1, 3, 4, 13, 16, 18].contains(entry.type) else { return nil }
    let size = Self.byteCount(ofType: entry.type)
    return (0..<entry.count).map { index in
      let bytes = entry.value[(index * size)..<((index + 1) * size)]
      let number = UInt64(bigEndian: isBigEndian ? bytes : ArraySlice(bytes.reversed()))
      return Int(clamping: number)
    }
  }

  /// The first whole number of `tag`.
  func number(_ tag: UInt16) -> Int? { numbers(tag)?.first }

  /// The fractions of `tag`.
  func fractions(_ tag: UInt16) -> [Double]? {
    guard let entry = entries[tag], entry.type == 5 else { return nil }
    return (0..<entry.count).map { index in
      let parts = (0..<2).map { part in
        let start = index * 8 + part * 4
        let bytes = entry.value[start..<(start + 4)]
        return Double(UInt64(bigEndian: isBigEndian ? bytes : ArraySlice(bytes.reversed())))
      }
      return parts[1] == 0 ? 0 : parts[0] / parts[1]
    }
  }

  /// Sets `tag` to 32-bit numbers, or to 16-bit ones.
  mutating func set(_ tag: UInt16, longs: [Int]) {
    entries[tag] = Entry(
      type: 4, count: longs.count,
      value: longs.flatMap { UInt32(clamping: $0).bytes(isBigEndian: isBigEndian) })
  }

  mutating func set(_ tag: UInt16, shorts: [Int]) {
    entries[tag] = Entry(
      type: 3, count: shorts.count,
      value: shorts.flatMap { UInt16(clamping: $0).bytes(isBigEndian: isBigEndian) })
  }

  mutating func set(_ tag: UInt16, fraction: (Int, Int)) {
    entries[tag] = Entry(
      type: 5, count: 1,
      value: [fraction.0, fraction.1].flatMap {
        UInt32(clamping: $0).bytes(isBigEndian: isBigEndian)
      })
  }

  /// The directory as it stands in a file at `offset`, followed by the values that do not fit into
  /// their entries.
  func serialized(at offset: Int, next: Int = 0) -> [UInt8] {
    let tags = entries.keys.sorted()
    var head = UInt16(clamping: tags.count).bytes(isBigEndian: isBigEndian)
    var tail: [UInt8] = []
    let tailOffset = offset + 2 + tags.count * 12 + 4
    for tag in tags {
      guard let entry = entries[tag] else { continue }
      head += tag.bytes(isBigEndian: isBigEndian) + entry.type.bytes(isBigEndian: isBigEndian)
      head += UInt32(clamping: entry.count).bytes(isBigEndian: isBigEndian)
      if entry.value.count <= 4 {
        head += entry.value + [UInt8](repeating: 0, count: 4 - entry.value.count)
      } else {
        head += UInt32(clamping: tailOffset + tail.count).bytes(isBigEndian: isBigEndian)
        tail += entry.value
        if tail.count % 2 == 1 { tail.append(0) }
      }
    }
    return head + UInt32(clamping: next).bytes(isBigEndian: isBigEndian) + tail
  }
}

/// Reads the directories of a TIFF file or an EXIF block.
struct TIFFReader<Source: ByteRanges> {
  let source: Source
  let isBigEndian: Bool
  /// Whether places are of 64 bits.
  let isBigTIFF: Bool
  let firstOffset: Int

  /// - Throws: `.corrupt` where no TIFF begins.
  init(_ source: Source) throws {
    self.source = source
    let head = try source.bytes(at: 0, count: 16)
    let isBigEndian = head.starts(with: [0x4D, 0x4D])
    guard head.count >= 8, isBigEndian || head.starts(with: [0x49, 0x49]) else {
      throw MediaError(.corrupt, "\(source.name) has no TIFF header.")
    }
    func number(_ range: Range<Int>) -> Int {
      let bytes = head[range]
      return Int(
        clamping: UInt64(bigEndian: isBigEndian ? bytes : ArraySlice(bytes.reversed())))
    }
    self.isBigEndian = isBigEndian
    isBigTIFF = number(2..<4) == 43 && head.count >= 16
    firstOffset = isBigTIFF ? number(8..<16) : number(4..<8)
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> Int {
    Int(clamping: UInt64(bigEndian: isBigEndian ? bytes : ArraySlice(bytes.reversed())))
  }

  /// The directory at `offset` and the place of the next, 0 if it is the last; `nil` if it lies
  /// beyond the end of the file.
  func directory(at offset: Int) throws -> (directory: TIFFDirectory, next: Int)? {
    let (countBytes, entryBytes, placeBytes) = isBigTIFF ? (8, 20, 8) : (2, 12, 4)
    let head = try source.bytes(at: offset, count: countBytes)
    guard head.count == countBytes else { return nil }
    let count = number(head[...])
    guard count > 0, count < 1 << 16 else { return nil }
    let body = try source.bytes(
      at: offset + countBytes, count: count * entryBytes + placeBytes)
    guard body.count >= count * entryBytes else { return nil }
    var result = TIFFDirectory(isBigEndian: isBigEndian)
    for index in 0..<count {
      let start = index * entryBytes
      let tag = UInt16(clamping: number(body[start..<(start + 2)]))
      let type = UInt16(clamping: number(body[(start + 2)..<(start + 4)]))
      let values = number(body[(start + 4)..<(start + 4 + placeBytes)])
      let size = TIFFDirectory.byteCount(ofType: type)
      let field = body[(start + 4 + placeBytes)..<(start + 4 + 2 * placeBytes)]
      let (total, overflows) = size.multipliedReportingOverflow(by: values)
      guard size > 0, !overflows else { continue }
      let value =
        total <= placeBytes
        ? Array(field.prefix(total)) : try source.bytes(at: number(field), count: total)
      if value.count == total {
        result.entries[tag] = TIFFDirectory.Entry(type: type, count: values, value: value)
      } else {
        result.lostTags.append(tag)
      }
    }
    let end = body[(count * entryBytes)...]
    return (result, end.count == placeBytes ? number(end) : 0)
  }

  /// All directories that are linked one to the next, and whether the chain ends as it should.
  func directories() throws -> (directories: [TIFFDirectory], isWhole: Bool) {
    var result: [TIFFDirectory] = []
    var seen: Set<Int> = []
    var offset = firstOffset
    while offset != 0 {
      guard seen.insert(offset).inserted, let (directory, next) = try directory(at: offset) else {
        return (result, false)
      }
      result.append(directory)
      offset = next
    }
    return (result, !result.isEmpty)
  }
}

extension UInt64 {
  /// The number that at most 8 bytes make, the most significant first.
  init(bigEndian bytes: ArraySlice<UInt8>) { self = bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// The bytes of the number in the given order.
  func bytes(isBigEndian: Bool) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? bigEndian : littleEndian) { Array($0) }
  }
}
