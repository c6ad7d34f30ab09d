package import AutochromeKit
import Colorization
import Foundation
import Imaging
import NeuralNetwork

/// How far the colors that a network gives in one precision are from those in another, on the same
/// pictures: ΔE of CIE 1976 at each place of the network's grid. L\* is the same on both sides, so that
/// is the distance of a\* and b\*.
package struct PrecisionReport: Codable, Sendable {
  /// The network, its back end and arithmetic.
  package var network: String
  /// What it is held against.
  package var reference: String
  /// Pictures that were looked at.
  package var pictures: Int
  /// The mean of ΔE over all places.
  package var mean: Double
  /// 99 places of 100 differ no more.
  package var p99: Double
  /// The largest mean of a picture.
  package var worstPicture: Double

  /// Runs a network twice on each picture.
  /// - Parameters:
  ///   - model: a shipped network by name, or an ONNX file.
  ///   - pictures: files, folders, patterns or films.
  ///   - count: how many pictures, spread evenly over the inputs.
  ///   - size: short side of what the network sees; nil for what colorizing takes.
  /// - Throws: `AutochromeError`.
  package static func measure(
    _ model: String, pictures: [String], count: Int, size: Int?, precision: String?,
    reference: String
  ) throws(AutochromeError) -> PrecisionReport {
    try AutochromeError.wrapping {
      guard (1...1_000_000).contains(count) else {
        throw AutochromeError(.usage, "--frames \(count) is outside of 1…1000000.")
      }
      let settings = try SampledPictures.settings(size: size)
      let colorizers = try [precision, reference].map { name in
        var settings = settings
        settings.model = model
        settings.precision = name
        return try JobParts.openColorizer(settings)
      }
      var differences: [Float] = []
      var worst = 0.0
      let sampled = SampledPictures(inputs: pictures, count: count, settings: settings)
      let taken = try sampled.forEach { frame in
        let survey = try colorizers[0].survey(frame)
        let found = distances(
          try colorizers[0].analyze(survey, look: settings.look).estimate,
          try colorizers[1].analyze(survey, look: settings.look).estimate)
        worst = max(worst, mean(found))
        differences += found
      }
      guard taken > 0 else {
        throw AutochromeError(.noInput, "No picture was found to compare precisions on.")
      }
      differences.sort()
      return PrecisionReport(
        network: colorizers[0].network.title, reference: colorizers[1].network.title,
        pictures: taken, mean: mean(differences),
        p99: Double(differences[(differences.count - 1) * 99 / 100]), worstPicture: worst)
    }
  }

  private static func distances(_ one: CoarseEstimate, _ other: CoarseEstimate) -> [Float] {
    withExtendedLifetime((one, other)) {
      let channels = [one, other].map { ($0.ab.channel(0), $0.ab.channel(1)) }
      return (0..<one.area).map { place in
        hypot(
          channels[0].0[place] - channels[1].0[place], channels[0].1[place] - channels[1].1[place])
      }
    }
  }

  private static func mean(_ values: [Float]) -> Double {
    values.isEmpty ? 0 : values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
  }

  /// For people.
  package var text: String {
    "\(network) against \(reference), \(counted(pictures, "picture")): "
      + String(
        format: "ΔE %.3f on average, %.3f at the 99th percentile, %.3f in the worst picture",
        mean, p99, worstPicture)
  }
}
