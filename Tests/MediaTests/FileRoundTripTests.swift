import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Files made by FFmpeg go through the module into FFV1 and come back.
@Suite struct FileRoundTripTests {
  /// Sends `input` into `name` losslessly and checks luma, times and tags of all frames.
  @discardableResult
  private func check(
    _ input: String, in folder: TemporaryFolder, to name: String = "out.mkv",
    encoder: String = "ffv1", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (before: SourceInfo, after: SourceInfo) {
    let source = try FileSource(path: input)
    var options = SinkOptions()
    options.encoder = encoder
    if encoder == "libx264" {
      options.encoderOptions = ["qp": "0", "preset": "ultrafast"]
      options.pixelFormat = "yuv420p"
    }
    let output = folder.file(name)
    let sink = try FileSink(path: output, source: source.info, options: options)
    try copy(source, to: sink)
    let again = try FileSource(path: input)
    let result = try FileSource(path: output)
    let a = try again.frames()
    let b = try result.frames()
    #expect(a.count == b.count && !a.isEmpty, sourceLocation: sourceLocation)
    for (x, y) in zip(a, b) {
      if x.picture.format.model != .rgb {
        #expect(x.picture.luma.hasSameSamples(as: y.picture.luma), sourceLocation: sourceLocation)
      }
      let seconds = Double(x.presentationTime) * again.info.timeBase.value
      let written = Double(y.presentationTime) * result.info.timeBase.value
      #expect(
        abs(seconds - written) <= max(result.info.timeBase.value / 2 + 1e-9, 0),
        sourceLocation: sourceLocation)
      #expect(x.fieldOrder == y.fieldOrder, sourceLocation: sourceLocation)
    }
    return (again.info, result.info)
  }

