import Imaging

extension PictureMetadata {
  /// What of this does not fit into pictures that `encoder` writes, in words for the user.
  func notesOfWhatIsLeftOut(by encoder: String) -> [String] {
    var notes: [String] = []
    let holdsAll = ["png", "mjpeg", "tiff"].contains(encoder)
    if let iccProfile {
      if !holdsAll {
        notes.append("The ICC profile is left out: \(encoder) pictures can't hold it.")
      } else if ICCProfile(iccProfile).forColor == nil {
        notes.append("The ICC profile is left out: it does not apply to color pictures.")
      } else if !ICCProfile(iccProfile).isRGB {
        notes.append("The gray ICC profile is replaced by an RGB profile with the same tone curve.")
      }
    }
    if !holdsAll, exif != nil || xmp != nil || iptc != nil {
      notes.append("EXIF, XMP and IPTC are left out: \(encoder) pictures can't hold them.")
    }
    return notes
  }

  /// The picture file that an encoder gave, with this in it as far as the kind holds it.
  func added(to bytes: [UInt8], encoder: String) -> [UInt8] {
    switch encoder {
    case "mjpeg": return addedToJPEG(bytes)
    case "png": return addedToPNG(bytes)
    case "tiff": return addedToTIFF(bytes)
    case "bmp": return addedToBMP(bytes)
    default: return bytes
    }
  }

  private var profileForColor: [UInt8]? { iccProfile.flatMap { ICCProfile($0).forColor?.bytes } }

  // MARK: JPEG

  private func addedToJPEG(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.starts(with: [0xFF, 0xD8]) else { return bytes }
    var head: [UInt8] = [0xFF, 0xD8]
    func add(_ marker: UInt8, _ payload: [UInt8]) {
      guard payload.count <= 65533 else { return }
      head += [0xFF, marker] + UInt16(payload.count + 2).bytes(isBigEndian: true) + payload
    }
    var rest = bytes[2...]
    let old = Array(JPEGSegments(bytes).prefix { $0.marker == 0xE0 })
    if let last = old.last { rest = bytes[last.range.upperBound...] }
    if let resolution {
      let density = [resolution.horizontal, resolution.vertical].flatMap {
        UInt16(clamping: Int(min($0, 65535).rounded())).bytes(isBigEndian: true)
      }
      add(0xE0, Array("JFIF\0".utf8) + [1, 2, 1] + density + [0, 0])
    } else if let last = old.last {
      head += bytes[2..<last.range.upperBound]
    }
    if let exif { add(0xE1, Array("Exif\0\0".utf8) + exif) }
    if let xmp { add(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + xmp) }
    if let iptc {
      let resource =
        Array("8BIM".utf8) + [4, 4, 0, 0] + UInt32(clamping: iptc.count).bytes(isBigEndian: true)
        + iptc + (iptc.count % 2 == 1 ? [0] : [])
      add(0xED, Array("Photoshop 3.0\0".utf8) + resource)
    }
    if let profile = profileForColor {
      let size = 65000
      let count = (profile.count + size - 1) / size
      if count < 256 {
        for index in 0..<count {
          let part = profile[(index * size)..<min(profile.count, (index + 1) * size)]
          add(0xE2, Array("ICC_PROFILE\0".utf8) + [UInt8(index + 1), UInt8(count)] + part)
        }
      }
    }
    for comment in comments { add(0xFE, comment) }
    return head + rest
  }

  // MARK: PNG

