import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// What travels with frames beside the picture: captions, HDR metadata.
@Suite struct SideDataTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Twelve frames of H.264; captions (CEA-608 "resume caption loading" and letters) and active format
  /// description are put in front of each picture, by bytes of our own.
  private func captioned() throws -> String {
    let plain = folder.file("plain.h264")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x64:r=25:d=0.48 -c:v libx264 -preset ultrafast "
        + "-pix_fmt yuv420p -x264-params slices=1:bframes=0", plain)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: plain)))
    var result: [UInt8] = []
    var (index, count) = (0, 0)
    while index < bytes.count {
      if index + 4 < bytes.count, bytes[index..<index + 3].elementsEqual([0, 0, 1]),
        [1, 5].contains(bytes[index + 3] & 31)
      {
        let letter = UInt8(0x41 + count)
        let captions: [UInt8] =
          [0xB5, 0, 0x31] + Array("GA94".utf8) + [
            3, 0x42, 0xFF, 0xFC, 0x94, 0x20, 0xFC, letter, 0x80,
          ]
          + [0xFF]
        result +=
          [0, 0, 1, 6, 4, UInt8(captions.count)] + captions + [0x80]
        count += 1
      }
      result.append(bytes[index])
      index += 1
    }
    #expect(count == 12)
    let raw = folder.file("captions.h264")
    try Data(result).write(to: URL(fileURLWithPath: raw))
    return raw
  }

  /// The captions of all frames, in the order in which they are shown, as FFmpeg's own decoder and muxer
  /// for captions give them.
  private func captions(_ path: String) throws -> Data {
    try run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "movie=\(path)[out0+subcc]", "-map", "s", "-c", "copy",
        "-f", "data", "-",
      ])
  }

  /// The same from the bytes of AV1, whose units come in the order in which they are shown: dav1d 1.0
  /// passes over metadata in front of frames that were coded before.
  private func captionsInUnits(_ path: String) throws -> Data {
    let coded = try run(
      "ffmpeg", ["-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-f", "data", "-"])
    let head = Data("GA94".utf8) + Data([3, 0x42, 0xFF])
    var result = Data()
    var rest = coded[...]
    while let found = rest.range(of: head) {
      result += rest[found.upperBound..<found.upperBound + 6]
      rest = rest[found.upperBound...]
    }
    return result
  }

  private func transcode(_ input: String, _ encoder: String, _ name: String) throws -> [String] {
    let source = try FileSource(path: input)
    var options = SinkOptions()
    options.encoder = encoder
    if encoder != "ffv1", encoder != "prores_ks" {
      options.preset = encoder == "libsvtav1" ? "10" : "veryfast"
    }
    let said = Said()
    options.report = { said.add($0) }
    let sink = try FileSink(path: folder.file(name), source: source.info, options: options)
    try copy(source, to: sink)
    return sink.notes + said.lines
  }

  @Test(arguments: [
    ("libx264", "out.mkv"), ("libx264", "out.mp4"), ("libx265", "out.mkv"), ("libx265", "out.mp4"),
    ("libsvtav1", "out.mkv"),
  ])
  func captionsStayWithTheirFrames(encoder: String, name: String) throws {
    let input = try captioned()
    let before = try captions(input)
    #expect(before.count == 12 * 6)
    let notes = try transcode(input, encoder, name)
    #expect(notes.allSatisfy { !$0.contains("Caption") }, "\(notes)")
    let after =
      try encoder == "libsvtav1" ? captionsInUnits(folder.file(name)) : captions(folder.file(name))
    #expect(after == before)
  }

  @Test(arguments: [("ffv1", "out.mkv"), ("prores_ks", "out.mov")])
  func captionsThatAreLostAreNamedOnce(encoder: String, name: String) throws {
    let notes = try transcode(try captioned(), encoder, name).filter { $0.contains("Caption") }
    #expect(notes.count == 1 && notes[0].contains(encoder), "\(notes)")
  }

  private func hdr() throws -> String {
    let input = folder.file("hdr.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x64:r=25:d=0.32 -c:v libx265 -pix_fmt yuv420p10le -preset "
        + "ultrafast -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -x265-params "
        + "log-level=none:hdr10=1:repeat-headers=1:max-cll=1000,400:"
        + "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
      input)
    return input
  }

  private static let words =
    "-read_intervals %+#1 -show_entries "
    + "frame_side_data=red_x,green_y,blue_x,white_point_x,min_luminance,max_luminance,max_content,"
    + "max_average -of default=nk=0:nw=1"

  /// Ratios as numbers: they may be reduced.
  private func figures(_ lines: [String]) -> [String: Double] {
    lines.reduce(into: [:]) { result, line in
      let parts = line.split(separator: "=").map(String.init)
      guard parts.count == 2 else { return }
      let ratio = parts[1].split(separator: "/").compactMap { Double($0) }
      if let first = ratio.first { result[parts[0]] = ratio.count == 2 ? first / ratio[1] : first }
    }
  }

  @Test(arguments: [
    ("libx265", "out.mkv"), ("libx265", "out.mp4"), ("libx264", "out.mp4"),
    ("libsvtav1", "out.mkv"),
    ("ffv1", "out.mkv"),
  ])
  func theDisplayAndItsLightStay(encoder: String, name: String) throws {
    let input = try hdr()
    let before = figures(try ffprobe(input, Self.words))
    #expect(before["max_content"] == 1000 && before["max_luminance"] == 1000)
    _ = try transcode(input, encoder, name)
    var after = figures(try ffprobe(folder.file(name), Self.words))
    if after.isEmpty {
      // In the container alone.
      after = figures(
        try ffprobe(
          folder.file(name),
          Self.words.replacing("frame_side_data", with: "stream_side_data")))
    }
    #expect(after.count >= 8, "\(after)")
    for (key, value) in before {
      #expect(abs((after[key] ?? -1) - value) <= max(value * 1e-3, 2e-5), "\(key)")
    }
  }
}

/// Gathers what is told.
final class Said: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [String] = []
  func add(_ line: String) { lock.withLock { all.append(line) } }
  var lines: [String] { lock.withLock { all } }
}
