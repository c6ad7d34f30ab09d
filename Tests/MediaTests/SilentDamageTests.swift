import Foundation
import Imaging
import Media
import Synchronization
import TestSupport
import Testing

/// Damage that demuxers pass over without an error, and inputs that change while they are read.
@Suite struct SilentDamageTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(
    _ path: String, _ policy: DamagePolicy = .continue,
    _ change: (inout SourceOptions) -> Void = { _ in }
  ) throws -> any FrameSource {
    var options = SourceOptions()
    options.onDamage = policy
    change(&options)
    return try MediaSource.open(path, options: options)
  }

  /// Where the packets of the video lie.
  private func positions(_ path: String) throws -> [Int] {
    try ffprobe(path, "-select_streams v:0 -show_entries packet=pos -of csv=p=0").compactMap {
      Int($0.trimmingCharacters(in: [","]))
    }
  }

  @Test func aBlockOfMatroskaWithAWrongSizeIsTold() throws {
    let path = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 -c:v ffv1 -level 3 -g 1 -slicecrc 1", path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let places = try positions(path)
    try #require(places.count == 24)
    // Where the content begins, after the identifier and two bytes of the length.
    let block = places[9] - 3
    try #require(whole[block] == 0xA3 && whole[block + 3] == 0x81)
    // Its length, its identifier, its track.
    for (place, value) in [
      (block + 1, UInt8(0)), (block + 1, 0x08), (block, 0x85), (block, 0xA7), (block + 3, 0x85),
    ] {
      var data = whole
      data[place] = value
      try data.write(to: URL(fileURLWithPath: path))
      let going = try open(path)
      let (elements, error) = going.drain()
      let count = elements.compactMap(\.frame).count
      #expect(error == nil && count < 24, "\(place): \(count)")
      #expect(going.damagedPlaceCount > 0, "\(place): \(count) frames")
      let stopping = try open(path, .stop).drain()
      #expect(stopping.error?.code == .corrupt, "\(stopping.error?.description ?? "")")
    }
  }

  @Test func chunksThatAnAVILostAreTold() throws {
    let path = folder.file("in.avi")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 -c:v mjpeg", path)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    // The name of the tenth chunk, before its length and its bytes.
    var place = try #require(data.range(of: Data("movi".utf8))).upperBound
    for _ in 0..<10 {
      place = try #require(data.range(of: Data("00dc".utf8), in: place..<data.endIndex)).upperBound
    }
    data.replaceSubrange(place - 4..<place, with: Data("99zz".utf8))
    try data.write(to: URL(fileURLWithPath: path))
    let (elements, error) = try open(path).drain()
    #expect(elements.compactMap(\.frame).count < 24)
    #expect(error?.code == .corrupt && error?.message.contains("24 pictures") == true)
  }

  /// A page that does not begin as pages do, a packet without its first byte, a picture without its start.
  @Test(arguments: [
    ("in.ogv", "-c:v libtheora -g 1", 0), ("in.ts", "-c:v mpeg2video -g 1 -q:v 2", 0),
    ("in.ts", "-c:v mpeg2video -g 1 -q:v 2", 1),
  ])
  func partsThatAreLostAreTold(name: String, words: String, kind: Int) throws {
    let path = folder.file(name)
    try ffmpeg(words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 " + words, path)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    let place: Int
    if name.hasSuffix("ogv") {
      var pages: [Int] = []
      var from = data.startIndex
      while let found = data.range(of: Data("OggS".utf8), in: from..<data.endIndex) {
        pages.append(found.lowerBound)
        from = found.upperBound
      }
      place = pages[pages.count * 2 / 3]
    } else {
      let packet = try positions(path)[10]
      try #require(data[packet] == 0x47)
      place =
        kind == 0
        ? packet
        : try #require(data.range(of: Data([0, 0, 1, 0xE0]), in: packet..<packet + 188)).lowerBound
    }
    data[place] ^= 0x10
    try data.write(to: URL(fileURLWithPath: path))
    let source = try open(path)
    let (elements, error) = source.drain()
    #expect(error == nil)
    #expect(source.damagedPlaceCount > 0, "\(elements.compactMap(\.frame).count)")
    #expect(try open(path, .stop).drain().error?.code == .corrupt)
  }

  @Test(arguments: [
    ("in.mkv", "-c:v ffv1 -g 1 -c:a flac"), ("in.mkv", "-c:v libx264 -preset ultrafast -c:a aac"),
    ("in.mp4", "-c:v libx264 -preset ultrafast -bf 2 -c:a aac"),
    ("in.mp4", "-c:v mpeg4 -c:a aac -movflags +frag_keyframe+empty_moov"),
    ("in.mov", "-c:v prores_ks -c:a pcm_s16le"), ("in.avi", "-c:v mjpeg -c:a pcm_s16le"),
    ("in.avi", "-c:v mpeg4 -bf 2 -c:a mp3"), ("in.ts", "-c:v mpeg2video -bf 2 -c:a mp2"),
    ("in.ts", "-c:v libx264 -preset ultrafast -c:a aac"),
    ("in.flv", "-c:v libx264 -preset ultrafast -c:a aac"),
    ("in.flv", "-c:v flv1 -c:a pcm_s16le -ar 44100"),
    ("in.nut", "-c:v ffv1 -c:a flac"), ("in.ogv", "-c:v libtheora -c:a libvorbis"),
    ("in.mpg", "-c:v mpeg2video -c:a mp2"), ("in.webm", "-c:v libvpx -c:a libvorbis"),
    ("in.mxf", "-c:v mpeg2video -c:a pcm_s16le -ar 48000"), ("in.asf", "-c:v wmv2 -c:a wmav2"),
    ("in.dv", "-s 720x576 -r 25 -pix_fmt yuv420p -ar 48000 -ac 2"),
    ("in.h264", "-c:v libx264 -preset ultrafast -an"), ("in.m2v", "-c:v mpeg2video -an"),
    ("in.mjpeg", "-c:v mjpeg -an -f mjpeg"),
  ])
  func wholeFilmsRaiseNoAlarm(name: String, words: String) throws {
    let path = folder.file(name)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64:r=25:d=0.8 -f lavfi -i sine=d=0.8 -shortest " + words,
      path)
    // A stream joined from two, as tapes and broadcasts are.
    var paths = [path]
    if ["in.ts", "in.mpg", "in.dv", "in.m2v", "in.h264"].contains(name) {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      paths.append(folder.file("joined-" + name))
      try (data + data).write(to: URL(fileURLWithPath: paths[1]))
    }
    for path in paths {
      // Raw H.264 has no times to begin at.
      for part in 0..<4 where part != 1 || name != "in.h264" {
        let said = Mutex<[String]>([])
        let source = try open(path) { options in
          options.report = { text in said.withLock { $0.append(text) } }
          if part == 1 { options.from = 0.4 }
          if part == 2 { options.to = 0.3 }
          if part == 3 { options.frameLimit = 4 }
        }
        let (elements, error) = source.drain()
        #expect(error == nil, "part \(part): \(error?.description ?? "")")
        #expect(!elements.isEmpty)
        #expect(
          source.damagedPlaceCount == 0 && source.damagedFrameCount == 0,
          "part \(part): \(said.withLock { $0 })")
      }
    }
  }

  @Test(arguments: ["mkv", "mp4", "avi", "nut", "y4m", "ts"], [false, true])
  func aFileThatChangesWhileItIsReadIsTold(ending: String, grows: Bool) throws {
    let path = folder.file("in." + ending)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=320x240:r=25:d=2 -vf noise=alls=40:allf=t "
        + (ending == "y4m" ? "-pix_fmt yuv420p" : "-c:v mpeg2video -q:v 2 -g 5")
        + (ending == "mp4" ? " -movflags +faststart" : ""), path)
    let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
    let source = try open(path)
    #expect(try source.nextFrame() != nil)
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    if grows {
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(count: 5000))
    } else {
      // At the end of a frame, where nothing else tells it.
      let frame = 320 * 240 * 3 / 2 + 6
      try handle.truncate(
        atOffset: UInt64(ending == "y4m" ? size - 20 * frame : size * 6 / 10))
    }
    try handle.close()
    let (elements, error) = source.drain()
    #expect(error?.code == .truncated, "\(error?.description ?? "")")
    #expect(
      error?.message.contains(grows ? "still being written" : "shrank while") == true,
      "\(error?.message ?? "")")
    let count = elements.compactMap(\.frame).count + 1
    // What was read ahead comes, too; what was added to a stream without an end damages its last frames.
    #expect(grows ? count >= 46 : (2...50).contains(count), "\(count)")
  }
}
