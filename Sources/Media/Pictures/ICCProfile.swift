/// An ICC profile (ICC.1:2010 §7), as far as it must be understood to be carried into a picture in
/// color.
struct ICCProfile {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What the profile describes, such as `GRAY` or `RGB `.
  private var space: String {
    bytes.count >= 132 ? String(decoding: bytes[16..<20], as: UTF8.self) : ""
  }

  /// Whether the profile describes R, G, B.
  var isRGB: Bool { space == "RGB " }

  /// The profile for the colorized picture: one of R, G, B as it is; one of gray with its own curve for
  /// each of R, G and B and the primaries of sRGB, so that grays are shown as before. `nil` for others.
  var forColor: ICCProfile? {
    if isRGB { return self }
    guard space == "GRAY", bytes[20..<24].elementsEqual("XYZ ".utf8), let curve = tag("kTRC"),
      let white = tag("wtpt")
    else { return nil }
    // sRGB's primaries, adapted to D50 (IEC 61966-2-1; s15Fixed16).
    func xyz(_ values: [UInt32]) -> [UInt8] {
      Array("XYZ \0\0\0\0".utf8) + values.flatMap { $0.bytes(isBigEndian: true) }
    }
    var tags: [(name: String, data: [UInt8])] = [
      ("wtpt", white), ("rXYZ", xyz([0x6FA2, 0x38F5, 0x0390])),
      ("gXYZ", xyz([0x6299, 0xB785, 0x18DA])), ("bXYZ", xyz([0x24A0, 0x0F84, 0xB6CF])),
      ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
    ]
    for name in ["cprt", "desc"] { if let data = tag(name) { tags.insert((name, data), at: 0) } }
    var table = UInt32(tags.count).bytes(isBigEndian: true)
    var data: [UInt8] = []
    var places: [[UInt8]: Int] = [:]
    let start = 128 + 4 + tags.count * 12
    for tag in tags {
      let place = places[tag.data] ?? start + data.count
      if places[tag.data] == nil {
        places[tag.data] = place
        data += tag.data
        data += [UInt8](repeating: 0, count: (4 - data.count % 4) % 4)
      }
      table += Array(tag.name.utf8) + UInt32(place).bytes(isBigEndian: true)
      table += UInt32(tag.data.count).bytes(isBigEndian: true)
    }
    var head = Array(bytes[0..<128])
    head.replaceSubrange(0..<4, with: UInt32(start + data.count).bytes(isBigEndian: true))
    // A display's class: curves and primaries.
    head.replaceSubrange(12..<24, with: Array("mntrRGB XYZ ".utf8))
    // The identifier of the profile that this was made from.
    head.replaceSubrange(84..<100, with: [UInt8](repeating: 0, count: 16))
    return ICCProfile(head + table + data)
  }

  /// The data of a tag.
  private func tag(_ name: String) -> [UInt8]? {
    func number(_ place: Int) -> Int { Int(UInt64(bigEndian: bytes[place..<(place + 4)])) }
    let count = number(128)
    guard count < 200, bytes.count >= 132 + count * 12 else { return nil }
    for index in 0..<count {
      let entry = 132 + index * 12
      guard bytes[entry..<(entry + 4)].elementsEqual(name.utf8) else { continue }
      let (place, size) = (number(entry + 4), number(entry + 8))
      return place + size <= bytes.count ? Array(bytes[place..<(place + size)]) : nil
    }
    return nil
  }
}