  private func addedToPNG(_ bytes: [UInt8]) -> [UInt8] {
    var result = Array(bytes.prefix(8))
    func add(_ name: String, _ data: [UInt8]) { result += Self.chunk(Array(name.utf8) + data) }
    let profile = profileForColor
    for chunk in PNGChunks(bytes) {
      switch chunk.name {
      case "pHYs" where resolution != nil: continue
      // A profile tells more than these, which may not stand beside it.
      case "iCCP", "sRGB", "gAMA", "cHRM", "cICP":
        if profile != nil { continue }
      default: break
      }
      result += bytes[chunk.range]
      guard chunk.name == "IHDR" else { continue }
      if let profile { add("iCCP", Array("ICC profile\0\0".utf8) + Self.zlibStored(profile)) }
      if let resolution {
        let density = [resolution.horizontal, resolution.vertical].flatMap {
          UInt32(clamping: Int(($0 / 0.0254).rounded())).bytes(isBigEndian: true)
        }
        add("pHYs", density + [1])
      }
      if let exif { add("eXIf", exif) }
      if let xmp { add("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0".utf8) + xmp) }
      for text in textChunks { result += Self.chunk(text) }
    }
    return result
  }

  /// A chunk of a type and data, with length and checksum.
  private static func chunk(_ typeAndData: [UInt8]) -> [UInt8] {
    UInt32(typeAndData.count - 4).bytes(isBigEndian: true) + typeAndData
      + Checksum.ofPNGChunk(typeAndData[...]).bytes(isBigEndian: true)
  }

  /// A zlib stream of stored blocks (RFC 1950, RFC 1951 §3.2.4): profiles are small.
  private static func zlibStored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    var position = 0
    repeat {
      let part = bytes[position..<min(bytes.count, position + 65535)]
      position += part.count
      let length = UInt16(part.count)
      result.append(position == bytes.count ? 1 : 0)
      result += length.bytes(isBigEndian: false) + (~length).bytes(isBigEndian: false) + part
    } while position < bytes.count
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return result + (b << 16 | a).bytes(isBigEndian: true)
  }

  // MARK: TIFF

  /// The encoder's directory with the further tags, behind the samples.
  private func addedToTIFF(_ bytes: [UInt8]) -> [UInt8] {
    let source = ByteBlock(name: "the output", block: bytes)
    let read = Result { () throws -> TIFFDirectory? in
      let reader = try TIFFReader(source)
      return try reader.directory(at: reader.firstOffset)?.directory
    }
    guard case .success(var directory?) = read else { return bytes }
    let isBigEndian = directory.isBigEndian
    var tree = exif.flatMap { ExifBlock($0).tree }?.ordered(isBigEndian: isBigEndian)
    for (tag, entry) in tree?.picture.entries ?? [:] where !TIFFTag.isOfFile(tag, entry) {
      directory.entries[tag] = entry
    }
    if let resolution {
      directory.set(TIFFTag.xResolution, fraction: Self.fraction(resolution.horizontal))
      directory.set(TIFFTag.yResolution, fraction: Self.fraction(resolution.vertical))
      directory.set(TIFFTag.resolutionUnit, shorts: [2])
    } else {
      // Not the 72 per inch of FFmpeg's encoder: a ratio without a unit.
      directory.set(TIFFTag.resolutionUnit, shorts: [1])
    }
    func set(_ tag: UInt16, _ type: UInt16, _ value: [UInt8]?) {
      guard let value else { return }
      directory.entries[tag] = TIFFDirectory.Entry(type: type, count: value.count, value: value)
    }
    set(TIFFTag.iccProfile, 7, profileForColor)
    set(TIFFTag.xmp, 1, xmp)
    set(TIFFTag.iptc, 7, iptc)
    var result = bytes
    if result.count % 2 == 1 { result.append(0) }
    let place = UInt32(clamping: result.count).bytes(isBigEndian: isBigEndian)
    result.replaceSubrange(4..<8, with: place)
    tree?.picture = directory
    result += tree?.serialized(at: result.count) ?? directory.serialized(at: result.count)
    return result
  }

  private static func fraction(_ value: Double) -> (Int, Int) {
    let whole = value.rounded()
    return abs(value - whole) < 0.005 ? (Int(whole), 1) : (Int((value * 10000).rounded()), 10000)
  }

  // MARK: BMP

  private func addedToBMP(_ bytes: [UInt8]) -> [UInt8] {
    guard let resolution, bytes.count >= 46 else { return bytes }
    var result = bytes
    let density = [resolution.horizontal, resolution.vertical].flatMap {
      UInt32(clamping: Int(($0 / 0.0254).rounded())).bytes(isBigEndian: false)
    }
    result.replaceSubrange(38..<46, with: density)
    return result
  }
}
