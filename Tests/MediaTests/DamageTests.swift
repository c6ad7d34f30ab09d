import Foundation
import Imaging
import Media
import Synchronization
import TestSupport
import Testing

@Suite struct DamageTests {
  private func clip(_ name: String, _ words: String, in folder: TemporaryFolder) throws -> Data {
    let path = folder.file(name)
    try ffmpeg(words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 " + words, path)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func write(_ data: Data, _ name: String, in folder: TemporaryFolder) throws -> String {
    try data.write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  private func open(_ path: String, _ policy: DamagePolicy) throws -> any FrameSource {
    var options = SourceOptions()
    options.onDamage = policy
    return try MediaSource.open(path, options: options)
  }

  @Test func deliversWholeFramesOfTruncatedMatroska() throws {
    let folder = try TemporaryFolder()
    let data = try clip("in.mkv", "-c:v ffv1 -level 3 -g 1 -slicecrc 1", in: folder)
    let all = try FileSource(path: folder.file("in.mkv")).frames()
    let cut = try write(data.prefix(data.count * 6 / 10), "cut.mkv", in: folder)
    let (elements, error) = try open(cut, .stop).drain()
    let frames = elements.compactMap(\.frame)
    #expect(error?.code == .truncated)
    #expect(error?.message.contains("cut.mkv") == true)
    #expect((12...16).contains(frames.count), "\(frames.count)")
    for (x, y) in zip(all, frames) {
      #expect(x.picture.luma.hasSameSamples(as: y.picture.luma))
    }
    let going = try open(cut, .continue).drain()
    #expect(going.error?.code == .truncated, "nothing can follow")
    #expect(going.elements.compactMap(\.frame).count >= frames.count)
  }

  @Test func tellsTruncatedMP4WithAndWithoutIndex() throws {
    let folder = try TemporaryFolder()
    let data = try clip(
      "in.mp4", "-c:v libx264 -preset ultrafast -movflags +faststart", in: folder)
    let cut = try write(data.prefix(data.count * 6 / 10), "cut.mp4", in: folder)
    let (elements, error) = try open(cut, .stop).drain()
    #expect(error?.code == .truncated)
    #expect(elements.compactMap(\.frame).count > 5)
    let tail = try clip("tail.mp4", "-c:v libx264 -preset ultrafast", in: folder)
    let lost = try write(tail.prefix(tail.count * 6 / 10), "lost.mp4", in: folder)
    let failure = #expect(throws: MediaError.self) { try open(lost, .stop) }
    #expect(failure?.code == .truncated)
  }

  @Test func namesTheDamagedFrameAndGoesOn() throws {
    let folder = try TemporaryFolder()
    var data = try clip(
      "in.nut", "-c:v ffv1 -level 3 -g 1 -slicecrc 1 -slices 4", in: folder)
    let path = folder.file("in.nut")
    let entries = try ffprobe(path, "-show_entries packet=pos,size -of csv=p=0")
    let tenth = try #require(entries.count > 10 ? entries[10] : nil)
    let numbers = tenth.split(separator: ",").compactMap { Int($0) }
    let middle = numbers[1] + numbers[0] / 2
    data[middle] ^= 0x55
    data[middle + 1] ^= 0xAA
    let bad = try write(data, "bad.nut", in: folder)
    let (elements, error) = try open(bad, .stop).drain()
    #expect(error?.code == .corrupt)
    #expect(error?.message.contains("bad.nut") == true)
    #expect(elements.compactMap(\.frame).count == 10)
    #expect(error?.message.contains("rame 10") == true, "\(error?.message ?? "")")
    let going = try open(bad, .continue)
    let rest = going.drain()
    #expect(rest.error == nil)
    #expect(rest.elements.compactMap(\.frame).count >= 23)
  }

  @Test func survivesBitFlipsAnywhere() throws {
    let folder = try TemporaryFolder()
    let data = try clip("in.mkv", "-c:v libx264 -preset ultrafast -g 6", in: folder)
    let seed = UInt64.random(in: 0...UInt64.max)
    var state = seed
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for round in 0..<12 {
      var flipped = data
      for _ in 0..<8 { flipped[600 + random(data.count - 600)] ^= UInt8(1 << random(8)) }
      let path = try write(flipped, "flip\(round).mkv", in: folder)
      for policy in [DamagePolicy.stop, .continue] {
        do {
          let (_, error) = try open(path, policy).drain()
          #expect(error?.code != .internalFault, "seed \(seed): \(error?.description ?? "")")
        } catch let error as MediaError {
          #expect(error.code != .internalFault, "seed \(seed): \(error)")
        }
      }
    }
  }

  @Test func refusesWhatIsNoVideo() throws {
    let folder = try TemporaryFolder()
    let text = try write(Data("Only words.\n".utf8), "notes.txt", in: folder)
    let noise = try write(
      Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }), "noise.mkv", in: folder)
    let empty = try write(Data(), "empty.mkv", in: folder)
    for path in [text, noise, empty] {
      let error = #expect(throws: MediaError.self) { try open(path, .stop) }
      #expect(error?.code == .notMedia, "\(path): \(error?.description ?? "")")
      #expect(error?.message.contains(path) == true)
    }
    let gone = #expect(throws: MediaError.self) { try open(folder.file("none.mkv"), .stop) }
    #expect(gone?.code == .noSuchFile)
    let audio = folder.file("audio.mka")
    try ffmpeg(words: "-f lavfi -i sine=d=0.2 -c:a flac", audio)
    let silent = #expect(throws: MediaError.self) { try open(audio, .stop) }
    #expect(silent?.code == .noVideoStream)
    #expect(silent?.message.contains("audio") == true)
  }

