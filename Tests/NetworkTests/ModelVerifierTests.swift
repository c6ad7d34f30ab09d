import Foundation
import ModelFixtures
import NeuralNetwork
import SwiftProtobuf
import TestSupport
import Testing

/// The verifier passes what is right, fails what is wrong and refuses what is not supported.
@Suite struct ModelVerifierTests {
  /// Writes a model and one data set into a new folder, hands it over and removes it.
  private func withFolder(
    _ builder: ModelBuilder, input: Onnx_TensorProto, output: Onnx_TensorProto,
    _ body: (String) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    let set = folder.url.appendingPathComponent("test_data_set_0")
    try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
    try Data(try builder.bytes()).write(to: folder.url.appendingPathComponent("model.onnx"))
    try input.serializedData().write(to: set.appendingPathComponent("input_0.pb"))
    try output.serializedData().write(to: set.appendingPathComponent("output_0.pb"))
    try withExtendedLifetime(folder) { try body(folder.path) }
  }

  private func relu(_ op: String = "Relu") -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", [2, 3])
    builder.node(op, ["x"], ["y"])
    builder.output("y")
    return builder
  }

  @Test func verdicts() throws {
    let x = ModelBuilder.tensor("x", [2, 3], floats: [-1, 2, -3, 4, -5, 6])
    let y = ModelBuilder.tensor("y", [2, 3], floats: [0, 2, 0, 4, 0, 6])
    for backend in Backend.allCases {
      let verifier = ModelVerifier(backend: backend)
      try withFolder(relu(), input: x, output: y) { folder in
        let report = verifier.verify(folder: folder)
        #expect(report.verdict == .passed)
        #expect(report.outputs.map(\.maximumAbsoluteError) == [0])
      }
      let wrong = ModelBuilder.tensor("y", [2, 3], floats: [0, 2, 0, 4.5, 0, 6])
      try withFolder(relu(), input: x, output: wrong) { folder in
        let report = verifier.verify(folder: folder)
        guard case .failed(let reason) = report.verdict else {
          Issue.record("\(report.verdict)")
          return
        }
        #expect(reason.contains("at 3") && reason.contains("4.5"))
      }
      let other = ModelBuilder.tensor("y", [3, 2], floats: [0, 2, 0, 4, 0, 6])
      try withFolder(relu(), input: x, output: other) { folder in
        guard case .failed(let reason) = verifier.verify(folder: folder).verdict else {
          Issue.record("a wrong shape passed")
          return
        }
        #expect(reason.contains("[3, 2]"))
      }
      try withFolder(relu("Softplus"), input: x, output: y) { folder in
        guard case .refused(let reason) = verifier.verify(folder: folder).verdict else {
          Issue.record("Softplus was not refused")
          return
        }
        #expect(reason.contains("Softplus"))
      }
    }
    guard case .failed = ModelVerifier().verify(folder: "/nonexistent").verdict else {
      Issue.record("a folder that is not there passed")
      return
    }
  }

  @Test func theComparisonRejects() throws {
    var random = SeededGenerator(seed: 17)
    let good = random.floats(300)
    let expected = try Tensor(shape: [3, 100], floats: good)
    let verifier = ModelVerifier()
    func failures(_ values: [Float]) throws -> Int {
      verifier.compare(try Tensor(shape: [3, 100], floats: values), with: expected, name: "y")
        .failures
    }
    #expect(try failures(good) == 0)
    #expect(try failures(good.map { $0 * 1.0005 }) == 0)
    #expect(try failures([Float](repeating: 0, count: 300)) > 250)
    #expect(try failures(Array(good[100...] + good[..<100])) > 250)
    var wrong = good
    wrong[250] += 0.01
    let report = verifier.compare(
      try Tensor(shape: [3, 100], floats: wrong), with: expected, name: "y")
    #expect(report.failures == 1 && report.worstIndex == 250)
    wrong[250] = .nan
    #expect(try failures(wrong) == 1)
    let shape = verifier.compare(try Tensor(shape: [300], floats: good), with: expected, name: "y")
    #expect(shape.mismatch != nil)
  }
}
