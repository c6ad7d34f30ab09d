import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Every pixel format that this FFmpeg lists: read to the code, within a bound, or refused by name.
@Suite struct PixelFormatTests {
  /// The names that the command line tool lists, and which of them are hardware surfaces.
  static let listed: [(name: String, isHardware: Bool)] = {
    do {
      let text = String(decoding: try run("ffmpeg", ["-v", "error", "-pix_fmts"]), as: UTF8.self)
      return text.split(separator: "\n").drop { !$0.hasPrefix("-----") }.dropFirst().compactMap {
        let words = $0.split(separator: " ")
        return words.count > 1 ? (String(words[1]), words[0].contains("H")) : nil
      }
    } catch {
      return []
    }
  }()

  /// Codes that the program may be off by; 0 is exact.
  static func tolerance(_ reference: PixelFormatReference) -> Int {
    switch reference.layout {
    case .xyz: 2
    default: 0
    }
  }

  @Test func listsWhatTheToolLists() {
    #expect(Self.listed.count > 180)
    #expect(PixelFormatSupport.all.map(\.name) == Self.listed.map(\.name))
  }

  /// A raw pipe or file of each format, of an even and an odd size.
  @Test func rawVideoOfEveryFormat() throws {
    let folder = try TemporaryFolder()
    var counts = (read: 0, refused: 0)
    for (name, isHardware) in Self.listed {
      let reference = PixelFormatReference(name)
      for (width, height) in [(32, 8), (21, 7)] {
        let input = folder.file("\(name).raw")
        let bytes =
          reference?.randomBytes(width: width, height: height, seed: 1)
          ?? [UInt8](repeating: 0, count: 4096)
        try Data(bytes).write(to: URL(fileURLWithPath: input))
        var options = SourceOptions()
        options.format = "rawvideo"
        options.rawVideo = SourceOptions.RawVideo(
          width: width, height: height, pixelFormat: name, frameRate: Rational(24, 1))
        do {
          let source = try MediaSource.open(input, options: options)
          let frames = try source.frames()
          let known = try #require(reference, "\(name) is read, and no reference says how")
          try #require(frames.count == 1, "\(name)")
          #expect(source.info.format == frames[0].picture.format, "\(name)")
          #expect(!isHardware)
          let problem = Mismatch.first(
            in: frames[0].picture, reference: known,
            planes: known.planes(bytes, width: width, height: height),
            tolerance: Self.tolerance(known))
          #expect(problem == nil, "\(name) of \(width)×\(height): \(problem ?? "")")
          counts.read += 1
        } catch let error as MediaError {
          #expect(isHardware, "\(name): \(error)")
          #expect(error.code == .unsupported && error.message.contains(name), "\(name): \(error)")
          counts.refused += 1
        }
      }
    }
    #expect(counts.read > 350 && counts.refused > 10, "\(counts)")
  }

  /// The same pictures through decoders.
  @Test(arguments: ["ffv1", "rawvideo", "png", "tiff"])
  func decodedByFFmpeg(encoder: String) throws {
    let folder = try TemporaryFolder()
    let (width, height) = (34, 6)
    let taken = try Self.formats(of: encoder)
    var names: [String] = []
    var inputs: [String] = []
    var outputs: [String] = []
    var expected: [[UInt8]] = []
    for (name, isHardware) in Self.listed where !isHardware && taken.contains(name) {
      if encoder == "rawvideo" && Self.withoutTag.contains(name) { continue }
      // FFmpeg's TIFF decoder does not take what its encoder makes of this.
      if encoder == "tiff" && name == "yuv410p" { continue }
      guard let reference = PixelFormatReference(name) else {
        Issue.record("\(name) has no reference")
        continue
      }
      var bytes = reference.randomBytes(width: width, height: height, seed: 2)
      if case .palette = reference.layout {
        // TIFF's palettes are opaque.
        for entry in 0..<256 { bytes[width * height + 4 * entry + 3] = 255 }
      }
      let raw = folder.file("\(name).raw")
      try Data(bytes).write(to: URL(fileURLWithPath: raw))
      inputs += ["-f", "rawvideo", "-pix_fmt", name, "-s", "\(width)x\(height)", "-i", raw]
      outputs += ["-map", "\(names.count)", "-c:v", encoder, "-pix_fmt", name, "-strict", "-2"]
      outputs += ["-threads", "1"]
      if encoder == "png" || encoder == "tiff" {
        outputs += ["-f", "image2", "-update", "1", folder.file("\(name).\(encoder)")]
      } else {
        outputs += [folder.file("\(name).nut")]
      }
      names.append(name)
      expected.append(bytes)
    }
    try #require(names.count >= 8)
    try run("ffmpeg", ["-v", "error", "-nostdin", "-y"] + inputs + outputs)
    let ending = encoder == "png" || encoder == "tiff" ? encoder : "nut"
    for (name, bytes) in zip(names, expected) {
      let reference = try #require(PixelFormatReference(name))
      let frames = try MediaSource.open(folder.file("\(name).\(ending)")).frames()
      try #require(frames.count == 1, "\(name)")
      let problem = Mismatch.first(
        in: frames[0].picture, reference: reference,
        planes: reference.planes(bytes, width: width, height: height),
        tolerance: Self.tolerance(reference))
      #expect(problem == nil, "\(name) by \(encoder): \(problem ?? "")")
    }
  }

