import Foundation
import Imaging
import Media
import Synchronization
import TestSupport
import Testing

@Suite struct PictureFolderTests {
  private func picture(_ path: String, size: String = "40x30", format: String = "gray") throws {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=\(size) -frames:v 1 -pix_fmt \(format) -update 1", path)
  }

  @Test func readsInNaturalOrderWithGapsAndMixedSizes() throws {
    let folder = try TemporaryFolder()
    try picture(folder.file("img_7.png"))
    try picture(folder.file("img_10.png"), size: "50x20")
    try picture(folder.file("img_8.jpg"), format: "yuvj420p")
    try Data("not a picture".utf8).write(to: URL(fileURLWithPath: folder.file("notes.txt")))
    let reports = Mutex<[String]>([])
    var options = SourceOptions()
    options.report = { line in reports.withLock { $0.append(line) } }
    let source = try MediaSource.open(folder.path, options: options)
    #expect(source.info.isFrameFolder && source.info.estimatedFrameCount == 3)
    let frames = try source.frames()
    #expect(frames.map(\.fileName) == ["img_7.png", "img_8.jpg", "img_10.png"])
    #expect(frames.map { $0.picture.width } == [40, 40, 50])
    #expect(frames.map(\.presentationTime) == [0, 1, 2])
    #expect(frames[1].picture.format == .yuv420(8) && frames[1].picture.color.range == .full)
    #expect((source as? PictureSource)?.gaps == [9...9])
    #expect(reports.withLock { $0 }.contains { $0.contains("9") })
  }

  @Test(arguments: [("gray", 8), ("gray16be", 16)])
  func writesPicturesOfTheSameDepthAndName(format: String, depth: Int) throws {
    let folder = try TemporaryFolder()
    let output = try TemporaryFolder()
    try picture(folder.file("a_3.png"), size: "41x29", format: format)
    try picture(folder.file("a_12.png"), size: "33x17", format: format)
    let source = try MediaSource.open(folder.path)
    let sink = try MediaSink.open(output.path, source: source.info)
    try copy(source, to: sink)
    #expect(output.names == ["a_12.png", "a_3.png"])
    let before = try MediaSource.open(folder.path).frames()
    let after = try MediaSource.open(output.path).frames()
    for (x, y) in zip(before, after) {
      #expect(x.picture.format == .gray(depth) && y.picture.format == .rgb(depth))
      for plane in y.picture.planes { #expect(plane.hasSameSamples(as: x.picture.planes[0])) }
    }
    // What exists is not overwritten.
    let again = try MediaSource.open(folder.path)
    let error = #expect(throws: MediaError.self) {
      try copy(again, to: MediaSink.open(output.path, source: again.info))
    }
    #expect(error?.code == .outputExists)
  }

