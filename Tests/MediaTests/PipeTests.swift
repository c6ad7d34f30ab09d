import Foundation
import Imaging
import Media
import TestSupport
import Testing

@Suite struct PipeTests {
  @Test(arguments: [
    "gray", "gray9le", "gray10le", "gray12le", "gray16le", "yuv420p", "yuv411p", "yuv422p",
    "yuv444p", "yuva444p", "yuv420p9le", "yuv422p9le", "yuv444p9le", "yuv420p10le", "yuv422p10le",
    "yuv444p10le", "yuv420p12le", "yuv422p12le", "yuv444p12le", "yuv420p14le", "yuv422p14le",
    "yuv444p14le", "yuv420p16le", "yuv422p16le", "yuv444p16le",
  ])
  func readsAndWritesEveryColorSpace(pixelFormat: String) throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.y4m")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=35x21:r=30000/1001 -vf noise=alls=30:allf=t,setsar=4/3 "
        + "-frames:v 3 -pix_fmt \(pixelFormat) -strict -1", input)
    let source = try MediaSource.open(input)
    #expect(source.info.containerName == "y4m")
    #expect(source.info.frameRate == Rational(30000, 1001))
    #expect(source.info.sampleAspectRatio == Rational(4, 3))
    #expect(source.info.estimatedFrameCount == 3)
    let frames = try source.frames()
    let expected = try run(
      "ffmpeg",
      "-v error -i \(input) -pix_fmt \(pixelFormat) -f rawvideo -".split(separator: " ").map(
        String.init))
    let actual = frames.reduce(into: Data()) { data, frame in
      for plane in frame.picture.planes { data += plane.rawBytes }
    }
    #expect(frames.count == 3 && actual == expected)

    let output = folder.file("out.y4m")
    let again = try MediaSource.open(input)
    try copy(again, to: MediaSink.open(output, source: again.info))
    let result = try MediaSource.open(output).frames()
    for (x, y) in zip(frames, result) {
      #expect(x.picture.luma.hasSameSamples(as: y.picture.luma))
      #expect(x.picture.format.bitDepth == y.picture.format.bitDepth)
    }
    // FFmpeg reads it the same.
    let read = try run(
      "ffmpeg", "-v error -i \(output) -f rawvideo -".split(separator: " ").map(String.init))
    let written = result.reduce(into: Data()) { data, frame in
      for plane in frame.picture.planes { data += plane.rawBytes }
    }
    #expect(read == written)
  }

  @Test func tellsExactlyWhereAStreamWasCutOff() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.y4m")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=32x16:r=25 -frames:v 4 -pix_fmt yuv420p", input)
    let data = try Data(contentsOf: URL(fileURLWithPath: input))
    let frameBytes = 32 * 16 * 3 / 2
    let header = data.count - 4 * (frameBytes + 6)
    for (length, frames, actual) in [
      (header + 2 * (frameBytes + 6) + 6 + 100, 2, 100), (header + frameBytes + 6 + 3, 1, 3),
      (header + 5, 0, 5),
    ] {
      let path = folder.file("cut.y4m")
      try data.prefix(length).write(to: URL(fileURLWithPath: path))
      let (elements, error) = try MediaSource.open(path).drain()
      #expect(elements.count == frames)
      #expect(error?.code == .truncated)
      #expect(error?.message.contains("frame \(frames)") == true)
      #expect(error?.message.contains("found \(actual)") == true, "\(error?.message ?? "")")
      var options = SourceOptions()
      options.onDamage = .continue
      let going = try MediaSource.open(path, options: options)
      #expect(going.drain().error?.code == .truncated, "nothing can follow a break")
      #expect(going.damagedFrameCount == 1)
    }
    try data.prefix(header).write(to: URL(fileURLWithPath: folder.file("zero.y4m")))
    let (none, error) = try MediaSource.open(folder.file("zero.y4m")).drain()
    #expect(none.isEmpty && error == nil)
    var broken = data
    broken[header + frameBytes + 6 + 1] = 0x21
    try broken.write(to: URL(fileURLWithPath: folder.file("broken.y4m")))
    let (some, damage) = try MediaSource.open(folder.file("broken.y4m")).drain()
    #expect(some.count == 1 && damage?.code == .corrupt)
    try Data("YUV4MPEG2 W16 H16 F25:1 Cwrong\n".utf8).write(
      to: URL(fileURLWithPath: folder.file("wrong.y4m")))
    let wrong = #expect(throws: MediaError.self) { try MediaSource.open(folder.file("wrong.y4m")) }
    #expect(wrong?.code == .unsupported && wrong?.message.contains("420jpeg") == true)
  }

  /// A frame must come out as soon as its last byte is in, whatever comes later.
  @Test(arguments: ["y4m", "rawvideo", "image2pipe"])
  func waitsForNoMoreThanAFrame(format: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("fifo")
    #expect(mkfifo(path, 0o600) == 0)
    let input = folder.file("in")
    let kind =
      format == "image2pipe"
      ? "-c:v png -f image2pipe" : "-f \(format == "y4m" ? "yuv4mpegpipe" : "rawvideo")"
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 1 -pix_fmt \(format == "image2pipe" ? "rgb24" : "yuv420p") \(kind)",
      input)
    let data = try Data(contentsOf: URL(fileURLWithPath: input))
    let writer = Foundation.open(path, O_RDWR)
    defer { close(writer) }
    #expect(
      data.withUnsafeBytes { Foundation.write(writer, $0.baseAddress, $0.count) } == data.count)
    var options = SourceOptions()
    options.format = format
    options.rawVideo = .init(
      width: 64, height: 48, pixelFormat: "yuv420p", frameRate: Rational(25, 1))
    let interruption = MediaInterruption()
    options.interruption = interruption
    let guardian = Thread {
      Thread.sleep(forTimeInterval: 5)
      interruption.request()
    }
    guardian.start()
    let source = try MediaSource.open(path, options: options)
    #expect(source.info.isPipe)
    let frame = try #require(try source.next()?.frame)
    #expect(frame.picture.width == 64)
  }

  @Test func streamsMatroskaAndNutThroughPipes() throws {
    let folder = try TemporaryFolder()
    for format in ["matroska", "nut"] {
      let input = folder.file("in.\(format)")
      try ffmpeg(
        words: "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1 -c:v libx264 -preset "
          + "ultrafast -c:a flac -f \(format)", input)
      let fifo = folder.file("fifo-\(format)")
      #expect(mkfifo(fifo, 0o600) == 0)
      let feeder = Process()
      feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
      feeder.arguments = ["-c", "cat '\(input)' > '\(fifo)'"]
      try feeder.run()
      let source = try MediaSource.open(fifo)
      #expect(source.info.isPipe && source.info.containerName == format)
      let (elements, error) = source.drain()
      feeder.waitUntilExit()
      #expect(error == nil)
      #expect(elements.compactMap(\.frame).count == 25)
      let packets = try FileSource(path: input).drain().elements.flatMap(\.packets)
      #expect(elements.flatMap(\.packets).map(\.bytes) == packets.map(\.bytes) && !packets.isEmpty)
    }
  }

  @Test(arguments: ["png", "mjpeg", "ppm", "bmp"])
  func splitsConcatenatedPictures(codec: String) throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=45x31:r=25 -frames:v 4 -c:v \(codec) -f image2pipe", input)
    let fifo = folder.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let feeder = Process()
    feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
    feeder.arguments = ["-c", "cat '\(input)' > '\(fifo)'"]
    try feeder.run()
    let frames = try MediaSource.open(fifo).frames()
    feeder.waitUntilExit()
    #expect(frames.count == 4)
    #expect(frames.map(\.presentationTime) == [0, 1, 2, 3])
    let data = try Data(contentsOf: URL(fileURLWithPath: input))
    let cut = folder.file("cut")
    try data.prefix(data.count - 20).write(to: URL(fileURLWithPath: cut))
    var options = SourceOptions()
    options.format = "image2pipe"
    let (whole, error) = try MediaSource.open(cut, options: options).drain()
    #expect(whole.count == 3 && error?.code == .truncated)
    #expect(error?.message.contains("picture 3") == true)
  }

  @Test func tellsAClosedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    let folder = try TemporaryFolder()
    let fifo = folder.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let reader = Foundation.open(fifo, O_RDWR)
    let source = try MemorySource(
      pictures: (0..<40).map { .gray(width: 160, height: 120, offset: $0) })
    var options = SinkOptions()
    options.format = "y4m"
    let sink = try MediaSink.open(fifo, source: source.info, options: options)
    let first = try #require(try source.next())
    var element = first
    element.frame = try first.frame.map {
      $0.with($0.picture.recombined(for: try sink.outputFormat(for: $0)))
    }
    try sink.write(element)
    close(reader)
    let error = #expect(throws: MediaError.self) { try sink.write(element) }
    #expect(error?.code == .io && error?.underlying?.contains("Broken pipe") == true)
  }

  @Test func rawVideoNeedsItsSize() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("in.raw")
    try Data(repeating: 7, count: 64 * 48 * 2 * 2).write(to: URL(fileURLWithPath: path))
    var options = SourceOptions()
    options.format = "rawvideo"
    let error = #expect(throws: MediaError.self) { try MediaSource.open(path, options: options) }
    #expect(error?.code == .usage)
    options.rawVideo = .init(
      width: 64, height: 48, pixelFormat: "yuyv422", frameRate: Rational(25, 1))
    let frames = try MediaSource.open(path, options: options).frames()
    #expect(frames.count == 2)
    #expect(frames[0].picture.format == PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 1))
    #expect(frames[1].picture.luma.samples.allSatisfy { $0 == 7 })
    options.rawVideo = .init(
      width: 64, height: 48, pixelFormat: "nonsense", frameRate: Rational(25, 1))
    let unknown = #expect(throws: MediaError.self) { try MediaSource.open(path, options: options) }
    #expect(unknown?.code == .usage)
  }
}
