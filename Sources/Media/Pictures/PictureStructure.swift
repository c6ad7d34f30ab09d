/// What the structure of a picture file tells beside its samples: whether its end is there, and how
/// many pictures it holds.
enum PictureStructure {
  /// Bytes that a file lacks at its end.
  struct Shortfall: Hashable, Sendable {
    /// How many of them are samples that zeros can stand in for; 0 where the kind has none such.
    var samples: Int
  }

  /// What a picture lacks at its end; `nil` if it is whole or its kind does not tell.
  static func missingByteCount(of bytes: [UInt8], kind: PictureKind) -> Shortfall? {
    var reader = BlockReader(bytes: bytes)
    do {
      guard try !PictureExtent.skip(kind, &reader) else { return nil }
    } catch {
      // Not understood: the decoder will tell.
      return nil
    }
    let isRaw = [.dpx, .bmp, .pnm].contains(kind)
    // Some writers of DPX leave the size of the file undefined: all ones.
    if isRaw && reader.missing >= 1 << 31 { return nil }
    return Shortfall(samples: isRaw && reader.missing < 1 << 30 ? reader.missing : 0)
  }

  /// A picture that is cut off, brought into a form that decoders accept: a PNG gets an end behind the
  /// samples that are there. Others as they are.
  static func closed(_ bytes: [UInt8], kind: PictureKind) -> [UInt8] {
    guard kind == .png, bytes.count > 8 else { return bytes }
    var result = bytes
    let end = PNGChunks(bytes).reduce(8) { $1.range.upperBound }
    let isCutInSamples =
      end + 12 < bytes.count && bytes[(end + 4)..<(end + 8)].elementsEqual("IDAT".utf8)
    if isCutInSamples {
      // The checksum is not looked at where damage is passed over.
      let length = UInt32(bytes.count - end - 8).bytes(isBigEndian: true)
      result.replaceSubrange(end..<(end + 4), with: length)
      result += [0, 0, 0, 0]
    } else {
      result.removeSubrange(end...)
    }
    return result + [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
  }

  /// How many pictures a file holds that has been read as one; `nil` for one. Where only the number
  /// of those that follow the first is unknown, 2.
  static func pictureCount(of bytes: [UInt8], kind: PictureKind) -> Int? {
    let count: Int
    switch kind {
    case .png:
      count = max(framesOfPNG(ByteBlock(name: "", block: bytes)), concatenated(bytes, kind))
    case .jpeg: count = picturesOfJPEG(bytes) ?? concatenated(bytes, kind)
    case .gif: count = framesOfGIF(bytes)
    // OpenEXR file layout: bit 12 of the version tells that there are several parts.
    case .openEXR: count = bytes.count > 7 && bytes[5] & 0x10 != 0 ? 2 : 1
    case .pnm, .dpx, .bmp, .webp: count = concatenated(bytes, kind)
    case .tiff, .jpeg2000, .pfm: count = 1
    }
    return count > 1 ? count : nil
  }

  /// Whether a file is a still PNG, from header to end, with the right checksums. One that isn't may still be
  /// readable: the decoder tells.
  static func isIntactPNG(_ file: PictureFile) throws -> Bool {
    guard PictureKind(firstBytes: try file.bytes(at: 0, count: 18)) == .png,
      framesOfPNG(file) == 1, file.byteCount < PictureDecoder.mostBytes
    else { return false }
    let bytes = try file.contents()
    var names: Set<String> = []
    var end = 0
    for chunk in PNGChunks(bytes) {
      let sum = Checksum.ofPNGChunk(
        bytes[(chunk.data.lowerBound - 4)..<chunk.data.upperBound])
      let stored = UInt64(bigEndian: bytes[chunk.data.upperBound..<chunk.range.upperBound])
      guard sum == stored else { return false }
      names.insert(chunk.name)
      end = chunk.range.upperBound
    }
    return names.isSuperset(of: ["IHDR", "IDAT", "IEND"]) && end == bytes.count
  }

  /// Frames of an animated PNG (W3C PNG, third edition, §11.3.6.1), 1 for others.
  static func framesOfPNG(_ source: some ByteRanges) -> Int {
    var offset = 8
    while case .success(let head) = Result(catching: { try source.bytes(at: offset, count: 12) }),
      head.count == 12
    {
      let name = head[4..<8]
      if name.elementsEqual("acTL".utf8) { return Int(UInt64(bigEndian: head[8..<12])) }
      if name.elementsEqual("IDAT".utf8) { return 1 }
      offset += 12 + Int(UInt64(bigEndian: head[0..<4]))
    }
    return 1
  }

  /// Whether a WebP is animated (RFC 9649 §2.7.1: the bit A of VP8X).
  static func isAnimatedWebP(_ bytes: [UInt8]) -> Bool {
    bytes.count > 20 && bytes[12..<16].elementsEqual("VP8X".utf8) && bytes[20] & 2 != 0
  }

  /// Images of a GIF (GIF89a §20), as far as they are there.
  private static func framesOfGIF(_ bytes: [UInt8]) -> Int {
    guard bytes.count > 13 else { return 1 }
    func table(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 7) + 1) }
    var position = 13 + table(bytes[10])
    var count = 0
    while position + 10 < bytes.count {
      switch bytes[position] {
      case 0x21: position += 2
      case 0x2C:
        count += 1
        position += 11 + table(bytes[position + 9])
      default: return count
      }
      while position < bytes.count, bytes[position] != 0 { position += Int(bytes[position]) + 1 }
      position += 1
    }
    return count
  }

  /// Whether a JPEG lists further pictures in its file.
  static func listsOthers(_ bytes: [UInt8]) -> Bool { picturesOfJPEG(bytes) != nil }

  /// Views that a JPEG lists (CIPA DC-007 §5.2.3: APP2 with `MPF`); `nil` without a list. Smaller
  /// versions and what cameras add to a picture, such as gain maps, are no views.
  private static func picturesOfJPEG(_ bytes: [UInt8]) -> Int? {
    for segment in JPEGSegments(bytes) where segment.marker == 0xE2 {
      let payload = bytes[segment.payload]
      guard payload.starts(with: Array("MPF\0".utf8)) else { continue }
      let block = ByteBlock(name: "MPF", block: Array(payload.dropFirst(4)))
      let read = Result { () throws -> TIFFDirectory? in
        let reader = try TIFFReader(block)
        return try reader.directory(at: reader.firstOffset)?.directory
      }
      guard case .success(let directory?) = read, let list = directory.entries[0xB002]?.value else {
        return 1
      }
      // 16 bytes for each picture; the type lies in three bytes of the first word.
      let kinds = stride(from: 0, to: list.count - 15, by: 16).map { place in
        list[place + (directory.isBigEndian ? 1 : 2)]
      }
      return max(1, kinds.filter { $0 == 2 }.count)
    }
    return nil
  }

  /// Pictures of the same kind that follow each other without a gap.
  private static func concatenated(_ bytes: [UInt8], _ kind: PictureKind) -> Int {
    var reader = BlockReader(bytes: bytes)
    var count = 0
    while count == 0 || reader.begins(kind) {
      guard case .success(true) = Result(catching: { try PictureExtent.skip(kind, &reader) }) else {
        return max(count, 1)
      }
      count += 1
    }
    return count
  }

  private struct BlockReader: PictureExtent.Reader {
    let bytes: [UInt8]
    var position = 0
    /// How many bytes were asked for beyond the end.
    var missing = 0

    mutating func byte() -> UInt8? {
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      return bytes[position]
    }

    mutating func drop(_ count: Int) -> Bool {
      missing = max(0, count - (bytes.count - position))
      position = min(position + count, bytes.count)
      return missing == 0
    }

    func begins(_ kind: PictureKind) -> Bool {
      PictureKind(firstBytes: Array(bytes[position...].prefix(18))) == kind
    }
  }
}