  @Test func keepsLumaTimesAudioAndTags() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=300:d=1 "
        + "-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p "
        + "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -c:a:0 aac -c:a:1 flac "
        + "-metadata title=Try -metadata:s:a:1 language=fra", input)
    let (before, after) = try check(input, in: folder)
    #expect(before.streams.count == 3 && after.streams.count == 3)
    #expect(before.color == after.color && after.color.matrix == .bt709)
    #expect(folder.names == ["in.mkv", "out.mkv"])
    #expect(after.streams[2].language == "fra")
    #expect(after.metadata.contains(MetadataEntry(key: "title", value: "Try")))
    let p = try FileSource(path: input).drain().elements.flatMap(\.packets)
    let q = try FileSource(path: folder.file("out.mkv")).drain().elements.flatMap(\.packets)
    for stream in [1, 2] {
      let x = p.filter { $0.streamIndex == stream }
      let y = q.filter { $0.streamIndex == stream }
      #expect(!x.isEmpty && x.map(\.bytes) == y.map(\.bytes))
      #expect(x.map(\.presentationTime) == y.map(\.presentationTime))
    }
  }

  @Test(arguments: [
    "gray", "gray10le", "gray12le", "gray16le", "yuv420p", "yuv422p", "yuv444p", "yuv410p",
    "yuv411p", "yuv440p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "yuv420p16le",
    "yuv444p14le", "yuva420p", "yuva444p16le", "yuv422p9le",
  ])
  func keepsLumaOfEveryFormat(pixelFormat: String) throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.nut")
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=40x24:r=5:d=1 -vf format=yuv444p,crop=37:23:exact=1,noise=alls=40:allf=t -pix_fmt "
        + "\(pixelFormat) -c:v ffv1 -level 3", input)
    let (before, after) = try check(input, in: folder)
    #expect((before.width, before.height) == (37, 23))
    #expect(before.format.bitDepth == after.format.bitDepth)
    #expect(before.format.hasAlpha == after.format.hasAlpha)
    if before.format.model == .yuv { #expect(before.format == after.format) }
    if before.format.model == .gray {
      #expect(before.color.range == .full)
      #expect(after.color.range == .full)
      #expect(after.format == .yuv420(before.format.bitDepth))
    }
    let given = try run(
      "ffmpeg",
      "-v error -i \(input) -pix_fmt \(pixelFormat) -f rawvideo -".split(separator: " ").map(
        String.init))
    let first = try #require(try FileSource(path: input).next()?.frame)
    #expect(given.prefix(first.picture.luma.rawBytes.count) == first.picture.luma.rawBytes)
  }

  /// Packed and foreign-endian formats: each sample as FFmpeg's own planar conversion has it.
  @Test(arguments: [
    ("nv12", "yuv420p"), ("nv21", "yuv420p"), ("yuyv422", "yuv422p"), ("uyvy422", "yuv422p"),
    ("p010le", "yuv420p10le"), ("gray16be", "gray16le"), ("yuv420p10be", "yuv420p10le"),
    ("rgb24", "gbrp"), ("bgra", "gbrap"), ("rgb48be", "gbrp16le"), ("rgba64le", "gbrap16le"),
    ("gbrp10le", "gbrp10le"), ("0rgb", "gbrp"), ("monow", "gray"), ("monob", "gray"),
    ("ya8", "gray"),
  ])
  func unpacksExactly(pair: (packed: String, planar: String)) throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.raw")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=36x22:r=5:d=0.2 -f rawvideo -pix_fmt \(pair.packed)", input)
    var options = SourceOptions()
    options.format = "rawvideo"
    options.rawVideo = .init(
      width: 36, height: 22, pixelFormat: pair.packed, frameRate: Rational(5, 1))
    let frame = try #require(try MediaSource.open(input, options: options).next()?.frame)
    let expected = try run(
      "ffmpeg",
      "-v error -f rawvideo -s 36x22 -pix_fmt \(pair.packed) -i \(input) -sws_flags accurate_rnd+full_chroma_int -pix_fmt \(pair.planar) -f rawvideo -"
        .split(separator: " ").map(String.init))
    // FFmpeg keeps planar RGB as G, B, R.
    var order = Array(frame.picture.planes.indices)
    if frame.picture.format.model == .rgb { order.replaceSubrange(0..<3, with: [1, 2, 0]) }
    if pair.planar == "gray" { order = [0] }
    let actual = order.reduce(into: Data()) { $0 += frame.picture.planes[$1].rawBytes }
    let isSame = actual == expected
    #expect(isSame, "\(pair.packed)")
  }

  @Test func readsPalettes() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.nut")
    try ffmpeg(
      words: "-f lavfi -i color=red:s=16x8:r=5:d=0.2 -pix_fmt pal8 -c:v rawvideo", input)
    let frame = try #require(try FileSource(path: input).next()?.frame)
    #expect(frame.picture.format == .rgb(8))
    let red = frame.picture.planes.map { $0[3, 3] }
    #expect(red[0] > 240 && red[1] < 16 && red[2] < 16)
  }

  @Test func keepsVariableFrameRateAndStart() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.mp4")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=30:d=1 -vf setpts='(N*N+7)/30/TB' -fps_mode vfr "
        + "-c:v libx264 -preset ultrafast -bf 2 -video_track_timescale 90000", input)
    for name in ["out.mkv", "out.nut"] { try check(input, in: folder, to: name) }
    try check(input, in: folder, to: "out.mov", encoder: "libx264")
    // MOV keeps 1/90000 s: exactly the same times.
    let exact = try FileSource(path: folder.file("out.mov"))
    let a = try FileSource(path: input).frames().map { Double($0.presentationTime) / 90000 }
    let b = try exact.frames().map { Double($0.presentationTime) * exact.info.timeBase.value }
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-9 } && a.count == b.count)
    #expect(a.count > 3 && a[0] > 0 && a[2] - a[1] > a[1] - a[0])
  }

  /// Encoders' priming: the sound starts before the picture's zero.
  @Test func keepsSoundThatStartsBeforeZero() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.mp4")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=32x32:r=10:d=1 -f lavfi -i sine=d=1 -c:v libx264 -c:a aac",
      input)
    let (_, _) = try check(input, in: folder, to: "out.mov", encoder: "libx264")
    let before = try FileSource(path: input).drain().elements.flatMap(\.packets)
    let after = try FileSource(path: folder.file("out.mov")).drain().elements.flatMap(\.packets)
    #expect((before.first?.presentationTime ?? 0) < 0)
    #expect(before.map(\.presentationTime) == after.map(\.presentationTime))
    #expect(before.map(\.bytes) == after.map(\.bytes))
  }

  /// Matroska knows no time before zero: all streams move by the same.
  @Test func keepsDistancesOfNegativeTimes() throws {
    let folder = try TemporaryFolder()
    let ideas = try MemorySource(pictures: (0..<4).map { .gray(width: 32, height: 32, offset: $0) })
    var elements: [SourceElement] = []
    while let element = try ideas.next() { elements.append(element) }
    for (index, time) in [-7, -3, 0, 11].enumerated() {
      elements[index].frame?.presentationTime = Int64(time)
    }
    let source = MemorySource(info: ideas.info, elements: elements)
    let output = folder.file("out.mkv")
    var options = SinkOptions()
    options.encoder = "ffv1"
    try copy(source, to: FileSink(path: output, source: source.info, options: options))
    let times = try FileSource(path: output).frames().map(\.presentationTime)
    #expect(times.count == 4)
    for (time, expected) in zip(times, [0, 4, 7, 18]) {
      #expect(abs(Double(time - times[0]) - Double(expected) * 1000 / 24) <= 1.01)
    }
  }

  @Test func keepsAspectRotationAndInterlacing() throws {
    let folder = try TemporaryFolder()
    let plain = folder.file("plain.mp4")
    let input = folder.file("in.mp4")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -vf setsar=16/11,setfield=tff -c:v libx264 "
        + "-flags +ilme+ildct -x264-params tff=1 -preset ultrafast", plain)
    try copyRotated(plain, to: input)
    let (before, after) = try check(input, in: folder, to: "out.mov", encoder: "libx264")
    #expect(before.sampleAspectRatio == Rational(16, 11))
    #expect(after.sampleAspectRatio == Rational(16, 11))
    // FFmpeg tells degrees counterclockwise.
    let told = try ffprobe(input, "-show_entries stream_side_data=rotation -of csv=p=0")
    let clockwise = try #require(told.first.flatMap(Double.init)).truncatingRemainder(
      dividingBy: 360)
    #expect(before.rotationDegrees == (360 - clockwise).truncatingRemainder(dividingBy: 360))
    #expect(after.rotationDegrees == before.rotationDegrees)
    #expect(before.rotationDegrees != nil)
    #expect(before.fieldOrder == .topFirst)
    #expect((before.width, before.height) == (64, 48), "rotation is carried, not applied")
  }

  @Test func copiesSubtitlesAttachmentsAndChapters() throws {
    let folder = try TemporaryFolder()
    try "1\n00:00:00,100 --> 00:00:00,600\nHello\n\n2\n00:00:00,700 --> 00:00:00,900\nagain\n"
      .write(toFile: folder.file("a.srt"), atomically: true, encoding: .utf8)
    try "font".write(toFile: folder.file("a.ttf"), atomically: true, encoding: .utf8)
    try
      ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Two\n"
      .write(toFile: folder.file("a.txt"), atomically: true, encoding: .utf8)
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -i \(folder.file("a.srt")) -i "
        + "\(folder.file("a.txt")) -map 0 -map 1 -map_metadata 2 -attach \(folder.file("a.ttf")) "
        + "-metadata:s:t mimetype=font/ttf -c:v ffv1 -c:s srt", input)
    let (before, after) = try check(input, in: folder)
    #expect(before.streams.map(\.kind) == [.video, .subtitle, .attachment])
    #expect(after.streams.map(\.kind) == [.video, .subtitle, .attachment])
    #expect(after.chapters.map(\.title) == ["One", "Two"])
    #expect(after.chapters.map { Double($0.start) * $0.timeBase.value } == [0, 0.5])
    #expect(after.streams[2].metadata.contains(MetadataEntry(key: "filename", value: "a.ttf")))
    let attached = folder.file("dumped")
    _ = try? run(
      "ffmpeg", ["-v", "quiet", "-dump_attachment:t:0", attached, "-i", folder.file("out.mkv")])
    #expect(try String(contentsOfFile: attached, encoding: .utf8) == "font")
    let texts = try FileSource(path: folder.file("out.mkv")).drain().elements.flatMap(\.packets)
    #expect(texts.map { String(decoding: $0.bytes, as: UTF8.self) } == ["Hello", "again"])
    #expect(texts.map(\.presentationTime) == [100, 700])
    #expect(texts.map(\.duration) == [500, 200])

    // Of a part, times are the film's up to the sink, which lets them count from the part's beginning.
    var options = SourceOptions()
    options.from = 0.3
    let source = try FileSource(path: input, options: options)
    #expect(
      source.info.chapters.map { Double($0.start) * $0.timeBase.value }.map {
        ($0 * 1000).rounded()
      } == [300, 500])
    let part = folder.file("part.mkv")
    var sinkOptions = SinkOptions()
    sinkOptions.encoder = "ffv1"
    let sink = try FileSink(path: part, source: source.info, options: sinkOptions)
    var frameTimes: [Double] = []
    while let element = try source.next() {
      if let frame = element.frame {
        frameTimes.append(Double(frame.presentationTime) * source.info.timeBase.value)
        #expect(abs(source.info.seconds(of: frame) - (frameTimes.last ?? 0)) < 1e-9)
      }
      try sink.write(element)
    }
    try sink.finish()
    #expect(frameTimes.map { ($0 * 10).rounded() } == [3, 4, 5, 6, 7, 8, 9])
    let cut = try FileSource(path: part)
    let (elements, _) = cut.drain()
    #expect(elements.compactMap(\.frame).map { ($0.presentationTime + 50) / 100 } == Array(0..<7))
    #expect(elements.flatMap(\.packets).map(\.presentationTime) == [400])
    #expect(
      cut.info.chapters.map { Double($0.start) * $0.timeBase.value }.map { ($0 * 1000).rounded() }
        == [0, 200])
  }

  @Test func copiesCoverArt() throws {
    let folder = try TemporaryFolder()
    let film = folder.file("film.mp4")
    let cover = folder.file("cover.png")
    let input = folder.file("in.mp4")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v libx264", film)
    try ffmpeg(words: "-f lavfi -i testsrc2=s=32x32 -frames:v 1 -update 1", cover)
    try ffmpeg(
      words: "-i \(film) -i \(cover) -map 0 -map 1 -c copy -disposition:v:1 attached_pic", input)
    let (before, after) = try check(input, in: folder, to: "out.mp4", encoder: "libx264")
    #expect(before.streams.map(\.isCoverArt) == [false, true])
    #expect(after.streams.map(\.isCoverArt) == [false, true])
    let art = try FileSource(path: folder.file("out.mp4")).drain().elements.flatMap(\.packets)
    #expect(art.map { Data($0.bytes) } == [try Data(contentsOf: URL(fileURLWithPath: cover))])
  }

  @Test func refusesWhatTheContainerCannotHold() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.mkv")
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -f lavfi -i sine=d=0.5 -c:v ffv1 -c:a wmav2",
      input)
    var options = SinkOptions()
    options.encoder = "libx264"
    let error = #expect(throws: MediaError.self) {
      let source = try FileSource(path: input)
      _ = try FileSink(path: folder.file("out.mp4"), source: source.info, options: options)
    }
    #expect(error?.code == .containerRefusesStream)
    #expect(error?.message.contains("wmav2") == true && error?.message.contains("mp4") == true)
    #expect(error?.message.contains(".mkv") == true)
    #expect(folder.names == ["in.mkv"])
    // What Matroska can't hold is not sent there.
    let (words, titled) = (folder.file("in.srt"), folder.file("in.mp4"))
    try "1\n00:00:00,000 --> 00:00:00,400\nHello\n".write(
      toFile: words, atomically: true, encoding: .utf8)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -i \(words) -c:v libx264 -c:s mov_text",
      titled)
    let other = #expect(throws: MediaError.self) {
      let source = try FileSource(path: titled)
      _ = try FileSink(path: folder.file("out.mkv"), source: source.info, options: options)
    }
    #expect(other?.message.contains("mov_text") == true)
    #expect(other?.message.contains("write .mp4") == true, "\(other?.message ?? "")")
    // Without the audio it goes.
    var silent = SourceOptions()
    silent.copiedKinds = []
    let source = try FileSource(path: input, options: silent)
    try copy(
      source, to: FileSink(path: folder.file("out.mp4"), source: source.info, options: options))
    #expect(
      try ffprobe(folder.file("out.mp4"), "-show_entries stream=codec_name -of csv=p=0") == ["h264"]
    )
  }

  @Test func cutsByTimeAndCount() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=24:d=3 -f lavfi -i sine=d=3 -c:v libx264 -g 12 "
        + "-preset ultrafast -c:a flac", input)
    let all = try FileSource(path: input).frames()
    var options = SourceOptions()
    options.from = 1
    options.to = 2
    let source = try FileSource(path: input, options: options)
    let (elements, error) = source.drain()
    #expect(error == nil)
    let part = elements.compactMap(\.frame)
    #expect(part.count == 24)
    for (x, y) in zip(all[24..<48], part) {
      #expect(x.picture.luma.hasSameSamples(as: y.picture.luma))
      #expect(x.presentationTime == y.presentationTime)
    }
    let times = elements.flatMap(\.packets).compactMap(\.presentationTime)
    #expect((times.min() ?? -1) >= 1000 && (times.max() ?? 0) < 2000 && (times.max() ?? 0) > 1850)

    options = SourceOptions()
    options.frameLimit = 5
    let few = try FileSource(path: input, options: options).drain()
    #expect(few.elements.compactMap(\.frame).count == 5 && few.error == nil)
    let last = few.elements.flatMap(\.packets).compactMap(\.presentationTime).max() ?? 0
    #expect(last < 209 && last > 80)
  }

  @Test func readsOneFrameAndNone() throws {
    let folder = try TemporaryFolder()
    let one = folder.file("one.mkv")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=24 -frames:v 1 -c:v libx264", one)
    try check(one, in: folder)
    let none = folder.file("none.avi")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=24 -frames:v 0 -c:v ffv1", none)
    let source = try FileSource(path: none)
    #expect((source.info.width, source.info.height) == (64, 48))
    let (elements, error) = source.drain()
    #expect(elements.isEmpty && error == nil)
    let refusal = #expect(throws: MediaError.self) {
      try copy(source, to: FileSink(path: folder.file("out0.mkv"), source: source.info))
    }
    #expect(refusal?.code == .noFrames)
    #expect(folder.names == ["none.avi", "one.mkv", "out.mkv"])
    // A stream of pictures may well be empty.
    try copy(source, to: MediaSink.open(folder.file("none.y4m"), source: source.info))
    #expect(try MediaSource.open(folder.file("none.y4m")).frames().isEmpty)
  }
}

extension Plane {
  /// The samples without padding, as they lie in memory.
  var rawBytes: Data {
    (0..<height).reduce(into: Data()) { data, y in
      data.append(Data(bytes: base + y * bytesPerRow, count: width * bytesPerSample))
    }
  }
}
