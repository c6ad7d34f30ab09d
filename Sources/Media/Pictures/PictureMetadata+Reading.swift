import Imaging

extension PictureMetadata {
  private static let exifHead = Array("Exif\0\0".utf8)
  private static let xmpHead = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
  private static let iccHead = Array("ICC_PROFILE\0".utf8)
  private static let photoshopHead = Array("Photoshop 3.0\0".utf8)

  /// What a picture file tells beside its samples; TIFF has its own initializer.
  ///
  /// - Parameter profile: The ICC profile as the decoder has it.
  init(_ bytes: [UInt8], kind: PictureKind, profile: [UInt8]?) {
    self.init()
    switch kind {
    case .jpeg: readJPEG(bytes)
    case .png: readPNG(bytes)
    case .webp: readWebP(bytes)
    case .bmp: readBMP(bytes)
    case .tiff, .pnm, .dpx, .jpeg2000, .openEXR, .pfm, .gif: break
    }
    iccProfile = iccProfile ?? profile
    resolution = resolution ?? exif.flatMap { ExifBlock($0).resolution }
  }

  /// What a page of a TIFF tells beside its samples.
  init<Source>(page: TIFFDirectory, in reader: TIFFReader<Source>) {
    self.init()
    if case .success(let block) = Result(catching: { try ExifBlock(page: page, in: reader) }),
      !block.bytes.isEmpty
    {
      exif = block.bytes
    }
    iccProfile = page.entries[TIFFTag.iccProfile]?.value
    xmp = page.entries[TIFFTag.xmp]?.value
    // Some writers give the bytes as 32-bit words.
    iptc = page.entries[TIFFTag.iptc]?.value
    resolution = PictureResolution(page)
  }

  private mutating func readJPEG(_ bytes: [UInt8]) {
    var profile: [UInt8: ArraySlice<UInt8>] = [:]
    for segment in JPEGSegments(bytes) {
      let payload = bytes[segment.payload]
      switch segment.marker {
      case 0xE0 where payload.starts(with: "JFIF\0".utf8) && payload.count >= 12:
        let start = payload.startIndex
        let x = Double(Int(payload[start + 8]) << 8 | Int(payload[start + 9]))
        let y = Double(Int(payload[start + 10]) << 8 | Int(payload[start + 11]))
        // JFIF 1.02: 1 is the inch, 2 the centimeter.
        let unit = [1: 1.0, 2: 2.54][payload[start + 7]]
        if let unit, x > 0, y > 0 {
          resolution = PictureResolution(horizontal: x * unit, vertical: y * unit)
        }
      case 0xE1 where payload.starts(with: Self.exifHead) && exif == nil:
        exif = Array(payload.dropFirst(6))
      case 0xE1 where payload.starts(with: Self.xmpHead) && xmp == nil:
        xmp = Array(payload.dropFirst(Self.xmpHead.count))
      case 0xE2 where payload.starts(with: Self.iccHead) && payload.count > 14:
        profile[payload[payload.startIndex + 12]] = payload.dropFirst(14)
      case 0xED where payload.starts(with: Self.photoshopHead):
        iptc = Self.iptc(inResources: payload.dropFirst(Self.photoshopHead.count)) ?? iptc
      // FFmpeg signs what it encodes.
      case 0xFE where !payload.starts(with: "Lavc".utf8): comments.append(Array(payload))
      default: break
      }
    }
    if !profile.isEmpty { iccProfile = profile.sorted { $0.key < $1.key }.flatMap(\.value) }
  }

  /// The IPTC records among Photoshop's resources: `8BIM`, number, name, length, data, all padded to
  /// even lengths.
  private static func iptc(inResources bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = bytes
    while rest.count >= 12, rest.starts(with: "8BIM".utf8) {
      let head = Array(rest.prefix(7))
      let nameBytes = (Int(head[6]) + 2) / 2 * 2
      let after = rest.dropFirst(6 + nameBytes)
      guard after.count >= 4 else { return nil }
      let length = Int(UInt64(bigEndian: after.prefix(4)))
      let data = after.dropFirst(4).prefix(length)
      if head[4] == 4, head[5] == 4 { return data.count == length ? Array(data) : nil }
      rest = after.dropFirst(4 + (length + 1) / 2 * 2)
    }
    return nil
  }

