import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Under which names outputs are written, and what is left where something fails.
@Suite struct OutputPlacesTests {
  private let folder: TemporaryFolder
  private let info: SourceInfo

  init() throws {
    folder = try TemporaryFolder()
    info = SourceInfo(
      width: 32, height: 16, format: .yuv420(8), color: ColorDescription(),
      timeBase: Rational(1, 25), frameRate: Rational(25, 1))
  }

  private func frame(_ index: Int) -> SourceElement {
    let planes = [(32, 16), (16, 8), (16, 8)].enumerated().map { plane, size in
      Plane.slope(width: size.0, height: size.1, bitDepth: 8, phase: index + plane)
    }
    return SourceElement(
      frame: Frame(
        index: index,
        picture: Picture(
          width: 32, height: 16, format: .yuv420(8), color: ColorDescription(), planes: planes),
        presentationTime: Int64(index), duration: 1))
  }

  private func open(_ name: String, overwrite: Bool = false) throws -> any FrameSink {
    var options = SinkOptions()
    options.encoder = name.hasSuffix("y4m") ? nil : "ffv1"
    options.overwrite = overwrite
    return try MediaSink.open(folder.file(name), source: info, options: options)
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  private func put(_ text: String, into name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
  }

  private func lumaMatches(_ name: String, count: Int) throws -> Bool {
    let frames = try MediaSource.open(folder.file(name)).frames()
    return frames.count == count
      && frames.allSatisfy { actual in
        guard let expected = frame(actual.index).frame else { return false }
        return actual.picture.luma.hasSameSamples(as: expected.picture.luma)
      }
  }

  /// Writes frames until the sink refuses one, for ten seconds at most.
  private func writeUntilRefused(_ sink: any FrameSink, from first: Int) throws -> MediaError? {
    let end = ContinuousClock.now + .seconds(10)
    var index = first
    while ContinuousClock.now < end {
      do { try sink.write(frame(index)) } catch let error as MediaError { return error }
      index += 1
      usleep(20_000)
    }
    return nil
  }

  @Test(arguments: ["film.mkv", "film.y4m"])
  func aPartThatIsThereIsNotReplaced(name: String) throws {
    let ending = name.suffix(4)
    try put("mine", into: "film.partial\(ending)")
    for (number, count) in [(2, 3), (3, 2)] {
      let sink = try open(name, overwrite: true)
      for index in 0..<count { try sink.write(frame(index)) }
      #expect(try sink.finishEarly() == folder.file("film.partial-\(number)\(ending)"))
    }
    #expect(try bytes("film.partial\(ending)") == Data("mine".utf8))
    #expect(try lumaMatches("film.partial-2\(ending)", count: 3))
    #expect(try lumaMatches("film.partial-3\(ending)", count: 2))

    let sink = try open(name)
    for index in 0..<4 { try sink.write(frame(index)) }
    #expect(sink.salvage() == folder.file("film.partial-4\(ending)"))
    #expect(try lumaMatches("film.partial-4\(ending)", count: 4))
  }

  @Test func whatAKilledRunLeftIsKeptAndNamed() throws {
    try put("hours of work", into: ".film.mkv.partial")
    let sink = try open("film.mkv")
    for index in 0..<3 { try sink.write(frame(index)) }
    try sink.finish()
    #expect(sink.notes.contains { $0.contains(folder.file("film.partial.mkv")) }, "\(sink.notes)")
    #expect(folder.names == ["film.mkv", "film.partial.mkv"])
    #expect(try bytes("film.partial.mkv") == Data("hours of work".utf8))
    #expect(try lumaMatches("film.mkv", count: 3))
  }

  @Test func whatAnotherRunIsWritingIsLeftToIt() throws {
    let first = try open("film.mkv")
    let error = #expect(throws: MediaError.self) { _ = try open("film.mkv", overwrite: true) }
    #expect(error?.code == .cannotCreate && error?.message.contains("Another process") == true)
    for index in 0..<3 { try first.write(frame(index)) }
    try first.finish()
    #expect(try lumaMatches("film.mkv", count: 3))
    #expect(folder.names == ["film.mkv"])
  }

  @Test func noLinkIsFollowedFromATemporaryName() throws {
    try put("victim", into: "victim")
    symlink(folder.file("victim"), folder.file(".film.mkv.partial"))
    symlink(folder.file("victim"), folder.file(".00.jpg.partial"))
    let sink = try open("film.mkv")
    for index in 0..<3 { try sink.write(frame(index)) }
    try sink.finish()
    var options = SinkOptions()
    options.encoder = "mjpeg"
    let picture = try MediaSink.open(folder.file("00.jpg"), source: info, options: options)
    let format = try picture.outputFormat(for: #require(frame(0).frame))
    let shown = try #require(frame(0).frame)
    try picture.write(
      SourceElement(frame: shown.with(shown.picture.recombined(for: format))))
    try picture.finish()
    #expect(try bytes("victim") == Data("victim".utf8))
    var status = stat()
    for name in ["film.mkv", "00.jpg"] {
      #expect(lstat(folder.file(name), &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
    }
    #expect(try lumaMatches("film.mkv", count: 3))
  }

  /// An output's name that is taken by a link into nowhere is taken.
  @Test func aDanglingLinkIsNotReplacedUnasked() throws {
    symlink("nowhere", folder.file("film.mkv"))
    let error = #expect(throws: MediaError.self) { _ = try open("film.mkv") }
    #expect(error?.code == .outputExists && error?.message.contains("--overwrite") == true)
    #expect(folder.names == ["film.mkv"])
  }

  @Test(arguments: ["film.mkv", "film.y4m"])
  func aFolderThatIsRemovedEndsTheFilmAtOnce(name: String) throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("out"), withIntermediateDirectories: true)
    let sink = try open("out/" + name)
    try sink.write(frame(0))
    try FileManager.default.removeItem(atPath: folder.file("out"))
    let error = try writeUntilRefused(sink, from: 1)
    #expect(error?.code == .io && error?.message.contains(folder.file("out")) == true)
    #expect(sink.salvage() == nil)
    #expect(folder.names == [])
  }