  @Test func namesTheFrameWhereTheSizeChanges() throws {
    let folder = try TemporaryFolder()
    for (name, size) in [("a", "64x48"), ("b", "48x64")] {
      try ffmpeg(
        words: "-f lavfi -i testsrc2=s=\(size):r=10:d=0.5 -c:v libx264 -preset ultrafast -f h264",
        folder.file(name))
    }
    let joined =
      try Data(contentsOf: URL(fileURLWithPath: folder.file("a")))
      + Data(contentsOf: URL(fileURLWithPath: folder.file("b")))
    let path = try write(joined, "joined.h264", in: folder)
    let (elements, error) = try open(path, .stop).drain()
    #expect(elements.compactMap(\.frame).count == 5)
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains("Frame 5") == true && error?.message.contains("48×64") == true)
  }

  @Test func outputsAppearWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let source = try MemorySource(
      pictures: (0..<3).map { .gray(width: 64, height: 48, offset: $0) })
    var options = SinkOptions()
    options.encoder = "ffv1"
    let path = folder.file("out.mkv")
    let sink = try FileSink(path: path, source: source.info, options: options)
    #expect(folder.names == [".out.mkv.partial"])
    let second = #expect(throws: MediaError.self) {
      try FileSink(path: path, source: source.info, options: options)
    }
    #expect(second?.code == .cannotCreate, "two writers of one file")
    sink.discard()
    #expect(folder.names.isEmpty)
    try copy(source, to: FileSink(path: path, source: source.info, options: options))
    let again = #expect(throws: MediaError.self) {
      try FileSink(path: path, source: source.info, options: options)
    }
    #expect(again?.code == .outputExists)
    options.overwrite = true
    let anew = try MemorySource(pictures: [.gray(width: 64, height: 48)])
    try copy(anew, to: FileSink(path: path, source: anew.info, options: options))
    #expect(try FileSource(path: path).frames().count == 1)
    let nowhere = #expect(throws: MediaError.self) {
      try FileSink(path: folder.file("none/out.mkv"), source: source.info, options: options)
    }
    #expect(nowhere?.code == .cannotCreate)
  }

  @Test func tellsAFullDisk() throws {
    let pictures = (0..<40).map { Picture.gray(width: 320, height: 240, offset: $0) }
    for format in ["matroska", "y4m"] {
      let source = try MemorySource(pictures: pictures)
      var options = SinkOptions()
      options.format = format
      if format == "matroska" { options.encoder = "ffv1" }
      let error = #expect(throws: MediaError.self) {
        try copy(source, to: MediaSink.open("/dev/full", source: source.info, options: options))
      }
      #expect(error?.code == .io && error?.message.contains("/dev/full") == true)
      #expect(error?.underlying?.contains("No space") == true)
    }
  }

  @Test func interruptionEndsAWaitingRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("fifo")
    #expect(mkfifo(path, 0o600) == 0)
    let keeper = Foundation.open(path, O_RDWR)
    defer { close(keeper) }
    var options = SourceOptions()
    let interruption = MediaInterruption()
    options.interruption = interruption
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.2)
      interruption.request()
    }
    let error = #expect(throws: MediaError.self) {
      try MediaSource.open(path, options: options)
    }
    #expect(error?.code == .interrupted)
  }
}
