import Foundation
import ModelFixtures
import NeuralNetwork
import Testing

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
  difference(
    actual, expected, within: tolerance * expected.reduce(Float(1e-20)) { max($0, abs($1)) })
}

/// Where two arrays differ by more than `tolerance`; nil if nowhere.
func difference(_ actual: [Float], _ expected: [Float], within tolerance: Float) -> String? {
  guard actual.count == expected.count else {
    return "\(actual.count) numbers instead of \(expected.count)"
  }
  var worst: (index: Int, error: Float) = (0, -1)
  for index in actual.indices {
    let error = actual[index] == expected[index] ? 0 : abs(actual[index] - expected[index])
    guard !error.isNaN else {
      return "at \(index): found \(actual[index]), expected \(expected[index])"
    }
    if error > worst.error { worst = (index, error) }
  }
  guard worst.error > tolerance else { return nil }
  return
    "at \(worst.index): found \(actual[worst.index]), expected \(expected[worst.index]) (within \(tolerance))"
}

/// Runs one node on fp32 inputs and constants, and checks the result.
func check(
  _ op: String, _ inputs: [([Int], [Float])], attributes: [String: ModelBuilder.Value] = [:],
  integers: [[Int64]] = [], shape: [Int], _ expected: [Float], opset: Int64 = 17,
  tolerance: Float = 1e-6, line: Int = #line
) throws {
  var builder = ModelBuilder(opset: opset)
  var tensors: [String: Tensor] = [:]
  var names: [String] = []
  for (index, input) in inputs.enumerated() {
    let name = "x\(index)"
    names.append(name)
    builder.input(name, input.0.indices.map { -$0 - 1 })
    tensors[name] = try Tensor(shape: input.0, floats: input.1)
  }
  for (index, list) in integers.enumerated() {
    builder.constant("i\(index)", list)
    names.append("i\(index)")
  }
  builder.node(op, names, ["y"], attributes)
  builder.output("y")
  for backend in Backend.allCases {
    let y = try builder.run(tensors, on: backend)
    #expect(y.shape == shape, "\(op) on \(backend), line \(line)")
    let problem = difference(y.floats, expected, tolerance: tolerance)
    #expect(problem == nil, "\(op) on \(backend), line \(line): \(y.floats)")
  }
}