  @Test(arguments: ["film.mkv", "film.y4m"])
  func aTemporaryFileThatIsRemovedLosesNothing(name: String) throws {
    let sink = try open(name)
    try sink.write(frame(0))
    try FileManager.default.removeItem(atPath: folder.file(".\(name).partial"))
    let error = try writeUntilRefused(sink, from: 1)
    #expect(error?.code == .io)
    let kept = try #require(sink.salvage())
    #expect(kept == folder.file("film.partial.\(name.suffix(3))"))
    let frames = try MediaSource.open(kept).frames()
    #expect(
      try frames.count >= 1 && lumaMatches("film.partial.\(name.suffix(3))", count: frames.count))
  }

  @Test func whatMovedWithItsFolderIsNamedWhereItIs() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("out"), withIntermediateDirectories: true)
    let sink = try open("out/film.mkv")
    for index in 0..<3 { try sink.write(frame(index)) }
    rename(folder.file("out"), folder.file("moved"))
    let error = #expect(throws: MediaError.self) { try sink.finish() }
    #expect(error?.code == .io)
    let kept = try #require(sink.salvage())
    #expect(kept.hasSuffix("/moved/film.partial.mkv"))
    #expect(try lumaMatches("moved/film.partial.mkv", count: 3))
    #expect(folder.names == ["moved"])
  }

  @Test func namesAsLongAsTheFileSystemAllowsAreWritten() throws {
    let stem = String(repeating: "ä", count: 125)
    let sink = try open(stem + ".mkv")
    for index in 0..<3 { try sink.write(frame(index)) }
    try sink.finish()
    #expect(try lumaMatches(stem + ".mkv", count: 3))
    let early = try open(stem + ".mkv", overwrite: true)
    for index in 0..<2 { try early.write(frame(index)) }
    let kept = try #require(try early.finishEarly())
    #expect(try MediaSource.open(kept).frames().count == 2)
  }

  @Test func percentSignsInAFilmsNameAreNoPattern() throws {
    let sink = try open("100%done.mkv")
    for index in 0..<3 { try sink.write(frame(index)) }
    try sink.finish()
    #expect(folder.names == ["100%done.mkv"])
    #expect(try lumaMatches("100%done.mkv", count: 3))
  }

  @Test func rawFramesAreNotWrittenToATerminal() throws {
    var (master, slave): (Int32, Int32) = (0, 0)
    try #require(openpty(&master, &slave, nil, nil, nil) == 0)
    defer { close(master); close(slave) }
    let name = try #require(ttyname(slave).map { String(cString: $0) })
    var options = SinkOptions()
    options.format = "y4m"
    let error = #expect(throws: MediaError.self) {
      _ = try MediaSink.open(name, source: info, options: options)
    }
    #expect(error?.code == .usage && error?.message.contains("terminal") == true)
    options.format = "matroska"
    options.encoder = "ffv1"
    #expect(throws: MediaError.self) {
      _ = try MediaSink.open(name, source: info, options: options)
    }
  }

  /// By name and by ending: containers that open files, sockets or devices of their own.
  @Test(arguments: [
    "hls", "dash", "segment", "ssegment", "stream_segment", "tee", "rtsp", "rtp", "rtp_mpegts",
    "sap",
    "image2", "smoothstreaming", "hds", "webm_chunk", "webm_dash_manifest", "fifo", "null", "alsa",
    "sdl", "oss", "v4l2", "fbdev", "ffmetadata", "chromaprint",
  ])
  func containersOfManyFilesAreRefused(container: String) throws {
    try put("mine", into: "o0.ts")
    var options = SinkOptions()
    options.format = container
    options.overwrite = true
    let error = #expect(throws: MediaError.self) {
      _ = try MediaSink.open(folder.file("o"), source: info, options: options)
    }
    #expect(error?.code == .usage, "\(error?.description ?? "")")
    #expect(folder.names == ["o0.ts"])
    #expect(try bytes("o0.ts") == Data("mine".utf8))
  }

  @Test(arguments: ["m3u8", "mpd", "ism", "f4m", "sdp", "txt", "mp3", "wav", "srt", "ffmeta"])
  func endingsOfWhatIsNoFilmAreRefused(ending: String) throws {
    let error = #expect(throws: MediaError.self) {
      _ = try MediaSink.open(folder.file("o.\(ending)"), source: info, options: SinkOptions())
    }
    #expect(error?.code == .usage, "\(error?.description ?? "")")
    #expect(folder.names == [])
  }

  @Test(arguments: [
    ("mkv", "ffv1"), ("webm", "libsvtav1"), ("mp4", "libx264"), ("mov", "prores_ks"),
    ("m4v", "libx264"), ("avi", "ffv1"), ("nut", "ffv1"), ("ts", "libx264"), ("m2ts", "libx264"),
    ("flv", "libx264"), ("3gp", "libx264"), ("h264", "libx264"), ("mpg", "mpeg2video"),
    ("asf", "libx264"), ("wmv", "libx264"), ("f4v", "libx264"), ("ivf", "libsvtav1"),
    ("hevc", "libx265"), ("mxf", "mpeg2video"), ("vob", "mpeg2video"), ("m2v", "mpeg2video"),
  ])
  func containersOfOneFileAreWritten(ending: String, encoder: String) throws {
    var options = SinkOptions()
    options.encoder = encoder
    var large = SourceInfo(
      width: 64, height: 64, format: .yuv420(8), color: ColorDescription(),
      timeBase: Rational(1, 25), frameRate: Rational(25, 1))
    large.sampleAspectRatio = Rational(1, 1)
    let sink = try MediaSink.open(folder.file("o." + ending), source: large, options: options)
    for index in 0..<3 {
      let format = try sink.outputFormat(
        for: Frame(
          index: index,
          picture: Picture(
            width: 64, height: 64, format: .yuv420(8), color: ColorDescription(),
            planes: [(64, 64), (32, 32), (32, 32)].map {
              Plane.slope(width: $0.0, height: $0.1, bitDepth: 8, phase: 1)
            }), presentationTime: Int64(index)))
      let picture = Picture(
        width: 64, height: 64, format: .yuv420(8), color: ColorDescription(),
        planes: [(64, 64), (32, 32), (32, 32)].map {
          Plane.slope(width: $0.0, height: $0.1, bitDepth: 8, phase: 1)
        }
      ).recombined(for: format)
      try sink.write(
        SourceElement(
          frame: Frame(index: index, picture: picture, presentationTime: Int64(index), duration: 1))
      )
    }
    try sink.finish()
    #expect(
      try ffprobe(
        folder.file("o." + ending), "-count_frames -show_entries stream=nb_read_frames -of csv=p=0"
      )
      .first?.hasPrefix("3") == true)
  }
}
