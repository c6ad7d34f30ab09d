import AutochromeKit
import Colorization
import Foundation
import Testing

@Suite struct SettingsTests {
  @Test(arguments: ["film", "archive", "stream", "photos"])
  func shippedPipelinesAreValid(name: String) throws {
    let settings = try Settings(pipeline: name, suggested: "film", options: SettingsLayer())
    #expect(settings.pipeline == name)
    #expect(settings.model == (name == "stream" ? "autochrome-fast" : "autochrome"))
    if name == "stream" { #expect(settings.lookAhead == 0) }
    if name == "archive" { #expect(settings.codec == "ffv1") }
    if name == "photos" { #expect(settings.stability == 0) }
    #expect(settings.keyFrames == .off)
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

  @Test func everySettingHasAnOptionOfTheSameName() throws {
    // Each name survives a round through YAML: none is forgotten when layers are laid over each
    // other.
    let values: [String: String] = [
      "description": "a", "model": "b", "backend": "openblas", "precision": "fp32", "size": "300",
      "temperature": "0.4", "vividness": "0.2", "saturation": "1.5", "stability": "0.1",
      "look-ahead": "2", "key-frames": "5", "cuts": "c.txt", "color": "keep",
      "bars": "none", "refine": "bilinear",
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
      #expect(error?.message.contains("0…1, with a temperature in 0.01…1") == true)
    }
  }

  @Test(arguments: [("off", 1), ("'off'", 1), ("1", 1), ("4", 4), ("16", 16)])
  func keyFramesAreANumberOrOff(text: String, distance: Int) throws {
    let layer = try SettingsLayer(yaml: "key-frames: \(text)", file: "mine.yaml")
    let settings = try Settings(pipeline: "film", suggested: "film", options: layer)
    #expect(settings.keyFrames.distance == distance)
    #expect(KeyFrames(settings.keyFrames.description) == settings.keyFrames)
  }

  @Test(arguments: ["0", "17", "-3"])
  func keyFramesOutOfRangeAreRefused(text: String) throws {
    let layer = try SettingsLayer(yaml: "key-frames: \(text)", file: "mine.yaml")
    let error = #expect(throws: AutochromeError.self) {
      try Settings(pipeline: "film", suggested: "film", options: layer)
    }
    #expect(error?.message == "--key-frames \(text) is outside of 1…16.")
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
