import AutochromeKit
import Colorization
import Foundation
import TestSupport
import Testing

@Suite struct SettingsTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  @Test(arguments: ["film", "archive", "stream", "photos"])
  func shippedPipelinesAreValid(name: String) throws {
    let settings = try Settings(pipeline: name, suggested: "film", options: SettingsLayer())
    #expect(settings.pipeline == name)
    #expect(settings.model == (name == "stream" ? "autochrome-fast" : "autochrome"))
    if name == "stream" { #expect(settings.lookAhead == 0) }
    if name == "archive" { #expect(settings.codec == "ffv1") }
    if name == "photos" { #expect(settings.stability == 0) }
    #expect(settings.keyFrames == (name == "film" ? .atMost(4) : .off))
  }

  @Test func optionsOverrideThePipeline() throws {
    var options = SettingsLayer()
    options.crf = 30
    options.stability = 0
    let settings = try Settings(pipeline: nil, suggested: "film", options: options)
    #expect(settings.crf == 30)
    #expect(settings.stability == 0)
    #expect(settings.preset == "medium")
  }

  @Test func unknownKeysAreRefusedByName() {
    let error = #expect(throws: AutochromeError.self) {
      try SettingsLayer(yaml: "vividnes: 0.5", file: "mine.yaml")
    }
    #expect(error?.status == .usage)
    #expect(error?.message.contains("'vividnes'") == true)
  }

  @Test func valuesOfTheWrongKindAreRefused() {
    #expect(throws: AutochromeError.self) {
      try SettingsLayer(yaml: "size: large", file: "mine.yaml")
    }
    #expect(throws: AutochromeError.self) {
      try SettingsLayer(yaml: "- a\n- b", file: "mine.yaml")
    }
    #expect(throws: AutochromeError.self) {
      try SettingsLayer(yaml: "a: [", file: "mine.yaml")
    }
  }

  @Test(arguments: [
    ("vividness", 1.5), ("temperature", 0), ("saturation", -1), ("stability", 2),
  ])
  func valuesOutOfRangeAreRefusedByName(name: String, value: Double) throws {
    let layer = try SettingsLayer(yaml: "\(name): \(value)", file: "mine.yaml")
    let error = #expect(throws: AutochromeError.self) {
      try Settings(pipeline: "film", suggested: "film", options: layer)
    }
    #expect(error?.message.contains("--\(name)") == true)
  }

  @Test func everySettingIsReadAndLaidOverOthers() throws {
    let values: [String: String] = [
      "description": "a", "model": "b", "backend": "openblas", "precision": "fp32", "size": "300",
      "temperature": "0.4", "vividness": "0.2", "saturation": "1.5", "stability": "0.1",
      "warmth": "-3", "tint": "4", "hues": "{red: 0.5}",
      "look-ahead": "2", "key-frames": "5", "cuts": "c.txt", "shots": "s.yaml", "color": "keep",
      "references": "refs", "palette": "p.png",
      "bars": "none", "refine": "bilinear", "seed": "4", "samples": "3",
      "from": "1",
      "to": "2",
      "frames": "3",
      "codec": "ffv1", "crf": "4", "preset": "fast", "encoder-option": "{tune: film}",
      "pixel-format": "yuv420p", "format": "nut",
      "input-format": "rawvideo", "input-size": "16x16", "input-pixel-format": "gray",
      "input-rate": "18", "audio": "none", "extras": "none", "threads": "1", "memory": "700",
    ]
    #expect(Set(values.keys) == Set(SettingsLayer.names))
    let yaml = values.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    let layer = try SettingsLayer(yaml: yaml, file: "all.yaml")
    #expect(SettingsLayer().overlaid(by: layer) == layer)
    #expect(layer.overlaid(by: SettingsLayer()) == layer)
    #expect(layer != SettingsLayer())
    for name in values.keys {
      var others = values
      others[name] = nil
      let yaml = others.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
      #expect(try SettingsLayer(yaml: yaml, file: "most.yaml") != layer, "\(name)")
    }
    // What is above wins, and what it does not set stays.
    var above = SettingsLayer()
    above.size = 200
    above.keyFrames = .off
    let both = layer.overlaid(by: above)
    #expect(both.size == 200 && both.keyFrames == .off && both.crf == 4 && both.description == "a")
    above.size = nil
    above.keyFrames = nil
    #expect(above == SettingsLayer())
  }

  /// The settings in what `--dry-run` prints.
  private func settings(
    _ arguments: [String], _ output: String = "x.mkv"
  ) throws -> [String: Any] {
    let run = try runProgram(
      [scratch.file("film.mkv"), "-o", scratch.file(output), "--dry-run"] + arguments)
    #expect(run.status == 0, "\(run.errors)")
    let plan = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
    return try #require(plan?["settings"] as? [String: Any])
  }

  /// A name as reports spell it.
  private func reportKey(_ name: String) -> String {
    let words = name.split(separator: "-")
    return words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
  }

  @Test func everySettingHasAnOptionOfTheSameName() throws {
    try writeClip(smallFilm(), frames: 0..<3, to: scratch.file("film.mkv"))
    try "0\n".write(toFile: scratch.file("cuts.txt"), atomically: true, encoding: .utf8)
    let refs = scratch.file("refs")
    try FileManager.default.createDirectory(atPath: refs, withIntermediateDirectories: true)
    try ffmpeg(
      "-i", scratch.file("film.mkv"), "-frames:v", "1", refs + "/ref_000001.png")
    let values: [String: String] = [
      "references": refs, "palette": refs + "/ref_000001.png",
      "model": "autochrome-fast", "backend": "openblas", "precision": "fp32", "size": "96",
      "temperature": "0.4", "vividness": "0.2", "saturation": "1.5", "stability": "0.1",
      "warmth": "-3", "tint": "4",
      "look-ahead": "2", "key-frames": "5", "cuts": scratch.file("cuts.txt"), "color": "keep",
      "bars": "none", "refine": "bilinear", "from": "#1", "to": "#3", "frames": "2",
      "codec": "libx265", "crf": "4.5", "preset": "fast", "pixel-format": "yuv420p",
      "format": "matroska", "input-format": "matroska", "input-size": "16x16",
      "input-pixel-format": "gray16", "input-rate": "18", "audio": "none", "extras": "none",
      "threads": "1", "memory": "700",
    ]
    // One of --cuts and --shots; what other networks draw is in SamplingProgramTests.
    #expect(
      Set(values.keys)
        == Set(SettingsLayer.names)
        .subtracting(["description", "encoder-option", "hues", "shots", "seed", "samples"]))
    let usual = try settings([])
    let all = try settings(
      values.flatMap { ["--\($0.key)", $0.value] } + [
        "-e", "tune=grain", "-e", "x265-params=a=1", "--hues", "red=0.5,blue=2", "--hues", "red=0",
      ])
    for (name, value) in values {
      let key = reportKey(name)
      let found = try #require(all[key], "\(name)")
      #expect("\(found)" == value, "\(name)")
      #expect("\(usual[key] ?? "")" != value, "\(name)")
    }
    #expect(
      all["encoderOption"] as? [String: String] == ["tune": "grain", "x265-params": "a=1"])
    #expect(all["hues"] as? [String: Double] == ["red": 0, "blue": 2])
    #expect(all["namedEncoderOptions"] as? [String] == ["crf", "preset"])
    // The short names.
    let short = try settings(
      ["-m", "autochrome-fast", "-t", "1", "-c", "ffv1", "-f", "matroska", "-p", "photos"])
    #expect(short["model"] as? String == "autochrome-fast" && short["threads"] as? Int == 1)
    #expect(short["codec"] as? String == "ffv1" && short["format"] as? String == "matroska")
    #expect(short["pipeline"] as? String == "photos" && short["stability"] as? Int == 0)
  }

  @Test func settingsSurviveAReport() throws {
    var options = SettingsLayer()
    options.vividness = 0.3
    options.encoderOption = try EncoderOptions(["tune=film"])
    options.keyFrames = .atMost(4)
    options.from = TimePosition("#12")
    let settings = try Settings(pipeline: "archive", suggested: "film", options: options)
    let read = try JSONDecoder().decode(Settings.self, from: try JSONEncoder().encode(settings))
    #expect(read == settings && read.vividness == 0.3 && read.lookAhead == 16)
    var other = settings
    other.audio = .none
    #expect(other != settings && other.audio == AudioMode.none && settings.audio == .copy)
  }

  @Test func theLookIsThatOfTheSettings() throws {
    var options = SettingsLayer()
    options.saturation = 1.5
    options.refine = .bilinear
    options.temperature = 0.3
    let settings = try Settings(pipeline: "film", suggested: "film", options: options)
    let base = Look(temperature: 0.3, saturation: 1.5, refine: .bilinear)
    #expect(settings.look == base)
    #expect(
      try Look.list("0, 0.6:0.5,1", over: base, option: "--dials") == [
        Look(vividness: 0, temperature: 0.3, saturation: 1.5, refine: .bilinear),
        Look(vividness: 0.6, temperature: 0.5, saturation: 1.5, refine: .bilinear),
        Look(vividness: 1, temperature: 0.3, saturation: 1.5, refine: .bilinear),
      ])
    for (list, wrong) in [("", ""), ("0,2", "2"), ("0.5:0", "0.5:0"), ("1:1:1", "1:1:1")] {
      let error = #expect(throws: AutochromeError.self) {
        try Look.list(list, over: base, option: "--dials")
      }
      #expect(error?.message.contains("'\(wrong)'") == true)
      #expect(
        error?.message.contains(
          "0…1, optionally followed by a colon and a temperature within 0.01…1") == true)
    }
  }

  @Test(arguments: [("off", 1), ("'off'", 1), ("1", 1), ("4", 4), ("16", 16)])
  func keyFramesAreANumberOrOff(text: String, distance: Int) throws {
    let layer = try SettingsLayer(yaml: "key-frames: \(text)", file: "mine.yaml")
    let settings = try Settings(pipeline: "film", suggested: "film", options: layer)
    #expect(settings.keyFrames.distance == distance)
    #expect(KeyFrames(settings.keyFrames.description) == settings.keyFrames)
  }

  @Test(arguments: ["0", "49", "-3"])
  func keyFramesOutOfRangeAreRefused(text: String) throws {
    let layer = try SettingsLayer(yaml: "key-frames: \(text)", file: "mine.yaml")
    let error = #expect(throws: AutochromeError.self) {
      try Settings(pipeline: "film", suggested: "film", options: layer)
    }
    #expect(error?.message == "--key-frames \(text) is outside of 1…48.")
  }

  @Test(arguments: ["often", "2.5", "[4]"])
  func keyFramesOfTheWrongKindAreRefused(text: String) {
    let error = #expect(throws: AutochromeError.self) {
      try SettingsLayer(yaml: "key-frames: \(text)", file: "mine.yaml")
    }
    #expect(error?.status == .usage && error?.message.contains("mine.yaml") == true)
  }

  @Test func keyFramesNeedStability() throws {
    var options = SettingsLayer()
    options.stability = 0
    #expect(try Settings(pipeline: "film", suggested: "film", options: options).keyFrames == .off)
    options.keyFrames = .atMost(4)
    let error = #expect(throws: AutochromeError.self) {
      try Settings(pipeline: "film", suggested: "film", options: options)
    }
    #expect(error?.status == .usage && error?.message.contains("--stability") == true)
  }
}
