package import AutochromeKit
import Colorization
import Foundation
import NeuralNetwork

/// How a network is calibrated for int8.
package struct CalibrationWishes: Hashable, Sendable {
  /// How many pictures to look at, spread evenly over the inputs.
  package var frames = 300
  /// Short side of what the network sees, in samples; nil for what colorizing takes.
  package var size: Int?
  /// How a value's range follows from its numbers: `mse`, `percentile` or `max`.
  package var rule = RangeRule.mse.rawValue

  /// What is usual.
  package init() {}
}

extension ModelCatalog {
  /// Runs a network in fp32 on pictures, and writes it anew with the ranges of its values, which int8
  /// needs.
  /// - Parameters:
  ///   - model: a shipped network by name, or an ONNX file.
  ///   - pictures: files, folders, patterns or films; their colors don't matter.
  ///   - output: the file to write; not `model` itself.
  /// - Returns: what was done, in a sentence.
  /// - Throws: `AutochromeError`; nothing is written then.
  package static func calibrate(
    _ model: String, pictures: [String], to output: String,
    wishes: CalibrationWishes = CalibrationWishes(), overwrite: Bool = false
  ) throws(AutochromeError) -> String {
    try AutochromeError.wrapping {
      var files = CommandFiles()
      try files.reads(model: model)
      for input in pictures { files.reads(input, as: CommandFiles.input) }
      files.writes(output, as: CommandFiles.output)
      try files.check()
      let file = try files.place(output, overwrite: overwrite)
      guard (1...1_000_000).contains(wishes.frames) else {
        throw AutochromeError(.usage, "--frames \(wishes.frames) is outside of 1…1000000.")
      }
      let rule: RangeRule = try parse(wishes.rule)
      let settings = try SampledPictures.settings(size: wishes.size)
      let url = try ResourceLocator.resolve(
        model, kind: "model", subfolder: "models", extension: "onnx")
      var document = try ModelDocument(contentsOf: url.path)
      let colorizer = FrameColorizer(
        network: try ColorNetwork(
          model: document.source, name: url.deletingPathExtension().lastPathComponent,
          precision: .float32),
        shortSide: settings.size)
      let calibration = try Calibration(model: document.source)
      let sampled = SampledPictures(inputs: pictures, count: wishes.frames, settings: settings)
      let count = try sampled.forEach { frame in
        for inputs in try colorizer.networkInputs(try colorizer.survey(frame)) {
          try calibration.add(inputs)
        }
      }
      let ranges = try calibration.ranges(rule)
      document.setMetadata([ValueRanges.property: try ranges.text()])
      try file.write(Data(try document.bytes()))
      return "\(output): the ranges of \(counted(ranges.values.count, "value")) on "
        + counted(count, "picture")
    }
  }
}

extension SampledPictures {
  /// Those of colorizing pictures, without sound and the like.
  static func settings(size: Int?) throws -> Settings {
    var layer = SettingsLayer()
    layer.size = size
    layer.audio = AudioMode.none
    layer.extras = CopyMode.none
    return try Settings(pipeline: nil, suggested: "photos", options: layer)
  }
}