  private mutating func readPNG(_ bytes: [UInt8]) {
    for chunk in PNGChunks(bytes) {
      let data = bytes[chunk.data]
      switch chunk.name {
      case "pHYs" where data.count == 9 && data.last == 1:
        let x = Double(UInt64(bigEndian: data.prefix(4)))
        let y = Double(UInt64(bigEndian: data.dropFirst(4).prefix(4)))
        // Samples per meter, rounded: 300 per inch are 11811.
        if x > 0, y > 0 {
          resolution = PictureResolution(
            horizontal: Self.perInch(perMeter: x), vertical: Self.perInch(perMeter: y))
        }
      case "eXIf": exif = Array(data)
      case "iTXt" where data.starts(with: "XML:com.adobe.xmp\0\0\0\0\0".utf8):
        xmp = Array(data.dropFirst(22))
      case "tEXt", "zTXt", "iTXt", "tIME": textChunks.append(Array(chunk.name.utf8) + data)
      default: break
      }
    }
  }

  /// The whole number of samples per inch that a rounded number per meter stands for, if there is one.
  private static func perInch(perMeter: Double) -> Double {
    let exact = perMeter * 0.0254
    return abs((exact.rounded() / 0.0254).rounded() - perMeter) < 0.5 ? exact.rounded() : exact
  }

  private mutating func readWebP(_ bytes: [UInt8]) {
    var position = 12
    while position + 8 <= bytes.count {
      let name = String(decoding: bytes[position..<(position + 4)], as: UTF8.self)
      let size = Int(
        UInt64(bigEndian: ArraySlice(bytes[(position + 4)..<(position + 8)].reversed())))
      let data = bytes[(position + 8)...].prefix(size)
      switch name {
      // Some writers put JPEG's head in front.
      case "EXIF":
        exif = Array(data.starts(with: Self.exifHead) ? data.dropFirst(6) : data)
      case "XMP ": xmp = Array(data)
      case "ICCP": iccProfile = Array(data)
      default: break
      }
      position += 8 + size + size % 2
    }
  }

  private mutating func readBMP(_ bytes: [UInt8]) {
    guard bytes.count >= 46, bytes[14] >= 40 else { return }
    func perMeter(_ place: Int) -> Double {
      Double(UInt64(bigEndian: ArraySlice(bytes[place..<(place + 4)].reversed())))
    }
    let (x, y) = (perMeter(38), perMeter(42))
    guard x > 0, y > 0, x < 1e7, y < 1e7 else { return }
    resolution = PictureResolution(
      horizontal: Self.perInch(perMeter: x), vertical: Self.perInch(perMeter: y))
  }

  /// How the picture lies that the metadata came with.
  var orientation: PictureOrientation { exif.map { ExifBlock($0).orientation } ?? .upright }

  /// The metadata of the upright picture that was made of one that lay as `orientation` tells.
  func describing(width: Int, height: Int, turnedFrom orientation: PictureOrientation)
    -> PictureMetadata
  {
    var result = self
    if orientation.swapsSides, let old = resolution {
      result.resolution = PictureResolution(horizontal: old.vertical, vertical: old.horizontal)
    }
    if let exif {
      var block = ExifBlock(exif)
      block.describe(width: width, height: height)
      result.exif = block.bytes
    }
    if orientation != .upright, let xmp { result.xmp = Self.upright(xmp) }
    return result
  }

  /// An XMP packet whose `tiff:Orientation`, an attribute or an element, is 1.
  private static func upright(_ xmp: [UInt8]) -> [UInt8] {
    var result = xmp
    for head in ["tiff:Orientation=\"", "tiff:Orientation='", "<tiff:Orientation>"] {
      let head = Array(head.utf8)
      guard result.count > head.count else { continue }
      for place in 0..<(result.count - head.count)
      where result[place] == head[0] && result[place...].starts(with: head) {
        result[place + head.count] = 0x31
      }
    }
    return result
  }
}

/// The chunks of a PNG (W3C PNG §5.3), the signature passed over.
struct PNGChunks: Sequence, IteratorProtocol {
  struct Chunk {
    var name: String
    /// All of the chunk, length and checksum included.
    var range: Range<Int>
    var data: Range<Int>
  }

  private let bytes: [UInt8]
  private var position = 8

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Chunk? {
    guard position + 12 <= bytes.count else { return nil }
    let length = Int(UInt64(bigEndian: bytes[position..<(position + 4)]))
    let end = position + 12 + length
    guard end <= bytes.count else { return nil }
    defer { position = end }
    return Chunk(
      name: String(decoding: bytes[(position + 4)..<(position + 8)], as: UTF8.self),
      range: position..<end, data: (position + 8)..<(end - 4))
  }
}
