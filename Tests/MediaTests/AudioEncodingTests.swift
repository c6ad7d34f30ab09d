import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Sound that is encoded anew stays with the picture.
@Suite struct AudioEncodingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A film with a click every half second from 0.25 s on, in a codec that neither Matroska nor MP4
  /// holds; sound with a hole from 1.4 to 1.6 s where `hasGap`.
  private func clicks(rate: Int = 48000, channels: Int = 2, hasGap: Bool = false) throws -> String {
    let input = folder.file("in.nut")
    let expression = "if(lt(mod(t+0.25\\,0.5)\\,0.001)\\,0.8\\,0)"
    let sound = Array(repeating: expression, count: channels).joined(separator: "|")
    let gap = hasGap ? ",aselect='not(between(t,1.4,1.6))'" : ""
    try run(
      "ffmpeg",
      [
        "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=20:d=2.5", "-f", "lavfi",
        "-i",
        "aevalsrc='\(sound)':s=\(rate):d=2.5,asetnsamples=480\(gap)", "-c:v", "mpeg4", "-c:a",
        "pcm_s16le_planar", "-af", "anull", "-shortest", input,
      ])
    return input
  }

  private func write(
    _ input: String, _ name: String, _ encoder: String, from: Double? = nil, to: Double? = nil
  ) throws -> [String] {
    var reading = SourceOptions()
    reading.from = from.map { .seconds($0) }
    reading.to = to.map { .seconds($0) }
    return try transcode(input, to: folder.file(name), audio: encoder, reading)
  }

  /// When clicks are heard, in seconds after the first picture, as FFmpeg plays the film. Its clock is kept
  /// as it is: FFmpeg would begin at the earliest packet, which is that of an encoder's padding.
  private func heard(_ name: String) throws -> [Double] {
    let path = folder.file(name)
    let sound = try run(
      "ffmpeg",
      [
        "-v", "error", "-copyts", "-i", path, "-map", "0:a", "-ac", "1", "-ar", "48000", "-af",
        "aresample=async=1:first_pts=0", "-f", "s16le", "-",
      ])
    let start = try FileSource(path: path)
    let first = try #require(try start.nextFrame())
    let offset = Double(first.presentationTime) * start.info.timeBase.value
    let samples = sound.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    var times: [Double] = []
    var last = -48000
    for (index, sample) in samples.enumerated() where abs(Int(sample)) > 5000 {
      if index - last > 4800 { times.append(Double(index) / 48000 - offset) }
      last = index
    }
    return times
  }

  @Test(arguments: [
    ("aac", "out.mp4"), ("aac", "out.mkv"), ("libopus", "out.mkv"), ("flac", "out.mkv"),
    ("aac", "out.mov"), ("libopus", "out.mp4"),
  ])
  func clicksStayWhereTheyAre(encoder: String, name: String) throws {
    let notes = try write(try clicks(), name, encoder)
    #expect(notes.contains { $0.contains("encoded as \(encoder)") }, "\(notes)")
    let times = try heard(name)
    #expect(times.count == 5, "\(times)")
    for (time, expected) in zip(times, [0.25, 0.75, 1.25, 1.75, 2.25]) {
      #expect(abs(time - expected) < 0.0025, "\(time) for \(expected)")
    }
  }

  @Test(arguments: ["libopus", "flac"])
  func otherRatesAndGapsMoveNothing(encoder: String) throws {
    _ = try write(try clicks(rate: 44100, channels: 1, hasGap: true), "out.mkv", encoder)
    let times = try heard("out.mkv")
    #expect(times.count == 5, "\(times)")
    for (time, expected) in zip(times, [0.25, 0.75, 1.25, 1.75, 2.25]) {
      #expect(abs(time - expected) < 0.0025, "\(time) for \(expected)")
    }
  }

  /// Opus begins with padding, which containers tell in their own ways: sound that is copied again and again stays.
  @Test(arguments: ["mkv", "mp4"])
  func copiedOpusStaysWhereItIs(ending: String) throws {
    try ffmpeg(
      words: "-i \(try clicks()) -c:v ffv1 -c:a libopus -b:a 96k", folder.file("0.mkv"))
    let before = try heard("0.mkv")
    #expect(before.count == 5)
    for generation in 1...3 {
      _ = try transcode(
        folder.file("\(generation - 1).\(generation == 1 ? "mkv" : ending)"),
        to: folder.file("\(generation).\(ending)"), audio: nil)
      for (time, expected) in zip(try heard("\(generation).\(ending)"), before) {
        #expect(abs(time - expected) < 0.0015, "\(time) for \(expected), copy \(generation)")
      }
    }
  }

  @Test func aPartKeepsItsSound() throws {
    _ = try write(try clicks(), "out.mkv", "flac", from: 0.5, to: 2)
    let times = try heard("out.mkv")
    #expect(times.count == 3, "\(times)")
    for (time, expected) in zip(times, [0.25, 0.75, 1.25]) {
      #expect(abs(time - expected) < 0.0025, "\(time) for \(expected)")
    }
  }

  @Test func soundThatFitsIsCopied() throws {
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -f lavfi -i sine=d=0.5 -c:v ffv1 -c:a aac",
      input)
    let notes = try write(input, "out.mkv", "flac")
    #expect(!notes.contains { $0.contains("encoded") })
    let before = try FileSource(path: input).drain().elements.flatMap(\.packets)
    let after = try FileSource(path: folder.file("out.mkv")).drain().elements.flatMap(\.packets)
    #expect(before.map(\.bytes) == after.map(\.bytes) && !before.isEmpty)
  }
}
