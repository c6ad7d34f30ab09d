import Foundation
import ModelFixtures
import Network

extension ModelBuilder {
  /// Runs the model, whose only output is returned.
  func run(
    _ inputs: [String: Tensor], on backend: Backend, precision: Precision = .float32,
    fusion: Bool = true, threads: Int = 1, layout: TensorLayout = .nchw
  ) throws -> Tensor {
    let session = try Session(
      model: try model(), backend: backend, precision: precision, threadsPerRun: threads,
      fusion: fusion)
    let outputs = try session.run(inputs, outputLayout: layout)
    guard let output = outputs[proto.graph.output[0].name] else {
      throw TestFailure("the output is missing")
    }
    return output
  }
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Where two arrays differ by more than `tolerance` × the largest expected magnitude; nil if nowhere.
func difference(_ actual: [Float], _ expected: [Float], tolerance: Float) -> String? {
  guard actual.count == expected.count else {
    return "\(actual.count) numbers instead of \(expected.count)"
  }
  let scale = expected.reduce(Float(1e-20)) { max($0, abs($1)) }
  var worst: (index: Int, error: Float) = (0, -1)
  for index in actual.indices {
    let error = actual[index] == expected[index] ? 0 : abs(actual[index] - expected[index])
    guard !error.isNaN else {
      return "at \(index): found \(actual[index]), expected \(expected[index])"
    }
    if error > worst.error { worst = (index, error) }
  }
  guard worst.error > tolerance * scale else { return nil }
  return
    "at \(worst.index): found \(actual[worst.index]), expected \(expected[worst.index]) (range \(scale))"
}