/// The marker segments in front of the samples of a JPEG (ITU-T T.81 §B.1.1.4).
struct JPEGSegments: Sequence, IteratorProtocol {
  struct Segment: Hashable, Sendable {
    var marker: UInt8
    /// All of the segment, marker and length included.
    var range: Range<Int>
    /// What follows the length.
    var payload: Range<Int>
  }

  private let bytes: [UInt8]
  private var position = 2

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Segment? {
    let start = position
    while position < bytes.count, bytes[position] == 0xFF { position += 1 }
    guard position > start, position + 3 <= bytes.count else { return nil }
    let marker = bytes[position]
    // The scan begins, or the picture ends.
    guard marker != 0xDA, marker != 0xD9 else { return nil }
    let length = Int(bytes[position + 1]) << 8 | Int(bytes[position + 2])
    let end = position + 1 + length
    guard length >= 2, end <= bytes.count else { return nil }
    let payload = (position + 3)..<end
    position = end
    return Segment(marker: marker, range: start..<end, payload: payload)
  }
}

/// Files that bear the name of a picture and are something else.
enum ForeignFile {
  /// What it is, to follow "is not a picture"; empty if it is not recognized.
  static func words(for bytes: [UInt8]) -> String {
    if bytes.dropFirst(4).starts(with: "ftyp".utf8) {
      let brand = String(decoding: bytes.dropFirst(8).prefix(4), as: UTF8.self)
      switch brand {
      case "heic", "heix", "mif1", "msf1", "hevc": return " in a supported format, but HEIC"
      case "avif", "avis": return " in a supported format, but AVIF"
      default: return " but a film"
      }
    }
    let start = String(decoding: bytes.prefix(256), as: UTF8.self).lowercased()
      .drop { $0.isWhitespace }
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return " but a web page" }
    if start.hasPrefix("<?xml") || start.hasPrefix("<svg") { return " but XML" }
    if start.hasPrefix("%pdf") { return " but a PDF" }
    if bytes.starts(with: Array("8BPS".utf8)) {
      return " in a supported format, but a Photoshop file"
    }
    if bytes.allSatisfy({ $0 == 0 }) { return ": it contains only zeros" }
    return ""
  }
}
