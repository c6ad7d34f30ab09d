import Imaging

/// An EXIF block: directories of tags as in a TIFF, from its header on (CIPA DC-008 §4.5).
struct ExifBlock {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private enum Tag {
    static let exif: UInt16 = 0x8769
    static let gps: UInt16 = 0x8825
    static let interoperability: UInt16 = 0xA005
    static let thumbnailOffset: UInt16 = 0x0201
    static let thumbnailLength: UInt16 = 0x0202
    static let pixelWidth: UInt16 = 0xA002
    static let pixelHeight: UInt16 = 0xA003
  }

  /// The tags of the picture, of the shot, of the place, and the last's own.
  struct Tree {
    var picture: TIFFDirectory
    var shot: TIFFDirectory?
    var place: TIFFDirectory?
    var interoperability: TIFFDirectory?

    /// The tree of `directory`, whose pointers lead into `reader`.
    init<Source>(_ directory: TIFFDirectory, in reader: TIFFReader<Source>) throws {
      func sub(_ tag: UInt16, _ parent: TIFFDirectory?) throws -> TIFFDirectory? {
        try parent?.number(tag).flatMap { try reader.directory(at: $0)?.directory }
      }
      picture = directory
      shot = try sub(Tag.exif, directory)
      place = try sub(Tag.gps, directory)
      interoperability = try sub(Tag.interoperability, shot)
      for tag in [Tag.exif, Tag.gps] { picture.entries[tag] = nil }
      shot?.entries[Tag.interoperability] = nil
    }

    /// The same in the other order of bytes.
    func ordered(isBigEndian: Bool) -> Tree {
      var result = self
      result.picture = picture.ordered(isBigEndian: isBigEndian)
      result.shot = shot?.ordered(isBigEndian: isBigEndian)
      result.place = place?.ordered(isBigEndian: isBigEndian)
      result.interoperability = interoperability?.ordered(isBigEndian: isBigEndian)
      return result
    }

    /// The directories as they stand in a file, the picture's at `offset`.
    func serialized(at offset: Int) -> [UInt8] {
      var (picture, shot) = (picture, shot)
      // Pointers have their size before they have their value.
      if shot != nil { picture.set(Tag.exif, longs: [0]) }
      if place != nil { picture.set(Tag.gps, longs: [0]) }
      if interoperability != nil { shot?.set(Tag.interoperability, longs: [0]) }
      var end = offset + picture.serialized(at: 0).count
      var rest: [UInt8] = []
      func append(_ directory: TIFFDirectory) -> Int {
        let bytes = directory.serialized(at: end)
        rest += bytes
        defer { end += bytes.count }
        return end
      }
      if let interoperability {
        shot?.set(Tag.interoperability, longs: [append(interoperability)])
      }
      if let shot { picture.set(Tag.exif, longs: [append(shot)]) }
      if let place { picture.set(Tag.gps, longs: [append(place)]) }
      return picture.serialized(at: offset) + rest
    }
  }

  /// The block of a TIFF's page: its tags that do not speak of samples, and those they point to.
  init<Source>(page: TIFFDirectory, in reader: TIFFReader<Source>) throws {
    var tree = try Tree(page, in: reader)
    tree.picture.entries = tree.picture.entries.filter { !TIFFTag.isOfFile($0.key, $0.value) }
    guard !tree.picture.entries.isEmpty || tree.shot != nil || tree.place != nil else {
      bytes = []
      return
    }
    bytes = page.isBigEndian ? [0x4D, 0x4D, 0, 42, 0, 0, 0, 8] : [0x49, 0x49, 42, 0, 8, 0, 0, 0]
    bytes += tree.serialized(at: 8)
  }

  private var reader: TIFFReader<ByteBlock>? {
    let made = Result { try TIFFReader(ByteBlock(name: "EXIF", block: bytes)) }
    if case .success(let reader) = made { return reader }
    return nil
  }

  private func directory(at offset: Int?) -> (directory: TIFFDirectory, next: Int)? {
    guard let reader, let offset else { return nil }
    if case .success(let found) = Result(catching: { try reader.directory(at: offset) }) {
      return found
    }
    return nil
  }

  /// The directories; `nil` where the block cannot be read.
  var tree: Tree? {
    guard let reader, let first = directory(at: reader.firstOffset)?.directory else { return nil }
    if case .success(let tree) = Result(catching: { try Tree(first, in: reader) }) { return tree }
    return nil
  }

  /// How the picture lies; upright where the block does not tell.
  var orientation: PictureOrientation {
    directory(at: reader?.firstOffset)?.directory.number(TIFFTag.orientation)
      .flatMap { PictureOrientation(rawValue: $0) } ?? .upright
  }

  /// Samples per inch, where the block tells.
  var resolution: PictureResolution? {
    directory(at: reader?.firstOffset).flatMap { PictureResolution($0.directory) }
  }

