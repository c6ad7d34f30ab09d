import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Options of the encoders' own.
@Suite struct EncoderOptionTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func write(_ values: [String: String], encoder: String = "libx264") throws -> Data {
    let source = try MemorySource(
      pictures: (0..<10).map { .gray(width: 64, height: 48, offset: $0 * 3) })
    var options = SinkOptions()
    options.encoder = encoder
    options.crf = encoder == "libx264" ? 18 : nil
    options.encoderOptions = values
    options.overwrite = true
    try copy(
      source, to: FileSink(path: folder.file("out.mkv"), source: source.info, options: options))
    return try Data(contentsOf: URL(fileURLWithPath: folder.file("out.mkv")))
  }

  /// x264 leaves its settings in the stream.
  private func settings(_ values: [String: String]) throws -> String {
    String(decoding: try write(values), as: UTF8.self)
  }

  @Test func theyReachTheEncoder() throws {
    #expect(try settings([:]).contains("rc=crf"))
    #expect(try settings(["b": "200k"]).contains("rc=abr mbtree=1 bitrate=200"))
    #expect(try settings(["qp": "20"]).contains("rc=cqp"))
    let tuned = try settings(["tune": "grain", "x264-params": "bframes=1:ref=2"])
    #expect(tuned.contains("deblock=1:-2:-2") && tuned.contains("bframes=1"))
    #expect(tuned.contains("threads=4") || tuned.contains("threads=1"), "ours stay")
  }

  @Test(arguments: [
    (["tuna": "film"], "tune"), (["prset": "fast"], "preset"),
    (["x264-params": "nonsense=1"], "nonsense"),
    (["stats": "film.mkv"], "stats"), (["x264-params": "stats=film.mkv"], "stats"),
    (["flags": "+pass1"], "flags"), (["qwertyuiop": "1"], "ffmpeg -h encoder=libx264"),
  ])
  func unknownOnesAreRefusedByName(values: [String: String], named: String) throws {
    let error = try #require(throws: MediaError.self) { try write(values) }
    #expect(error.code == .usage, "\(error)")
    #expect(error.message.contains(named), "\(error)")
    #expect(folder.names.isEmpty)
  }

  @Test func wrongValuesAreRefused() throws {
    let error = try #require(throws: MediaError.self) { try write(["tune": "nonsense"]) }
    #expect(error.code == .encoderRefuses && error.message.contains("tune=nonsense"))
  }
}
