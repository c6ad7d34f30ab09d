import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Films whose encoder begins anew at segments, which another run can take over.
@Suite struct SegmentTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// 40 frames in motion with sound, in times that a container rounds.
  private func source() throws -> any FrameSource {
    let path = folder.file("film.mkv")
    if !folder.names.contains("film.mkv") {
      try ffmpeg(
        words:
          "-f lavfi -i testsrc2=s=128x96:r=30000/1001 -f lavfi -i sine=r=8000 -frames:v 40 -t 1.4 "
          + "-pix_fmt yuv420p -c:v ffv1 -c:a aac", path)
    }
    return try MediaSource.open(path)
  }

  /// - Parameter encoder: its name, and options of it.
  private func sink(_ name: String, like info: SourceInfo, encoder: String) throws -> FileSink {
    var options = SinkOptions()
    let parts = encoder.split(separator: " ").map(String.init)
    options.encoder = parts[0]
    for option in parts.dropFirst() {
      let pair = option.split(separator: "=").map(String.init)
      options.encoderOptions[pair[0]] = pair[1]
    }
    options.threads = 1
    return try FileSink(path: folder.file(name), source: info, options: options)
  }

  /// Writes the film in segments that begin at `starts`, the first ones taken from `kept` if there are any.
  private func write(
    _ name: String, encoder: String, starts: [Int], restoring kept: Int = 0, from other: String = ""
  ) throws {
    let source = try source()
    let sink = try sink(name, like: source.info, encoder: encoder)
    var packets = 0
    for index in 0..<kept {
      let segment = try sink.restoreSegment(folder.file("\(other)-\(index).segment"))
      #expect(segment.trailer == Data("trailer \(index)".utf8))
      packets += segment.packetCount
    }
    var index = kept
    let first = kept == 0 ? 0 : starts[kept - 1]
    try sink.beginSegment(keptAs: folder.file("\(name)-\(index).segment"), isBegun: false)
    while var element = try source.next() {
      let dropped = min(packets, element.packets.count)
      packets -= dropped
      element.packets.removeFirst(dropped)
      if let frame = element.frame {
        if frame.index < first {
          element.frame = nil
        } else if frame.index > first, starts.contains(frame.index) {
          try sink.endSegment(trailer: Data("trailer \(index)".utf8))
          index += 1
          try sink.beginSegment(keptAs: folder.file("\(name)-\(index).segment"), isBegun: false)
        }
      }
      element.frame = element.frame.map {
        $0.with($0.picture.recombined(for: sink.outputFormat))
      }
      try sink.write(element)
    }
    try sink.finish()
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  /// With encoders that change the order of frames and such that do not, in containers that count in
  /// milliseconds and such that count in the film's own unit.
  @Test(arguments: [
    ("libx264", "mkv"), ("libx264", "mp4"), ("libx265", "mkv"), ("libx265", "mp4"),
    ("ffv1", "mkv"), ("ffv1 g=12", "mkv"), ("prores_ks", "mov"), ("libsvtav1", "mp4"),
    ("mpeg4", "mp4"),
  ])
  func segmentsOfAnotherRunGiveTheSameFile(encoder: String, ending: String) throws {
    let starts = [13, 14, 30]
    try write("whole.\(ending)", encoder: encoder, starts: starts)
    for kept in 1...3 {
      try write(
        "resumed-\(kept).\(ending)", encoder: encoder, starts: starts, restoring: kept,
        from: "whole.\(ending)")
      #expect(
        try bytes("resumed-\(kept).\(ending)") == bytes("whole.\(ending)"), "\(kept) segments kept")
    }
    // What one encoder makes of it has the same frames at the same times, and the same sound.
    try write("single.\(ending)", encoder: encoder, starts: [])
    let stamps = "-select_streams v -show_entries packet=pts,dts -of csv=p=0"
    let segmented = try ffprobe(folder.file("whole.\(ending)"), stamps)
    let single = try ffprobe(folder.file("single.\(ending)"), stamps)
    func column(_ lines: [String], _ index: Int) -> [Int] {
      lines.compactMap { Int($0.split(separator: ",")[index]) }
    }
    #expect(column(segmented, 0).count == 40)
    #expect(column(segmented, 0).sorted() == column(single, 0).sorted())
    // Matroska has no decoding times; what is told of it is a guess.
    if ending != "mkv" {
      let decoding = column(segmented, 1)
      #expect(zip(decoding, decoding.dropFirst()).allSatisfy { $0 < $1 })
      #expect(zip(column(segmented, 0), decoding).allSatisfy { $0 >= $1 })
      #expect(decoding == column(single, 1))
    }
    let sound =
      "-select_streams a -show_packets -show_data_hash MD5 -show_entries packet=pts,data_hash -of csv=p=0"
    #expect(
      try ffprobe(folder.file("whole.\(ending)"), sound)
        == ffprobe(folder.file("single.\(ending)"), sound))
  }

  @Test func aDamagedSegmentIsRefused() throws {
    try write("whole.mkv", encoder: "ffv1", starts: [20])
    let name = "whole.mkv-0.segment"
    let whole = try bytes(name)
    let place = Int.random(in: 0..<whole.count)
    print("byte \(place) of \(whole.count)")
    var flipped = whole
    flipped[place] ^= 0x10
    for damaged in [flipped, whole.dropLast(1), whole.prefix(whole.count / 2), Data()] {
      try damaged.write(to: URL(fileURLWithPath: folder.file(name)))
      let sink = try sink("other.mkv", like: source().info, encoder: "ffv1")
      let error = #expect(throws: MediaError.self) { try sink.restoreSegment(folder.file(name)) }
      #expect(error?.description.contains(name) == true, "\(String(describing: error))")
      sink.discard()
    }
  }

  /// A segment that the end of a run cuts short is not kept.
  @Test func anUnfinishedSegmentLeavesNothing() throws {
    let source = try source()
    for ends in [{ _ = try $0.finishEarly() }, { $0.discard() }, { _ = $0.salvage() }]
      as [(FileSink) throws -> Void]
    {
      let sink = try sink("part.mkv", like: source.info, encoder: "ffv1")
      try sink.beginSegment(keptAs: folder.file("part.segment"), isBegun: false)
      try sink.write(try #require(try source.next()))
      try ends(sink)
      #expect(!folder.names.contains { $0.contains("segment") }, "\(folder.names)")
    }
  }

  /// A source that goes on in the middle gives what one gives that is read from the start: the same pictures,
  /// times and numbers, and the packets from the start on; and it does not decode all that is before.
  @Test(arguments: [
    ("-c:v libx264 -g 12 -bf 3", "mkv"), ("-c:v libx264 -g 250", "mp4"),
    ("-c:v libx264 -x264-params keyint=12:open-gop=1:bframes=3", "mkv"),
    ("-c:v mpeg2video -g 10 -bf 2", "mpg"), ("-c:v mpeg2video -g 10 -bf 2", "ts"),
    ("-c:v ffv1", "mkv"), ("-c:v prores_ks", "mov"), ("-c:v mpeg4 -g 20 -bf 2", "avi"),
    ("-c:v libx265 -x265-params log-level=none:keyint=15", "mp4"), ("-c:v rawvideo", "nut"),
  ])
  func decodingGoesOnInTheMiddle(codec: String, ending: String) throws {
    let path = folder.file("film.\(ending)")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=128x96:r=25 -f lavfi -i sine=r=48000 -t 3 -pix_fmt "
        + (codec.contains("prores") ? "yuv422p10le" : "yuv420p") + " \(codec) -c:a "
        + (["mpg", "ts"].contains(ending) ? "mp2" : ending == "mp4" ? "aac" : "pcm_s16le"),
      path)
    let whole = try MediaSource.open(path).drain().elements
    let frames = whole.filter { $0.frame != nil }
    #expect(frames.count >= 70)
    for index in [1, 2, 13, 37, 50, frames.count - 1] {
      let place = try #require(frames[index].place, "frame \(index)")
      let kept = try JSONDecoder().decode(FramePlace.self, from: try JSONEncoder().encode(place))
      let source = try MediaSource.open(path)
      source.goOn(at: kept)
      let (rest, error) = source.drain()
      #expect(error == nil)
      let given = rest.compactMap(\.frame).filter { $0.index >= index }
      #expect(given.count == frames.count - index, "from frame \(index)")
      for (actual, expected) in zip(given, frames[index...].compactMap(\.frame)) {
        #expect(actual.index == expected.index)
        #expect(actual.presentationTime == expected.presentationTime)
        #expect(
          actual.picture.lumaChecksum == expected.picture.lumaChecksum, "frame \(expected.index)")
      }
      #expect(
        rest.flatMap(\.packets).map(\.presentationTime)
          == whole.flatMap(\.packets).map(\.presentationTime))
    }
  }
}