  @Test(arguments: ["png", "tif", "jpg", "ppm", "bmp", "dpx"])
  func writesEveryKind(ending: String) throws {
    let folder = try TemporaryFolder()
    let source = try MemorySource(
      pictures: (0..<3).map { .gray(width: 43, height: 27, offset: $0) })
    try copy(
      source, to: MediaSink.open(folder.file("out/f%04d.\(ending)"), source: source.info))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).sorted()
    #expect(names == (1...3).map { "f000\($0).\(ending)" })
    let codec = try ffprobe(
      folder.file("out/f0001.\(ending)"), "-show_entries stream=codec_name -of csv=p=0")
    let codecs = ["tif": "tiff", "jpg": "mjpeg"]
    #expect(codec == [codecs[ending] ?? ending])
    let frames = try MediaSource.open(folder.file("out/f%04d.\(ending)")).frames()
    #expect(frames.count == 3)
    let original = Picture.gray(width: 43, height: 27, offset: 1).planes[0]
    let written = frames[1].picture.planes[0]
    if ending == "jpg" {
      let error = zip(original.samples, written.samples).map { abs($0 - $1) }.reduce(0, +)
      #expect(Double(error) / Double(43 * 27) < 12)
    } else {
      #expect(written.hasSameSamples(as: original))
    }
  }

  @Test func readsPatternsWildcardsAndSinglePictures() throws {
    let folder = try TemporaryFolder()
    for number in [1, 2, 10] { try picture(folder.file("f\(String(format: "%03d", number)).png")) }
    try picture(folder.file("other.png"))
    let pattern = try MediaSource.open(folder.file("f%03d.png")).frames()
    #expect(pattern.map(\.fileName) == ["f001.png", "f002.png", "f010.png"])
    let wildcard = try MediaSource.open(folder.file("f*0*.png")).frames()
    #expect(wildcard.count == 3)
    let single = try MediaSource.open(folder.file("other.png")).frames()
    #expect(single.count == 1 && single[0].fileName == "other.png")
    let none = #expect(throws: MediaError.self) { try MediaSource.open(folder.file("g%03d.png")) }
    #expect(none?.code == .noSuchFile)
    let one = try MemorySource(pictures: [.gray(width: 8, height: 8)])
    try copy(one, to: MediaSink.open(folder.file("result.png"), source: one.info))
    #expect(try MediaSource.open(folder.file("result.png")).frames().count == 1)
    let two = try MemorySource(pictures: (0..<2).map { .gray(width: 8, height: 8, offset: $0) })
    let error = #expect(throws: MediaError.self) {
      try copy(two, to: MediaSink.open(folder.file("both.png"), source: two.info))
    }
    #expect(error?.code == .usage)
  }

  @Test func becomesVideoAtTheGivenRate() throws {
    let folder = try TemporaryFolder()
    let source = try MemorySource(
      pictures: (0..<5).map { .gray(width: 64, height: 48, offset: $0) })
    try copy(source, to: MediaSink.open(folder.file("in") + "/", source: source.info))
    var options = SourceOptions()
    options.pictureRate = Rational(18, 1)
    options.from = .seconds(1.0 / 18)
    let pictures = try MediaSource.open(folder.file("in"), options: options)
    var encoding = SinkOptions()
    encoding.encoder = "ffv1"
    try copy(
      pictures,
      to: MediaSink.open(folder.file("out.mkv"), source: pictures.info, options: encoding))
    let result = try MediaSource.open(folder.file("out.mkv"))
    #expect(result.info.frameRate == Rational(18, 1))
    #expect(try result.frames().count == 4)
  }

  @Test func namesDamagedPictures() throws {
    let folder = try TemporaryFolder()
    for number in 1...4 { try picture(folder.file("f\(number).png")) }
    let path = folder.file("f3.png")
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: path))
    let (elements, error) = try MediaSource.open(folder.path).drain()
    #expect(elements.count == 2)
    #expect(error?.code == .truncated && error?.message.contains("f3.png") == true)
    var options = SourceOptions()
    options.onDamage = .continue
    let going = try MediaSource.open(folder.path, options: options)
    let rest = going.drain()
    #expect(rest.error == nil && rest.elements.count >= 3)
    var flipped = data
    flipped[data.count - 30] ^= 0x10
    try flipped.write(to: URL(fileURLWithPath: path))
    let (_, damage) = try MediaSource.open(folder.path).drain()
    #expect(damage?.code == .corrupt && damage?.message.contains("f3.png") == true)
  }

  @Test func listsAHundredThousandNamesQuickly() throws {
    let folder = try TemporaryFolder()
    try picture(folder.file("f0.png"), size: "8x8")
    for number in 1..<100_000 {
      #expect(symlink("f0.png", folder.file("f\(number).png")) == 0)
    }
    let start = ContinuousClock.now
    let source = try MediaSource.open(folder.path)
    let frame = try #require(try source.next()?.frame)
    let elapsed = ContinuousClock.now - start
    #expect(frame.fileName == "f0.png")
    #expect(source.info.estimatedFrameCount == 100_000)
    #expect(elapsed < .seconds(isSanitized ? 200 : 10), "\(elapsed)")
    print("100,000 names: \(elapsed)")
  }
}
