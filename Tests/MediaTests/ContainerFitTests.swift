import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// What containers hold is asked of them, and so are the remedies.
@Suite struct ContainerFitTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func film(_ codec: String, _ name: String, _ more: String = "") throws -> String {
    let input = folder.file(name)
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=64x48:r=10:d=0.4 -f lavfi -i sine=r=44100:d=0.4 -c:v mpeg4 -c:a "
        + "\(codec) \(more)", input)
    return input
  }

  private func hash(_ path: String) throws -> String {
    String(
      decoding: try run(
        "ffmpeg",
        [
          "-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "streamhash", "-hash",
          "md5",
        ]
          + ["-"]), as: UTF8.self)
  }

  private func write(_ input: String, _ name: String, audio: String? = nil) throws -> [String] {
    try transcode(input, to: folder.file(name), audio: audio)
  }

  @Test(arguments: [
    ("wmav1", "in.wmv"), ("wmav2", "in.wmv"), ("adpcm_ms", "in.avi"), ("adpcm_ima_wav", "in.avi"),
    ("pcm_mulaw", "in.avi"), ("pcm_alaw", "in.mov"), ("adpcm_yamaha", "in.avi"),
  ])
  func matroskaHoldsWhatWaveFilesHold(codec: String, name: String) throws {
    let input = try film(codec, name)
    _ = try write(input, "out.mkv")
    #expect(try hash(folder.file("out.mkv")) == hash(input))
  }

  private func refusal(_ input: String, _ name: String) throws -> MediaError {
    try #require(throws: MediaError.self) { try write(input, name) }
  }

  /// Whoever follows a message gets there at once.
  @Test(arguments: [
    ("adpcm_ima_qt", "in.mov", "out.mkv"), ("pcm_s8", "in.mov", "out.mkv"),
    ("wmav2", "in.wmv", "out.mp4"), ("pcm_dvd -ac 2 -ar 48000", "in.vob", "out.mkv"),
    ("pcm_dvd -ac 2 -ar 48000", "in.vob", "out.mp4"),
  ])
  func theRemedyHolds(codec: String, name: String, output: String) throws {
    let input = try film(codec, name)
    let error = try refusal(input, output)
    #expect(error.code == .containerRefusesStream)
    #expect(error.message.contains("--audio none"))
    let endings = [".mkv", ".mp4", ".mov", ".nut", ".avi"].filter {
      error.message.contains("write \($0)")
    }
    for ending in endings {
      _ = try write(input, "again" + ending)
      #expect(
        try ffprobe(folder.file("again" + ending), "-show_entries stream=codec_type -of csv=p=0")
          .contains("audio"))
    }
    // Encoding is offered where it works.
    if error.message.contains("--audio aac") {
      _ = try write(input, "aac-" + output, audio: "aac")
      #expect(
        try ffprobe(
          folder.file("aac-" + output),
          "-select_streams a -show_entries stream=codec_name -of csv=p=0")
          == ["aac"])
    }
  }

  private func covered() throws -> (film: String, cover: Data) {
    let cover = folder.file("art.jpg")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=32x32 -frames:v 1 -update 1", cover)
    let input = folder.file("cov.mp4")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=10:d=0.4 -i \(cover) -map 0 -map 1 -c:v:0 libx264 "
        + "-c:v:1 copy -disposition:v:1 attached_pic", input)
    return (input, try Data(contentsOf: URL(fileURLWithPath: cover)))
  }

  @Test func coverArtIsAnAttachmentInMatroska() throws {
    let (input, cover) = try covered()
    _ = try write(input, "out.mkv")
    _ = try write(folder.file("out.mkv"), "twice.mkv")
    for name in ["out.mkv", "twice.mkv"] {
      let path = folder.file(name)
      let told = try ffprobe(
        path, "-show_entries stream=codec_name:stream_disposition=attached_pic -of csv=p=0")
      #expect(told == ["h264,0", "mjpeg,1"], "\(told)")
      let info = try FileSource(path: path).info
      let art = try #require(info.streams.last)
      #expect(art.metadata.contains(MetadataEntry(key: "filename", value: "cover.jpg")))
      #expect(art.metadata.contains(MetadataEntry(key: "mimetype", value: "image/jpeg")))
      let dumped = try run(
        "ffmpeg",
        ["-v", "error", "-i", path, "-map", "0:v:1", "-c", "copy", "-f", "image2pipe", "-"])
      #expect(dumped == cover)
    }
  }

  @Test(arguments: ["out.mov", "out.nut"])
  func coverArtIsLeftOutWhereItWouldBeASecondFilm(name: String) throws {
    let (input, _) = try covered()
    let notes = try write(input, name)
    #expect(notes.contains { $0.contains("cover art") && $0.contains("left out") }, "\(notes)")
    #expect(
      try ffprobe(folder.file(name), "-show_entries stream=codec_name -of csv=p=0") == ["h264"])
  }

  @Test(arguments: [
    ("out.mov", true, nil), ("out.mp4", true, nil), ("out.mkv", true, "kept as a tag"),
    ("out.avi", false, "left out"),
  ])
  func timeCodesAreKeptAndNotesAreTrue(name: String, isKept: Bool, note: String?) throws {
    let input = folder.file("tc.mov")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v libx264 -timecode 01:02:03:04", input)
    let notes = try write(input, name).filter { $0.contains("time code") || $0.contains("data") }
    if let note {
      #expect(notes.count == 1 && notes[0].contains("01:02:03:04") && notes[0].contains(note))
    } else {
      #expect(notes.isEmpty, "\(notes)")
    }
    let tags = try ffprobe(
      folder.file(name), "-show_entries stream_tags=timecode:format_tags=timecode -of csv=p=0")
    #expect(tags.contains { $0.contains("01:02:03:04") } == isKept, "\(tags)")
  }

  @Test(arguments: [
    ("libx264", false), ("libx265", true), ("libsvtav1", true), ("ffv1", false),
    ("prores_ks", false),
  ])
  func fieldsAreFlaggedOrNamed(encoder: String, isNoted: Bool) throws {
    let input = folder.file("pal.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x64:r=25:d=0.2 -vf setfield=tff -c:v ffv1 -level 3", input)
    let source = try FileSource(path: input)
    #expect(source.info.fieldOrder == .topFirst)
    var options = SinkOptions()
    options.encoder = encoder
    let output = folder.file("out.mkv")
    let sink = try FileSink(path: output, source: source.info, options: options)
    try copy(source, to: sink)
    #expect(sink.notes.contains { $0.contains("interlaced") && $0.contains(encoder) } == isNoted)
    if !isNoted {
      #expect(try FileSource(path: output).frames().allSatisfy { $0.fieldOrder == .topFirst })
    }
  }

  @Test(arguments: ["out.mp4", "out.mov"])
  func theIndexLiesInFrontAndTheFramesAreWhole(name: String) throws {
    let input = try film("aac", "in.mkv")
    _ = try write(input, name)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
    let index = try #require(bytes.range(of: Data("moov".utf8)))
    let content = try #require(bytes.range(of: Data("mdat".utf8)))
    #expect(index.lowerBound < content.lowerBound)
    #expect(folder.names == ["in.mkv", name].sorted())
    let frames = try FileSource(path: folder.file(name)).frames()
    #expect(frames.count == 4)
    #expect(try hash(folder.file(name)) == hash(input))
  }

  @Test(arguments: [
    ("out.mov", nil, "DNXHR HQX,yuv422p10le"), ("out.mxf", nil, "DNXHR HQX,yuv422p10le"),
    ("out.mov", "yuv422p", "DNXHR HQ,yuv422p"), ("out.mov", "yuv444p10le", "DNXHR 444,yuv444p10le"),
  ])
  func writesDNxHR(name: String, format: String?, told: String) throws {
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=320x240:r=25:d=0.2 -c:v ffv1 -pix_fmt yuv420p", input)
    let source = try FileSource(path: input)
    var options = SinkOptions()
    options.encoder = "dnxhd"
    options.pixelFormat = format
    try copy(source, to: FileSink(path: folder.file(name), source: source.info, options: options))
    #expect(
      try ffprobe(folder.file(name), "-show_entries stream=profile,pix_fmt -of csv=p=0").first
        == told)
    #expect(try FileSource(path: folder.file(name)).frames().count == 5)
  }
}