  /// Formats that NUT's raw video can't name.
  private static let withoutTag: Set<String> = Set(
    [
      "nv16 nv20le nv20be nv24 nv42 ya16le ya16be yuvj411p ayuv64le ayuv64be y210le y210be",
      "yuv440p10le yuv440p10be yuv440p12le yuv440p12be p010le p010be p012le p012be p016le p016be p210le p210be",
      "p212le p212be p216le p216be p410le p410be p412le p412be p416le p416be x2rgb10le x2rgb10be x2bgr10le x2bgr10be",
      "grayf32le grayf32be gbrpf32le gbrpf32be gbrapf32le gbrapf32be rgbaf16le rgbaf16be rgbf32le",
      "rgbf32be rgbaf32le rgbaf32be vuyx y212le y212be xv30le xv30be xv36le xv36be",
    ].flatMap { $0.split(separator: " ").map(String.init) })

  /// What `encoder` takes; all for raw video.
  private static func formats(of encoder: String) throws -> Set<String> {
    if encoder == "rawvideo" { return Set(listed.map(\.name)) }
    let text = String(
      decoding: try run("ffmpeg", ["-v", "error", "-h", "encoder=\(encoder)"]), as: UTF8.self)
    let line = try #require(
      text.split(separator: "\n").first { $0.contains("Supported pixel formats:") })
    return Set(line.split(separator: ":")[1].split(separator: " ").map(String.init))
  }

  /// The colors of a palette.
  enum PaletteKind: String {
    case gray, color, clear

    /// 0xAARRGGBB.
    func entry(_ index: UInt8) -> UInt32 {
      switch self {
      case .gray: 0xFF00_0000 | UInt32(255 - index) * 0x01_0101
      case .color: 0xFF80_2000 | UInt32(index)
      case .clear: 0x7F80_2000 | UInt32(index)
      }
    }
  }

  /// A raw picture of a palette, its entries 0xAARRGGBB.
  private static func palettePicture(
    _ folder: TemporaryFolder, _ name: String, frames: [PaletteKind]
  ) throws -> String {
    let raw = folder.file(name)
    var bytes: [UInt8] = []
    for kind in frames {
      bytes += (0..<256).map { UInt8($0) }
      bytes += (0..<256).flatMap { index in
        let color = kind.entry(UInt8(index))
        return (0..<4).map { UInt8(color >> (8 * UInt32($0)) & 255) }
      }
    }
    try Data(bytes).write(to: URL(fileURLWithPath: raw))
    return raw
  }

  /// A palette of grays is gray, so that its values are luma; one with transparent colors has alpha.
  @Test func palettes() throws {
    let folder = try TemporaryFolder()
    let kinds: [(PaletteKind, PixelFormat)] = [
      (.gray, .gray(8)), (.color, .rgb(8)),
      (.clear, PixelFormat(model: .rgb, bitDepth: 8, hasAlpha: true)),
    ]
    for (kind, format) in kinds {
      let name = kind.rawValue
      let raw = try Self.palettePicture(folder, "\(name).raw", frames: [kind])
      let png = folder.file("\(name).png")
      try ffmpeg(words: "-f rawvideo -pix_fmt pal8 -s 16x16 -i \(raw)", png)
      let picture = try #require(try MediaSource.open(png).frames().first).picture
      #expect(picture.format == format)
      for (plane, shift) in zip(picture.planes, [16, 8, 0, 24] as [UInt32]) {
        let codes: [Int] = (0..<256).map { Int(kind.entry(UInt8($0)) >> shift & 255) }
        #expect(plane.samples == codes, "\(name)")
      }
      if kind == .gray { #expect(picture.color.matrix != .identity) }
    }
  }

  /// A film goes on as it began when its palette changes.
  @Test(arguments: [true, false])
  func paletteThatChanges(beginsGray: Bool) throws {
    let folder = try TemporaryFolder()
    let kinds: [PaletteKind] = beginsGray ? [.gray, .color] : [.color, .gray]
    let raw = try Self.palettePicture(folder, "film.raw", frames: kinds)
    let film = folder.file("film.nut")
    try ffmpeg(words: "-f rawvideo -pix_fmt pal8 -s 16x16 -i \(raw) -c:v rawvideo", film)
    let frames = try MediaSource.open(film).frames()
    try #require(frames.count == 2)
    let format: PixelFormat = beginsGray ? .gray(8) : .rgb(8)
    for (frame, kind) in zip(frames, kinds) {
      #expect(frame.picture.format == format)
      let colors: [UInt32] = (0..<256).map { kind.entry(UInt8($0)) }
      func channel(_ shift: UInt32) -> [Int] { colors.map { Int($0 >> shift & 255) } }
      if beginsGray {
        let (red, green, blue) = (channel(16), channel(8), channel(0))
        let luma = (0..<256).map { index -> Int in
          let weighted: Double =
            0.2126 * Double(red[index]) + 0.7152 * Double(green[index])
            + 0.0722 * Double(blue[index])
          return Int(weighted.rounded())
        }
        #expect(frame.picture.planes[0].samples == luma)
      } else {
        #expect(frame.picture.planes.map(\.samples) == [channel(16), channel(8), channel(0)])
      }
    }
  }

  /// What a pixel format says of its own codes.
  @Test func tagsThatFormatsImply() throws {
    let folder = try TemporaryFolder()
    let raw = folder.file("full.raw")
    try Data(count: 32 * 16 * 6).write(to: URL(fileURLWithPath: raw))
    var options = SourceOptions()
    options.format = "rawvideo"
    for (name, range, primaries) in [
      ("yuvj420p", ColorRange.full, ColorPrimaries.unspecified),
      ("yuv420p", .unspecified, .unspecified), ("xyz12le", .full, .bt709),
    ] {
      options.rawVideo = SourceOptions.RawVideo(
        width: 32, height: 16, pixelFormat: name, frameRate: Rational(24, 1))
      let source = try MediaSource.open(raw, options: options)
      let color = try #require(try source.nextFrame()).picture.color
      #expect(color.range == range && color.primaries == primaries, "\(name): \(color)")
      #expect(color == source.info.color)
    }
  }

  /// Codes beyond the depth, which a raw stream may hold, read nothing beyond the tables.
  @Test func codesBeyondTheDepth() throws {
    let folder = try TemporaryFolder()
    let raw = folder.file("wild.raw")
    try Data(repeating: 255, count: 32 * 16 * 4).write(to: URL(fileURLWithPath: raw))
    var options = SourceOptions()
    options.format = "rawvideo"
    options.rawVideo = SourceOptions.RawVideo(
      width: 32, height: 16, pixelFormat: "yuv422p10le", frameRate: Rational(24, 1))
    let source = try MediaSource.open(raw, options: options)
    let frame = try #require(try source.nextFrame())
    // ProRes is limited, so that each code is looked up.
    var info = source.info
    info.color.range = .full
    let path = folder.file("out.mov")
    var output = SinkOptions()
    output.encoder = "prores_ks"
    let sink = try FileSink(path: path, source: info, options: output)
    #expect(sink.outputFormat.encodedRange == .limited)
    try sink.write(SourceElement(frame: frame))
    try sink.finish()
    let luma = try #require(try MediaSource.open(path).frames().first).picture.luma
    #expect(luma.samples.allSatisfy { abs($0 - 940) <= 2 })
  }

  /// The table for people is that of the program.
  @Test func tableIsThatOfTheProgram() throws {
    let path =
      checkoutURL
      .appendingPathComponent("docs/pixel-formats.md")
    let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter {
      $0.hasPrefix("| `")
    }
    let own = PixelFormatSupport.markdown.split(separator: "\n").filter { $0.hasPrefix("| `") }
    // Another FFmpeg may list more formats, or fewer; those that both list are treated alike.
    func name(_ line: Substring) -> Substring { line.dropFirst(3).prefix { $0 != "`" } }
    let known = Set(lines.map(name))
    #expect(lines.count > 180)
    #expect(
      lines.filter { line in own.contains { name($0) == name(line) } }
        == own.filter { known.contains(name($0)) },
      "write it anew: autochrome doctor --pixel-formats")
    if MediaLibraries.versions.contains(where: { $0 == "libavutil" && $1.hasPrefix("57.") }) {
      #expect(lines == own)
    }
  }

  /// The comparison itself: it must reject what is wrong.
  @Test(arguments: ["yuv420p10le", "nv12", "rgb565le", "gray16be", "bayer_rggb8", "grayf32le"])
  func comparisonRejectsWrongPlanes(name: String) throws {
    let (width, height) = (16, 8)
    let reference = try #require(PixelFormatReference(name))
    let bytes = reference.randomBytes(width: width, height: height, seed: 3)
    let right = reference.planes(bytes, width: width, height: height)
    func picture(_ planes: [[Int]]) -> Picture {
      Picture(
        width: width, height: height, format: reference.format, color: ColorDescription(),
        planes: planes.enumerated().map { index, codes in
          let size = reference.format.planeSize(index, width: width, height: height)
          return Plane(
            width: size.width, height: size.height, bitDepth: reference.format.bitDepth,
            codes: codes)
        })
    }
    func problem(_ planes: [[Int]]) -> String? {
      Mismatch.first(in: picture(planes), reference: reference, planes: right, tolerance: 0)
    }
    let whole = right.map { plane in plane.map { max($0, 0) } }
    if case .mosaic = reference.layout {
      #expect(problem(whole) != nil, "missing colors of a mosaic are not 0")
    } else {
      #expect(problem(whole) == nil)
    }
    #expect(problem(whole.map { [Int](repeating: 0, count: $0.count) }) != nil)
    #expect(problem(whole.map { Array($0.dropFirst()) + [$0[0]] }) != nil)
    for plane in whole.indices {
      let known = try #require(right[plane].lastIndex { $0 >= 0 })
      var wrong = whole
      wrong[plane][known] ^= 1
      #expect(problem(wrong)?.contains("plane \(plane)") != nil)
    }
    if whole.count > 2, whole[1].count == whole[2].count {
      var swapped = whole
      swapped.swapAt(1, 2)
      #expect(problem(swapped) != nil)
    }
  }
}