  /// Makes the block tell of the upright picture that was made of the one it came with: its
  /// orientation and size. The thumbnail, which shows the picture as it was, is left out. What is not
  /// changed keeps its place: makers' notes point into the block.
  mutating func describe(width: Int, height: Int) {
    guard let reader, let (picture, next) = directory(at: reader.firstOffset) else { return }
    overwrite(TIFFTag.orientation, with: 1, at: reader.firstOffset)
    if let shot = picture.number(Tag.exif) {
      overwrite(Tag.pixelWidth, with: width, at: shot)
      overwrite(Tag.pixelHeight, with: height, at: shot)
    }
    guard next != 0 else { return }
    let count = picture.entries.count + picture.lostTags.count
    let entries = number(at: reader.firstOffset, 2) ?? count
    let pointer = reader.firstOffset + 2 + entries * 12
    if pointer + 4 <= bytes.count {
      bytes.replaceSubrange(pointer..<(pointer + 4), with: [0, 0, 0, 0])
    }
    if let thumbnail = directory(at: next)?.directory,
      let start = thumbnail.number(Tag.thumbnailOffset),
      let length = thumbnail.number(Tag.thumbnailLength), start > next,
      start <= bytes.count, length <= bytes.count - start, start + length + 8 > bytes.count
    {
      bytes.removeSubrange(start...)
    }
  }

  /// Writes the number of `tag`, of 16 or 32 bits, in the directory at `offset`, if it is there.
  private mutating func overwrite(_ tag: UInt16, with value: Int, at offset: Int) {
    guard let reader, let count = number(at: offset, 2) else { return }
    for index in 0..<count {
      let place = offset + 2 + index * 12
      guard place + 12 <= bytes.count else { return }
      guard number(at: place, 2) == Int(tag), number(at: place + 4, 4) == 1 else { continue }
      let isBigEndian = reader.isBigEndian
      let new: [UInt8]
      switch number(at: place + 2, 2) {
      case 3: new = UInt16(clamping: value).bytes(isBigEndian: isBigEndian) + [0, 0]
      case 4: new = UInt32(clamping: value).bytes(isBigEndian: isBigEndian)
      default: return
      }
      bytes.replaceSubrange((place + 8)..<(place + 12), with: new)
    }
  }

  private func number(at place: Int, _ count: Int) -> Int? {
    guard let reader, place >= 0, place <= bytes.count - count else { return nil }
    let part = bytes[place..<(place + count)]
    return Int(UInt64(bigEndian: reader.isBigEndian ? part : ArraySlice(part.reversed())))
  }
}

extension PictureResolution {
  /// The resolution that the tags of a TIFF or EXIF directory tell; `nil` without a unit of length.
  init?(_ directory: TIFFDirectory) {
    guard let x = directory.fractions(TIFFTag.xResolution)?.first,
      let y = directory.fractions(TIFFTag.yResolution)?.first, x > 0, y > 0
    else { return nil }
    // 1 is no unit, 2 the inch (and the default), 3 the centimeter.
    switch directory.number(TIFFTag.resolutionUnit) ?? 2 {
    case 2: self.init(horizontal: x, vertical: y)
    case 3: self.init(horizontal: x * 2.54, vertical: y * 2.54)
    default: return nil
    }
  }
}

extension TIFFDirectory {
  /// The same directory in the given order of bytes.
  func ordered(isBigEndian: Bool) -> TIFFDirectory {
    guard isBigEndian != self.isBigEndian else { return self }
    var result = self
    result.isBigEndian = isBigEndian
    result.entries = entries.mapValues { entry in
      var entry = entry
      // Fractions are two numbers.
      let size = [5, 10].contains(entry.type) ? 4 : Self.byteCount(ofType: entry.type)
      guard size > 1 else { return entry }
      entry.value = stride(from: 0, to: entry.value.count, by: size).flatMap {
        entry.value[$0..<min($0 + size, entry.value.count)].reversed()
      }
      return entry
    }
    return result
  }
}

extension TIFFTag {
  static let xmp: UInt16 = 700
  static let iptc: UInt16 = 33723
  static let iccProfile: UInt16 = 34675

  /// Whether a tag speaks of one file and its samples, or is kept apart, so that it does not go into
  /// another file as it is.
  static func isOfFile(_ tag: UInt16, _ entry: TIFFDirectory.Entry) -> Bool {
    // Places in the file mean nothing in another.
    if entry.type == 13 || entry.type == 18 { return true }
    switch tag {
    // Descriptions that programs read as the layout of the samples.
    case 270:
      return ["{\"shape\"", "ImageJ=", "<?xml", "<OME"].contains {
        entry.value.starts(with: $0.utf8)
      }
    // Size, samples, strips, tiles, colors, how the samples are compressed, resolution.
    case 254...266, 273, 274, 277...284, 288...293, 296, 297, 301, 317...347, 512...532: return true
    // Kept apart: XMP, IPTC, ICC. Photoshop's resources hold a thumbnail of the picture as it was.
    case xmp, iptc, iccProfile, 34377, 37724: return true
    case 32932...32998, 50706...51125: return true
    default: return false
    }
  }
}
