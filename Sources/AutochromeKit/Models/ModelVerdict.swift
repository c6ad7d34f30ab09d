import Foundation
import NeuralNetwork

/// What became of a folder of ONNX test data.
package struct ModelVerdict: Codable, Sendable {
  /// The folder, as given.
  package var folder: String
  /// `passed`, `refused` (the engine lacks what the model needs) or `failed`.
  package var verdict: String
  /// Why; absent when passed.
  package var reason: String?
  /// The outputs that were compared.
  package var outputs: [Output]

  /// One compared output.
  package struct Output: Codable, Sendable {
    /// The folder of the data set.
    package var dataSet: String
    /// The output's name.
    package var name: String
    /// The recorded shape.
    package var shape: [Int]
    /// The largest difference; absent if it is not finite.
    package var maximumAbsoluteError: Double?
    /// The smallest recorded number; absent if it is not finite.
    package var minimum: Double?
    /// The largest recorded number; absent if it is not finite.
    package var maximum: Double?

    enum CodingKeys: String, CodingKey {
      case dataSet = "data_set"
      case name, shape
      case maximumAbsoluteError = "max_abs_error"
      case minimum = "min"
      case maximum = "max"
    }
  }

  init(_ report: ModelVerifier.Report) {
    folder = report.folder
    switch report.verdict {
    case .passed: (verdict, reason) = ("passed", nil)
    case .refused(let why): (verdict, reason) = ("refused", why)
    case .failed(let why): (verdict, reason) = ("failed", why)
    }
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    outputs = report.outputs.map { output in
      Output(
        dataSet: output.dataSet, name: output.name, shape: output.shape,
        maximumAbsoluteError: finite(output.maximumAbsoluteError),
        minimum: finite(output.expectedMinimum), maximum: finite(output.expectedMaximum))
    }
  }

  /// Whether a result is wrong.
  package var isFailure: Bool { verdict == "failed" }

  /// For people.
  package var text: String {
    let lines = outputs.map { output in
      "  \(output.dataSet) \(output.name) \(output.shape): largest difference "
        + (output.maximumAbsoluteError.map { String(format: "%.3g", $0) } ?? "not finite")
    }
    return ([verdict + "  " + folder + (reason.map { ": " + $0 } ?? "")] + lines)
      .joined(separator: "\n")
  }
}