/// Where a picture differs from what its bytes say.
enum Mismatch {
  /// The first difference in words; nil if there is none. Where a mosaic holds no sample of a color,
  /// the code must lie between those of that color around it.
  static func first(
    in picture: Picture, reference: PixelFormatReference, planes: [[Int]], tolerance: Int
  ) -> String? {
    guard picture.format == reference.format else {
      return "is \(picture.format), not \(reference.format)"
    }
    for (index, plane) in picture.planes.enumerated() {
      let codes = plane.samples
      guard codes.count == planes[index].count else {
        return "plane \(index) has \(codes.count) samples, not \(planes[index].count)"
      }
      for (place, code) in codes.enumerated() {
        var allowed = planes[index][place]...planes[index][place]
        if planes[index][place] < 0 {
          let around = neighbors(place, plane.width, plane.height).map { planes[index][$0] }
            .filter { $0 >= 0 }
          guard let least = around.min(), let most = around.max() else {
            return "plane \(index) has no sample near \(place)"
          }
          allowed = least...most
        }
        guard
          ((allowed.lowerBound - tolerance)...(allowed.upperBound + tolerance)).contains(code)
        else {
          return
            "plane \(index) at (\(place % plane.width), \(place / plane.width)) is \(code), not "
            + "\(allowed)"
        }
      }
    }
    return nil
  }

  private static func neighbors(_ place: Int, _ width: Int, _ height: Int) -> [Int] {
    let (x, y) = (place % width, place / width)
    return (max(y - 1, 0)...min(y + 1, height - 1)).flatMap { row in
      (max(x - 1, 0)...min(x + 1, width - 1)).map { row * width + $0 }
    }
  }
}

extension Plane {
  /// A plane of the codes given, row by row.
  init(width: Int, height: Int, bitDepth: Int, codes: [Int]) {
    self.init(width: width, height: height, bitDepth: bitDepth) { base, stride in
      for (index, code) in codes.enumerated() {
        let row = base + index / width * stride
        if bitDepth > 8 {
          row.storeBytes(of: UInt16(code), toByteOffset: 2 * (index % width), as: UInt16.self)
        } else {
          row.storeBytes(of: UInt8(code), toByteOffset: index % width, as: UInt8.self)
        }
      }
    }
  }
}
