import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Where times are hard: clocks that jump, cuts between key frames, sound long before the picture.
@Suite struct ClockTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(
    _ path: String, _ change: (inout SourceOptions) -> Void = { _ in }
  ) throws -> FileSource {
    var options = SourceOptions()
    options.onDamage = .continue
    change(&options)
    return try FileSource(path: path, options: options)
  }

  private func seconds(_ frames: [Frame], _ source: FileSource) -> [Double] {
    frames.map { Double($0.presentationTime) * source.info.timeBase.value }
  }

  @Test func joinedTransportStreamsGoOnWithoutTheJump() throws {
    var joined = Data()
    for (name, length) in [("a.ts", 3), ("b.ts", 2)] {
      try ffmpeg(
        words: "-f lavfi -i testsrc2=s=64x48:r=25:d=\(length) -f lavfi -i sine=d=\(length) "
          + "-c:v libx264 -preset ultrafast -bf 2 -c:a aac", folder.file(name))
      joined += try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
    }
    let path = folder.file("joined.ts")
    try joined.write(to: URL(fileURLWithPath: path))
    let said = Box<[String]>([])
    let source = try open(path) { $0.report = { said.value.append($0) } }
    let elements = source.drain().elements
    let times = seconds(elements.compactMap(\.frame), source)
    #expect(times.count == 125)
    for (earlier, later) in zip(times, times.dropFirst()) {
      #expect((0.03...0.2).contains(later - earlier), "\(earlier) → \(later)")
    }
    let sound = elements.flatMap(\.packets).compactMap { packet in
      packet.decodingTime.map { Double($0) * packet.timeBase.value }
    }
    #expect(sound == sound.sorted())
    let (end, last) = (try #require(times.last), try #require(sound.last))
    #expect(abs(end - last) < 0.3, "picture to \(end), sound to \(last)")
    #expect(said.value.contains { $0.contains("jump by") }, "\(said.value)")
    // A gap in another format is the film's own.
    let whole = try open(folder.file("a.ts"))
    #expect(try whole.frames().count == 75)
  }

  @Test func aCutBetweenKeyFramesOfATransportStreamLosesNothing() throws {
    let path = folder.file("film.ts")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=8 -c:v libx264 -preset veryfast -g 60 "
        + "-keyint_min 60 -sc_threshold 0 -bf 3", path)
    let all = try open(path).frames()
    for from in [0.0, 1.2, 2.4, 3, 6.9] {
      let source = try open(path) {
        $0.from = .seconds(from)
        $0.to = .seconds(from + 1)
      }
      let part = try source.frames()
      let first = Int((from * 25).rounded())
      #expect(part.count == 25, "from \(from)")
      #expect(source.damagedFrameCount == 0)
      for (index, frame) in part.enumerated() {
        #expect(
          frame.picture.luma.hasSameSamples(as: all[first + index].picture.luma),
          "from \(from), frame \(index)")
      }
    }
    #expect(try open(path) { $0.from = 20 }.frames().isEmpty)
  }

  @Test func soundMayBeginLongBeforeThePicture() throws {
    let path = folder.file("late.mkv")
    try ffmpeg(
      words: "-f lavfi -i sine=d=70 -itsoffset 60 -f lavfi -i testsrc2=s=64x48:r=25:d=1 "
        + "-map 0 -map 0 -map 1 -vf setsar=16/11 -c:v ffv1 -c:a aac", path)
    let source = try open(path)
    #expect(source.info.sampleAspectRatio == Rational(16, 11))
    #expect((source.info.width, source.info.height) == (64, 48))
    let elements = source.drain().elements
    #expect(elements.compactMap(\.frame).count == 25)
    let packets = try ffprobe(path, "-select_streams a -show_entries packet=pts -of csv=p=0")
    #expect(elements.flatMap(\.packets).count == packets.count)
  }

  @Test func whatFollowsAPictureThatIsNoneEndsAPipe() throws {
    let picture = folder.file("a.png")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", picture)
    let whole = try Data(contentsOf: URL(fileURLWithPath: picture))
    let path = folder.file("pipe")
    for tail in ["\n", String(repeating: "rubbish ", count: 100)] {
      try (whole + whole + Data(tail.utf8)).write(to: URL(fileURLWithPath: path))
      var options = SourceOptions()
      options.format = "image2pipe"
      options.onDamage = .continue
      let said = Box<[String]>([])
      options.report = { said.value.append($0) }
      let source = try MediaSource.open(path, options: options)
      #expect(try source.frames().count == 2)
      #expect(source.damagedFrameCount == 1)
      #expect(said.value.count == 1 && said.value[0].contains("Picture 2 of"))
    }
  }
}
