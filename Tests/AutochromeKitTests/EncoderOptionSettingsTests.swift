import AutochromeKit
import Foundation
import TestSupport
import Testing

@Suite struct EncoderOptionSettingsTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  @Test(arguments: [
    "encoder-option:\n  tune: film\n  b: 3000000\n",
    "encoder-option:\n  - tune=film\n  - b=3000000\n",
  ])
  func aPipelineSetsThemAsMappingOrList(yaml: String) throws {
    let base = try SettingsLayer(yaml: yaml, file: "x")
    #expect(base.encoderOption?.values == ["tune": "film", "b": "3000000"])
    var over = SettingsLayer()
    over.encoderOption = try EncoderOptions(["tune=grain", "x264-params=a=1", "x264-params=b=2"])
    #expect(
      base.overlaid(by: over).encoderOption?.values
        == ["tune": "grain", "b": "3000000", "x264-params": "a=1:b=2"])
  }

  @Test func aRateOfItsOwnTurnsTheFactorOff() throws {
    var layer = SettingsLayer()
    layer.encoderOption = try EncoderOptions(["b=2M"])
    let settings = try Settings(pipeline: "film", suggested: "film", options: layer)
    #expect(settings.crf == nil && settings.codec == "libx264")
    layer.crf = 20
    let error = #expect(throws: AutochromeError.self) {
      try Settings(pipeline: "film", suggested: "film", options: layer)
    }
    #expect(error?.status == .usage)
    #expect(throws: AutochromeError.self) { try EncoderOptions(["tune"]) }
  }

  @Test func theProgramTakesThem() throws {
    try writeClip(smallFilm(), frames: 0..<3, to: scratch.file("film.mkv"))
    func program(_ more: String...) throws -> (status: Int32, output: Data, errors: String) {
      try runProgram([scratch.file("film.mkv"), "-o", scratch.file("x.mkv"), "--overwrite"] + more)
    }
    let wrong = try program("-e", "tuna=film")
    #expect(wrong.status == 64 && wrong.errors.contains("tune"), "\(wrong.errors)")
    #expect(!scratch.names.contains("x.mkv"))
    #expect(try program("-e", "noequals").status == 64)
    #expect(try program("-e", "b=300k", "--crf", "20").status == 64)
    let right = try program("-e", "tune=grain", "--encoder-option", "b=300k")
    #expect(right.status == 0, "\(right.errors)")
    let text = String(
      decoding: try Data(contentsOf: URL(fileURLWithPath: scratch.file("x.mkv"))), as: UTF8.self)
    #expect(text.contains("bitrate=300") && text.contains("deblock=1:-2:-2"))
  }
}
