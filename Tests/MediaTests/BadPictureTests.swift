import Foundation
import Imaging
import Media
import Synchronization
import TestSupport
import Testing

/// What a source reports.
final class Reports: Sendable {
  private let kept = Mutex<[String]>([])
  func add(_ line: String) { kept.withLock { $0.append(line) } }
  var lines: [String] { kept.withLock { $0 } }
}

/// One bad file among pictures costs that file alone.
@Suite struct BadPictureTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func good(_ numbers: some Sequence<Int>, ending: String = "png") throws {
    let path = folder.file("first.\(ending)")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=48x32 -frames:v 1 -pix_fmt gray -update 1", path)
    for number in numbers {
      try FileManager.default.copyItem(
        atPath: path, toPath: folder.file("f_\(number).\(ending)"))
    }
    try FileManager.default.removeItem(atPath: path)
  }

  private func open(_ path: String) throws -> (source: any FrameSource, reports: Reports) {
    let reports = Reports()
    var options = SourceOptions()
    options.onDamage = .continue
    options.report = { reports.add($0) }
    return (try MediaSource.open(path, options: options), reports)
  }

  private func makeBad(_ kind: String, _ path: String) throws {
    let file = URL(fileURLWithPath: path)
    switch kind {
    case "empty": try Data().write(to: file)
    case "page": try Data("<html>404</html>".utf8).write(to: file)
    case "heic": try Data([0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0]).write(to: file)
    case "link": try #require(symlink("nowhere", path) == 0)
    case "pipe": try #require(mkfifo(path, 0o600) == 0)
    case "zeros": try Data(count: 4000).write(to: file)
    default: try Data("\u{89}PNG\r\n".unicodeScalars.map { UInt8($0.value) }).write(to: file)
    }
  }

  @Test(
    arguments: ["empty", "page", "heic", "link", "pipe", "zeros", "stump"], [1, 3])
  func allGoodPicturesAreDelivered(kind: String, place: Int) throws {
    try good(Set(1...5).subtracting([place]).sorted())
    try makeBad(kind, folder.file("f_\(place).png"))
    let (source, reports) = try open(folder.path)
    let frames = try source.frames()
    #expect(frames.compactMap(\.fileName) == (1...5).filter { $0 != place }.map { "f_\($0).png" })
    // Time goes on over the place of the missing picture.
    #expect(frames.map(\.presentationTime) == (0..<5).filter { $0 != place - 1 })
    #expect(source.damagedFrameCount == 1)
    #expect(reports.lines.filter { $0.contains("f_\(place).png") }.count == 1, "\(reports.lines)")
    #expect(reports.lines.count == 1)
    #expect(source.damageReport?.contains("1 picture of") == true)
  }

  @Test func aFolderWithTheNameOfAPictureIsNone() throws {
    try good(1...2)
    try FileManager.default.createDirectory(
      atPath: folder.file("f_3.png"), withIntermediateDirectories: true)
    try #require(symlink("f_3.png", folder.file("f_4.png")) == 0)
    let (source, reports) = try open(folder.path)
    #expect(try source.frames().count == 2)
    #expect(source.damagedFrameCount == 0 && reports.lines.isEmpty)
  }

  @Test func nothingComesOfBadFilesAlone() throws {
    for kind in ["empty", "page", "link"] { try makeBad(kind, folder.file("\(kind).png")) }
    let reports = Reports()
    var options = SourceOptions()
    options.onDamage = .continue
    options.report = { reports.add($0) }
    let error = #expect(throws: MediaError.self) {
      try MediaSource.open(folder.path, options: options)
    }
    #expect(error?.code == .notMedia && error?.message.contains("None of the 3") == true)
    #expect(reports.lines.count == 3)
  }

  /// A check says the same as decoding does.
  @Test func aCheckRefusesWhatCannotBeDecoded() throws {
    try good([1])
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("f_1.png")))
    let path = folder.file("other.png")
    func refusal(of bytes: Data) throws -> MediaError.Code? {
      try bytes.write(to: URL(fileURLWithPath: path))
      let checked = Result { try MediaSource.check(path) }
      let opened = Result { _ = try MediaSource.open(path) }
      func code(_ result: Result<Void, any Error>) -> MediaError.Code? {
        if case .failure(let error as MediaError) = result { error.code } else { nil }
      }
      #expect(code(checked) == code(opened))
      return code(checked)
    }
    #expect(try refusal(of: data) == nil)
    var refused = 0
    for place in 8..<data.count {
      var altered = data
      altered[place] ^= 0x10
      if try refusal(of: altered) != nil { refused += 1 }
    }
    #expect(refused > data.count * 9 / 10, "\(refused) of \(data.count) bytes")
    #expect(try refusal(of: data.dropLast(20)) == .truncated)
    #expect(try refusal(of: data + data) == nil)
    #expect(try refusal(of: data.prefix(8)) != nil)
    for kind in ["empty", "page", "link"] {
      let bad = folder.file("\(kind).png")
      try makeBad(kind, bad)
      #expect(throws: MediaError.self) { try MediaSource.check(bad) }
    }
  }

  /// What decoders fill in for what is damaged is counted.
  @Test(arguments: ["jpg", "png", "dpx", "tif", "bmp", "ppm"], ["cut", "altered"])
  func damageThatIsConcealedIsCounted(ending: String, damage: String) throws {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64 -frames:v 1 -update 1 -q:v 2",
      folder.file("f_1.\(ending)"))
    var data = try Data(contentsOf: URL(fileURLWithPath: folder.file("f_1.\(ending)")))
    if damage == "cut" {
      data = data.prefix(data.count / 2)
    } else {
      guard ["jpg", "png"].contains(ending) else { return }
      for index in 0..<40 { data[data.count / 2 + index] = UInt8(truncatingIfNeeded: index &* 73) }
    }
    try data.write(to: URL(fileURLWithPath: folder.file("f_2.\(ending)")))
    for path in [folder.path, folder.file("f_2.\(ending)")] {
      do {
        let (source, reports) = try open(path)
        let frames = try source.frames()
        #expect(source.damagedFrameCount == 1, "\(path)")
        #expect(reports.lines.count == 1 && reports.lines[0].contains("f_2."), "\(reports.lines)")
        let isWhole = frames.count == (path == folder.path ? 2 : 1)
        let words = isWhole ? "is damaged; it was colorized as far" : "could not be read"
        #expect(source.damageReport?.contains(words) == true, "\(source.damageReport ?? "")")
      } catch let error as MediaError {
        // Of a TIFF whose tags lie behind the cut nothing can be had, nor of a PNG whose compressed
        // samples are altered.
        let isHopeless =
          (ending == "tif" && damage == "cut") || (ending == "png" && damage != "cut")
        #expect(isHopeless && path != folder.path, "\(error)")
        #expect(error.code == (ending == "tif" ? .truncated : .corrupt))
      }
    }
  }

  /// Decoders that lose their place in a JPEG often say nothing of it.
  @Test(arguments: ["gray", "yuvj420p", "yuvj444p"])
  func mostAlterationsOfJPEGsAreFoundAndWholeOnesAreNot(format: String) throws {
    let path = folder.file("a.jpg")
    for quality in [2, 12] {
      for size in ["97x61", "64x48"] {
        try ffmpeg(
          words: "-f lavfi -i testsrc2=s=\(size) -frames:v 1 -pix_fmt \(format) -q:v \(quality) "
            + "-update 1", path)
        #expect(try open(path).source.frames().count == 1)
        #expect(try MediaSource.open(path).frames().count == 1, "\(size)")
      }
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    var found = 0
    let scan = try #require(data.range(of: Data([0xFF, 0xDA]))?.upperBound)
    for trial in 0..<20 {
      var altered = data
      let place = scan + 16 + (data.count - scan - 60) * trial / 20
      for index in 0..<24 {
        altered[place + index] = UInt8(truncatingIfNeeded: (index + trial) &* 73)
      }
      try altered.write(to: URL(fileURLWithPath: path))
      let (source, _) = try open(path)
      #expect(try source.frames().count == 1)
      found += source.damagedFrameCount
    }
    #expect(found >= 16, "\(found) of 20")
  }

  @Test func aJPEGWithoutItsEndMarkerIsCounted() throws {
    try ffmpeg(words: "-f lavfi -i testsrc2=s=96x64 -frames:v 1 -update 1", folder.file("a.jpg"))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.jpg")))
    try data.dropLast(2).write(to: URL(fileURLWithPath: folder.file("b.jpg")))
    let (source, _) = try open(folder.path)
    let frames = try source.frames()
    #expect(frames.count == 2 && source.damagedFrameCount == 1)
    #expect(frames[0].picture.luma.hasSameSamples(as: frames[1].picture.luma))
  }

  @Test func aCutDPXKeepsWhatIsThere() throws {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64 -frames:v 1 -pix_fmt gray -update 1",
      folder.file("a.dpx"))
    let whole = try #require(try open(folder.file("a.dpx")).source.nextFrame()).picture
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.dpx")))
    try data.dropLast(96 * 20).write(to: URL(fileURLWithPath: folder.file("b.dpx")))
    let (source, _) = try open(folder.file("b.dpx"))
    let cut = try #require(try source.nextFrame()).picture
    #expect(source.damagedFrameCount == 1)
    #expect(cut.planes[0].samples.prefix(96 * 40) == whole.planes[0].samples.prefix(96 * 40))
  }

  @Test func namesThatAreNotUTF8AreReadAsTheyAre() throws {
    try good(1...2)
    let raw: [UInt8] = Array((folder.path + "/f_").utf8) + [0xFF, 0xE9, 0x32] + Array(".png".utf8)
    let name = FileNameText.text(of: raw)
    #expect(FileNameText.bytes(of: name) == raw)
    let status = FileNameText.withCString(name) { rename(folder.file("f_2.png"), $0) }
    try #require(status == 0)
    let (source, reports) = try open(folder.path)
    let frames = try source.frames()
    #expect(frames.count == 2 && source.damagedFrameCount == 0 && reports.lines.isEmpty)
    let names = frames.compactMap(\.fileName).map { FileNameText.bytes(of: $0) }
    #expect(names.contains([0x66, 0x5F, 0xFF, 0xE9, 0x32] + Array(".png".utf8)))
    // In the output the bytes are the same.
    let output = try TemporaryFolder()
    let again = try MediaSource.open(folder.path)
    try copy(again, to: MediaSink.open(output.path, source: again.info))
    let written = try MediaSource.open(output.path).frames().compactMap(\.fileName)
    #expect(Set(written) == Set(frames.compactMap(\.fileName)))
  }

  @Test func fileNamesBecomeTextAndBackWithoutLoss() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var state = seed
    for _ in 0..<2000 {
      let bytes = (0..<6).map { _ -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let choices: [UInt8] = [0x61, 0xC3, 0xA9, 0xEE, 0xBE, 0xBF, 0x80, 0xFF, 0xF0, 0x2E]
        return choices[Int(state >> 33) % choices.count]
      }
      let text = FileNameText.text(of: bytes)
      #expect(FileNameText.bytes(of: text) == bytes, "seed \(seed): \(bytes)")
    }
    #expect(FileNameText.text(of: "Grüße_1.png".utf8) == "Grüße_1.png")
  }

  @Test func gapsAreToldInOneLine() throws {
    try good([1, 2, 4, 5, 9])
    let one = try open(folder.path).reports.lines
    #expect(one == ["Pictures 3, 6 to 8 are missing from the numbering."])
    let many = try TemporaryFolder()
    for number in stride(from: 2, through: 400, by: 2) {
      try FileManager.default.copyItem(
        atPath: folder.file("f_1.png"), toPath: many.file("f_\(number).png"))
    }
    #expect(
      try open(many.path).reports.lines == ["The pictures are numbered in steps of 2."])
    try FileManager.default.removeItem(atPath: many.file("f_100.png"))
    let lines = try open(many.path).reports.lines
    #expect(lines.count == 1 && lines[0].hasPrefix("200 pictures are missing"), "\(lines)")
  }
}
