import Foundation
import Imaging
import Media
import TestSupport
import Testing

@Suite struct PictureMetadataTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// An EXIF block: maker, orientation, resolution, date of the shot, size, and a thumbnail's tags.
  private func exif(orientation: Int, isBigEndian: Bool) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isBigEndian ? little.reversed() : little
    }
    func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
      number(tag, 2) + number(type, 2) + number(count, 4) + value
        + [UInt8](repeating: 0, count: 4 - value.count)
    }
    let date = Array("1962:05:01 10:00:00\0".utf8)
    let thumbnail: [UInt8] = [0xFF, 0xD8, 1, 2, 3, 4, 0xFF, 0xD9]
    let shot = 8 + 2 + 3 * 12 + 4 + 8
    let next = shot + 2 + 3 * 12 + 4 + date.count
    var bytes: [UInt8] = isBigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
    bytes += number(8, 4) + number(3, 2)
    bytes += entry(271, 2, 7, number(shot - 8, 4)) + entry(274, 3, 1, number(orientation, 2))
    bytes += entry(0x8769, 4, 1, number(shot, 4)) + number(next, 4) + Array("Contax\0\0".utf8)
    bytes += number(3, 2) + entry(36867, 2, 20, number(shot + 2 + 36 + 4, 4))
    bytes += entry(0xA002, 4, 1, number(40, 4)) + entry(0xA003, 3, 1, number(24, 2)) + number(0, 4)
    bytes += date
    bytes += number(2, 2) + entry(0x0201, 4, 1, number(next + 2 + 24 + 4, 4))
    bytes += entry(0x0202, 4, 1, number(8, 4)) + number(0, 4) + thumbnail
    return bytes
  }

  private func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    var crc = UInt32.max
    for byte in Array(name.utf8) + data {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
    func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    return big(UInt32(data.count)) + Array(name.utf8) + data + big(~crc)
  }

  /// A gray profile with the curve of a gamma, as ICC.1 has it, or one of RGB with no tags.
  private func profile(_ space: String) -> [UInt8] {
    func big(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(value >> (8 * $0) & 255) } }
    let curve = Array("curv\0\0\0\0".utf8) + [0, 0, 0, 1, 1, 0xCD, 0, 0]
    let white = Array("XYZ \0\0\0\0".utf8) + big(0xF6D6) + big(0x10000) + big(0xD32D)
    let tags = [("kTRC", curve), ("wtpt", white)]
    var table = big(tags.count)
    var data: [UInt8] = []
    for (name, bytes) in tags {
      table += Array(name.utf8) + big(132 + 12 * tags.count + data.count) + big(bytes.count)
      data += bytes
    }
    var head = [UInt8](repeating: 0, count: 128)
    head.replaceSubrange(0..<4, with: big(128 + table.count + data.count))
    head.replaceSubrange(8..<24, with: [2, 0x40, 0, 0] + Array("mntr\(space)XYZ ".utf8))
    head.replaceSubrange(36..<40, with: Array("acsp".utf8))
    return head + table + data
  }

  /// A picture of 40×24 that holds all of this.
  private func make(
    _ ending: String, orientation: Int, isBigEndian: Bool, profile: [UInt8]
  ) throws -> (path: String, stored: Plane) {
    let path = folder.file("photo.\(ending)")
    var data: [UInt8]
    let block = exif(orientation: orientation, isBigEndian: isBigEndian)
    switch ending {
    case "jpg", "png":
      try ffmpeg(
        words:
          "-f lavfi -i testsrc2=s=40x24 -frames:v 1 -pix_fmt \(ending == "jpg" ? "yuvj420p" : "gray") -update 1",
        path)
      data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    default:
      var tiff = TIFFBytes()
      tiff.isBigEndian = isBigEndian
      tiff.add(
        width: 40, height: 24, samples: pattern(40 * 24),
        extra: [
          (271, 2, Array("Contax\0".utf8).map { Int($0) }), (274, 3, [1]), (282, 5, [300, 1]),
          (283, 5, [300, 1]), (296, 3, [2]), (34675, 7, profile.map { Int($0) }),
        ])
      data = [UInt8](tiff.data)
    }
    try Data(data).write(to: URL(fileURLWithPath: path))
    let stored = try #require(try MediaSource.open(path).nextFrame()).picture.planes[0]
    switch ending {
    case "jpg":
      let segments: [[UInt8]] = [
        [0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 1, 1, 44, 1, 44, 0, 0],
        [0xFF, 0xE1, 0, UInt8(8 + block.count)] + Array("Exif\0\0".utf8) + block,
        [0xFF, 0xE2] + [UInt8((profile.count + 16) >> 8), UInt8((profile.count + 16) & 255)]
          + Array("ICC_PROFILE\0".utf8) + [1, 1] + profile,
      ]
      data = [0xFF, 0xD8] + segments.flatMap { $0 } + data[2...].drop { _ in false }
    case "png":
      // An sRGB profile's chunk is compressed; stored blocks do.
      data =
        Array(data[0..<33]) + chunk("pHYs", [0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x23, 1])
        + chunk("eXIf", block) + chunk("tEXt", Array("Author\0me".utf8)) + data[33...]
    default:
      guard
        let place = (0..<data.count).first(where: {
          data[$0...].starts(with: isBigEndian ? [1, 18, 0, 3] : [18, 1, 3, 0])
        })
      else { throw ToolFailure(description: "no orientation") }
      data[place + (isBigEndian ? 9 : 8)] = UInt8(orientation)
    }
    try Data(data).write(to: URL(fileURLWithPath: path))
    return (path, stored)
  }

  /// Where a sample of the upright picture lies in the stored one (EXIF, tag 274).
  private func place(_ orientation: Int, _ x: Int, _ y: Int) -> (x: Int, y: Int) {
    switch orientation {
    case 1: (x, y)
    case 2: (39 - x, y)
    case 3: (39 - x, 23 - y)
    case 4: (x, 23 - y)
    case 5: (y, x)
    case 6: (y, 23 - x)
    case 7: (39 - y, 23 - x)
    default: (39 - y, x)
    }
  }

  @Test(arguments: ["jpg", "png", "tif"], 1...8)
  func picturesAreReadUpright(ending: String, orientation: Int) throws {
    let (path, stored) = try make(
      ending, orientation: orientation, isBigEndian: orientation % 2 == 0, profile: profile("RGB "))
    let frame = try #require(try MediaSource.open(path).nextFrame())
    let plane = frame.picture.planes[0]
    #expect((plane.width, plane.height) == (orientation > 4 ? (24, 40) : (40, 24)))
    for y in 0..<plane.height {
      for x in 0..<plane.width {
        let (sourceX, sourceY) = place(orientation, x, y)
        guard plane[x, y] == stored[sourceX, sourceY] else {
          Issue.record("\(orientation): \(x), \(y)")
          return
        }
      }
    }
  }

  @Test(arguments: ["jpg", "png", "tif"], ["jpg", "png", "tif"])
  func whatPhotographsTellIsCarriedOver(from: String, to: String) throws {
    let own = profile("RGB ")
    let (path, _) = try make(from, orientation: 6, isBigEndian: from != "png", profile: own)
    let source = try MediaSource.open(path)
    let output = folder.file("out.\(to)")
    try copy(source, to: MediaSink.open(output, source: source.info))
    let frame = try #require(try MediaSource.open(output).nextFrame())
    #expect((frame.picture.width, frame.picture.height) == (24, 40))
    let metadata = try #require(frame.metadata)
    #expect(metadata.resolution == PictureResolution(horizontal: 300, vertical: 300))
    if from != "png" { #expect(metadata.iccProfile == own) }
    let block = try #require(metadata.exif)
    #expect(block.firstRange(of: Array("Contax\0".utf8)) != nil)
    if from != "tif" {
      #expect(block.firstRange(of: Array("1962:05:01 10:00:00\0".utf8)) != nil)
      // The thumbnail shows the picture as it was.
      #expect(block.firstRange(of: [0xFF, 0xD8, 1, 2, 3, 4]) == nil)
    }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
    if from == "png", to == "png" {
      #expect(bytes.firstRange(of: Array("tEXtAuthor\0me".utf8)) != nil)
    }
    // Others read the file, too.
    #expect(try ffprobe(output, "-show_entries stream=width,height -of csv=p=0") == ["24,40"])
  }

  @Test func aGrayProfileBecomesOneOfRGBWithItsCurve() throws {
    let own = profile("GRAY")
    let (path, _) = try make("jpg", orientation: 1, isBigEndian: true, profile: own)
    let source = try MediaSource.open(path)
    let output = folder.file("out.png")
    let sink = try MediaSink.open(output, source: source.info)
    #expect(sink.notes.contains { $0.contains("gray ICC profile") }, "\(sink.notes)")
    try copy(source, to: sink)
    let written = try #require(try MediaSource.open(output).nextFrame()?.metadata?.iccProfile)
    #expect(written[16..<20].elementsEqual("RGB ".utf8))
    for tag in ["rTRC", "gTRC", "bTRC", "rXYZ", "wtpt"] {
      #expect(written.firstRange(of: Array(tag.utf8)) != nil, "\(tag)")
    }
    let size = written.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    #expect(size == written.count)
    #expect(written.firstRange(of: Array("curv\0\0\0\0".utf8) + [0, 0, 0, 1, 1, 0xCD]) != nil)
    // Where no profile fits, that is said.
    let pnm = try MediaSink.open(folder.file("out.ppm"), source: source.info)
    #expect(pnm.notes.contains { $0.contains("ICC profile is left out") }, "\(pnm.notes)")
  }

  @Test func aScanWithoutAResolutionGetsNone() throws {
    let path = folder.file("scan.tif")
    try TIFFBytes.gray(40, 24, pattern(40 * 24)).data.write(to: URL(fileURLWithPath: path))
    let source = try MediaSource.open(path)
    try copy(source, to: MediaSink.open(folder.file("out.tif"), source: source.info))
    let frame = try #require(try MediaSource.open(folder.file("out.tif")).nextFrame())
    let metadata = try #require(frame.metadata)
    #expect(metadata.resolution == nil)
  }

  @Test func aFilmOfTurnedPhotographsIsUpright() throws {
    let (path, _) = try make("jpg", orientation: 8, isBigEndian: true, profile: profile("RGB "))
    let source = try MediaSource.open(path)
    #expect((source.info.width, source.info.height) == (24, 40))
    var options = SinkOptions()
    options.encoder = "ffv1"
    try copy(
      source, to: MediaSink.open(folder.file("o.mkv"), source: source.info, options: options))
    let frame = try #require(try MediaSource.open(folder.file("o.mkv")).nextFrame())
    #expect((frame.picture.width, frame.picture.height) == (24, 40))
  }
}
