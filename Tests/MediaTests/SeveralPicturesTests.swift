import Foundation
import Imaging
import Media
import TestSupport
import Testing

@Suite struct SeveralPicturesTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func animation(_ name: String, _ words: String = "") throws -> String {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=6:d=1 \(words)", folder.file(name))
    return folder.file(name)
  }

  @Test(arguments: [("a.png", "-pix_fmt gray -f apng"), ("a.gif", "-f gif"), ("g.png", "-f gif")])
  func allFramesOfAnAnimationAreRead(name: String, words: String) throws {
    let path = try animation(name, words)
    let (frames, _, damaged) = try readReported(path)
    #expect(frames.count == 6 && damaged == 0)
    let times = frames.map(\.presentationTime)
    #expect(times == times.sorted() && Set(times).count == 6)
    #expect(!frames[0].picture.planes[0].hasSameSamples(as: frames[5].picture.planes[0]))
  }

  @Test(arguments: ["png", "jpg", "dpx", "ppm", "bmp"])
  func picturesThatFollowEachOtherInAFileAreAllRead(ending: String) throws {
    var singles: [Frame] = []
    var data = Data()
    for index in 0..<4 {
      let path = folder.file("s\(index).\(ending)")
      try ffmpeg(
        words: "-f lavfi -i testsrc2=s=48x32:r=4 -ss 0.\(index * 2) -frames:v 1 -update 1", path)
      singles += try readReported(path).frames
      data += try Data(contentsOf: URL(fileURLWithPath: path))
    }
    let path = folder.file("all.\(ending)")
    try data.write(to: URL(fileURLWithPath: path))
    let (frames, reports, damaged) = try readReported(path)
    #expect(frames.count == 4 && damaged == 0, "\(reports)")
    for (frame, single) in zip(frames, singles) {
      for (plane, expected) in zip(frame.picture.planes, single.picture.planes) {
        #expect(plane.hasSameSamples(as: expected))
      }
    }
  }

  @Test func allPagesOfATIFFAreFramesInOrder() throws {
    var tiff = TIFFBytes()
    let pages = (0..<5).map { pattern(40 * 30, phase: $0) }
    for page in pages { tiff.add(width: 40, height: 30, samples: page) }
    // A smaller version of the last is no page.
    tiff.add(width: 4, height: 3, samples: pattern(12), extra: [(254, 4, [1])])
    let path = folder.file("pages7.tif")
    try tiff.data.write(to: URL(fileURLWithPath: path))
    let (frames, reports, damaged) = try readReported(path)
    #expect(damaged == 0 && reports.isEmpty)
    #expect(frames.map { $0.picture.luma.samples } == pages.map { $0.map { Int($0) } })
    #expect(frames.map(\.presentationTime) == [0, 1, 2, 3, 4])
    // As pictures they are numbered, each on its own.
    let source = try MediaSource.open(path)
    try copy(source, to: MediaSink.open(folder.file("out") + "/", source: source.info))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).sorted()
    #expect(names == (1...5).map { "00000\($0).tif" })
    // One picture is no place for five.
    let again = try MediaSource.open(path)
    let error = #expect(throws: MediaError.self) {
      try MediaSink.open(folder.file("one.png"), source: again.info)
    }
    #expect(error?.code == .usage && error?.message.contains("5") == true)
    #expect(access(folder.file("one.png"), F_OK) != 0)
  }

  @Test func inAFolderTheFirstIsTakenAndTheOthersAreSpokenOf() throws {
    let scans = folder.file("scans")
    try FileManager.default.createDirectory(atPath: scans, withIntermediateDirectories: true)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=6:d=1 -pix_fmt gray -f apng", scans + "/a_1.png")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48 -frames:v 1 -update 1", scans + "/a_2.png")
    var tiff = TIFFBytes()
    for page in 0..<3 { tiff.add(width: 40, height: 30, samples: pattern(1200, phase: page)) }
    try tiff.data.write(to: URL(fileURLWithPath: scans + "/a_3.tif"))
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=6:d=1", scans + "/a_4.gif")
    let reports = Reports()
    var options = SourceOptions()
    options.onDamage = .continue
    options.report = { reports.add($0) }
    let source = try MediaSource.open(scans, options: options)
    #expect(try source.frames().map(\.fileName) == ["a_1.png", "a_2.png", "a_3.tif", "a_4.gif"])
    #expect(source.damagedFrameCount == 3)
    #expect(reports.lines.count == 3, "\(reports.lines)")
    #expect(reports.lines.contains { $0.contains("a_1.png") && $0.contains("holds 6 pictures") })
    #expect(reports.lines.contains { $0.contains("a_3.tif") && $0.contains("holds 3 pictures") })
    #expect(reports.lines.contains { $0.contains("a_4.gif") && $0.contains("holds 6 pictures") })
    #expect(source.damageReport?.contains("3 files") == true, "\(source.damageReport ?? "")")
  }

  @Test func animatedWebPIsNamedOnce() throws {
    let path = try animation("v.webp", "-c:v libwebp_anim")
    let reports = Reports()
    var options = SourceOptions()
    options.onDamage = .continue
    options.report = { reports.add($0) }
    let error = #expect(throws: MediaError.self) { try MediaSource.open(path, options: options) }
    #expect(error?.code == .unsupported && error?.message.contains("animated WebP") == true)
    #expect(reports.lines.isEmpty)
  }
}
