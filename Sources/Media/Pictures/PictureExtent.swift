/// Finds where pictures end, by their structure.
enum PictureExtent {
  /// Gives bytes one after the other.
  protocol Reader {
    /// The next byte; `nil` at the end.
    mutating func byte() throws -> UInt8?
    /// Passes over `count` bytes; `false` if the end comes before.
    mutating func drop(_ count: Int) throws -> Bool
  }

  /// Reads over one picture; `false` if the bytes end within it.
  ///
  /// - Throws: `.corrupt` or `.unsupported` where the end cannot be found.
  static func skip(_ kind: PictureKind, _ reader: inout some Reader) throws -> Bool {
    switch kind {
    case .png: return try skipPNG(&reader)
    case .jpeg: return try skipJPEG(&reader)
    case .pnm: return try skipPNM(&reader)
    case .bmp:
      guard let head = try take(6, &reader) else { return false }
      return try drop(little(head[2..<6]) - 6, &reader)
    case .dpx:
      guard let head = try take(20, &reader) else { return false }
      let size = head[0] == 0x53 ? big(head[16..<20]) : little(head[16..<20])
      return try drop(size - 20, &reader)
    case .webp:
      guard let head = try take(8, &reader) else { return false }
      let size = little(head[4..<8])
      return try drop(size + size % 2, &reader)
    case .tiff, .jpeg2000, .openEXR, .gif, .pfm:
      throw MediaError(
        .unsupported,
        "Pictures in the format \(kind.rawValue) can't be read from a pipe, because nothing marks where one ends; send "
          + "PNG.")
    }
  }

  /// Chunks of length, type, data and checksum, up to IEND (ISO/IEC 15948 §5).
  private static func skipPNG(_ reader: inout some Reader) throws -> Bool {
    guard try drop(8, &reader) else { return false }
    while true {
      guard let head = try take(8, &reader) else { return false }
      guard try drop(big(head[0..<4]) + 4, &reader) else { return false }
      if head[4..<8].elementsEqual("IEND".utf8) { return true }
    }
  }

  /// Marker segments, up to EOI (ITU-T T.81 annex B). Within a scan FF is followed by 00 or RSTn.
  private static func skipJPEG(_ reader: inout some Reader) throws -> Bool {
    guard try drop(2, &reader) else { return false }
    guard var byte = try reader.byte() else { return false }
    while true {
      guard byte == 0xFF else { throw MediaError(.corrupt, "A JPEG marker is missing.") }
      while byte == 0xFF {
        guard let next = try reader.byte() else { return false }
        byte = next
      }
      if byte == 0xD9 { return true }
      if !(0xD0...0xD7).contains(byte) && byte != 0x01 {
        guard let length = try take(2, &reader) else { return false }
        guard try drop(big(length[0..<2]) - 2, &reader) else { return false }
      }
      let isScan = byte == 0xDA || (0xD0...0xD7).contains(byte)
      guard var next = try reader.byte() else { return false }
      if isScan {
        while true {
          while next != 0xFF {
            guard let more = try reader.byte() else { return false }
            next = more
          }
          guard let code = try reader.byte() else { return false }
          if code == 0xFF { continue }
          if code == 0 || (0xD0...0xD7).contains(code) {
            guard let more = try reader.byte() else { return false }
            next = more
            continue
          }
          if code == 0xD9 { return true }
          // Another segment between scans: its marker has been read.
          guard let length = try take(2, &reader) else { return false }
          guard try drop(big(length[0..<2]) - 2, &reader) else { return false }
          guard let more = try reader.byte() else { return false }
          next = more
          if code != 0xDA {
            byte = next
            break
          }
        }
      } else {
        byte = next
      }
    }
  }

  /// Binary pbm, pgm, ppm and pam: the header tells the size (netpbm's formats).
  private static func skipPNM(_ reader: inout some Reader) throws -> Bool {
    guard let magic = try take(2, &reader) else { return false }
    let kind = Int(magic[1]) - 0x30
    if kind == 7 { return try skipPAM(&reader) }
    guard (4...6).contains(kind) else {
      throw MediaError(
        .unsupported,
        "Plain-text pictures (P\(kind)) can't be read from a pipe, because nothing marks where one ends; "
          + "send P5.")
    }
    var numbers: [Int] = []
    while numbers.count < (kind == 4 ? 2 : 3) {
      guard let word = try word(&reader) else { return false }
      guard let number = Int(word), number > 0, number < 1 << 20 else {
        throw MediaError(.corrupt, "A PNM header has \(word) where a number is expected.")
      }
      numbers.append(number)
    }
    let (width, height) = (numbers[0], numbers[1])
    if kind == 4 { return try drop((width + 7) / 8 * height, &reader) }
    return try drop(
      width * height * (kind == 6 ? 3 : 1) * (numbers[2] > 255 ? 2 : 1), &reader)
  }

  private static func skipPAM(_ reader: inout some Reader) throws -> Bool {
    var values: [String: Int] = [:]
    while true {
      guard let key = try word(&reader) else { return false }
      if key == "ENDHDR" { break }
      guard let value = try word(&reader) else { return false }
      if let number = Int(value), number > 0, number < 1 << 20 { values[key] = number }
    }
    guard let width = values["WIDTH"], let height = values["HEIGHT"], let depth = values["DEPTH"],
      let largest = values["MAXVAL"], depth <= 4
    else { throw MediaError(.corrupt, "A PAM header does not give the size.") }
    return try drop(width * height * depth * (largest > 255 ? 2 : 1), &reader)
  }

  /// The next word and the one white space after it; comments are passed over.
  private static func word(_ reader: inout some Reader) throws -> String? {
    var word = ""
    var isComment = false
    while let byte = try reader.byte() {
      if isComment {
        isComment = byte != 0x0A
      } else if byte == 0x23 {
        isComment = true
      } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
        if !word.isEmpty { return word }
      } else {
        word.append(Character(UnicodeScalar(byte)))
        if word.count > 64 { throw MediaError(.corrupt, "A PNM header has no end.") }
      }
    }
    return nil
  }

  private static func take(_ count: Int, _ reader: inout some Reader) throws -> [UInt8]? {
    var result: [UInt8] = []
    for _ in 0..<count {
      guard let byte = try reader.byte() else { return nil }
      result.append(byte)
    }
    return result
  }

  private static func drop(_ count: Int, _ reader: inout some Reader) throws -> Bool {
    try reader.drop(max(count, 0))
  }

  private static func big(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func little(_ bytes: ArraySlice<UInt8>) -> Int {
    big(ArraySlice(bytes.reversed()))
  }
}
