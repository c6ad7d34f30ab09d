import Foundation
import ModelFixtures
import NeuralNetwork
import SwiftProtobuf
import TestSupport
import Testing

/// Broken, hostile and unsupported models give one clear error, never a crash.
@Suite struct BrokenModelTests {
  static func small() -> ModelBuilder {
    var random = SeededGenerator(seed: 5)
    var builder = ModelBuilder()
    builder.input("x", [1, 2, -1, -2])
    builder.constant("w", [3, 2, 3, 3], random.floats(54))
    builder.constant("scales", [4], [1, 1, 2, 2])
    builder.constant("shape", [1, -1])
    builder.node(
      "Conv", ["x", "w"], ["c"], ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])])
    builder.node("Relu", ["c"], ["r"])
    builder.node("Resize", ["r", "", "scales"], ["u"], ["mode": .string("nearest")])
    builder.node("MaxPool", ["u"], ["p"], ["kernel_shape": .ints([2, 2])])
    builder.node("Reshape", ["p", "shape"], ["y"])
    builder.output("y")
    return builder
  }

  /// The error that reading, planning and running give; nil when all went well.
  static func error(_ bytes: [UInt8], shape: [Int] = [1, 2, 8, 8]) -> NetworkError? {
    do throws(NetworkError) {
      let model = try Model(bytes: bytes, name: "broken.onnx")
      let session = try Session(model: model, backend: .openBLAS)
      guard model.inputs.count == 1, let input = model.inputs.first else { return nil }
      let x = try Tensor(shape: shape) { $0.update(repeating: 1) }
      _ = try session.run([input.name: x])
      _ = try Session(model: model, backend: .oneDNN).run([input.name: x])
      return nil
    } catch { return error }
  }

  private func expect(
    _ builder: ModelBuilder, _ code: NetworkError.Code, _ parts: [String],
    shape: [Int] = [1, 2, 8, 8],
    line: Int = #line
  ) throws {
    let error = try #require(Self.error(try builder.bytes(), shape: shape), "line \(line)")
    #expect(error.code == code, "line \(line): \(error)")
    for part in ["broken.onnx"] + parts {
      #expect(error.description.contains(part), "line \(line): \(error) lacks \(part)")
    }
  }

  @Test func theSmallModelIsGood() throws {
    #expect(Self.error(try Self.small().bytes()) == nil)
  }

  @Test func truncatedFiles() throws {
    let bytes = try Self.small().bytes()
    for length in 0..<bytes.count { _ = Self.error(Array(bytes[..<length])) }
    #expect(Self.error([])?.code == .malformed)
    #expect(Self.error(Array(bytes[..<(bytes.count / 2)]))?.code == .malformed)
    #expect(Self.error(Array("not a model at all".utf8))?.code == .malformed)
  }

  @Test func flippedBits() throws {
    let seed = UInt64.random(in: 0...(.max))
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let bytes = try Self.small().bytes()
    var failures = 0
    for _ in 0..<3000 {
      var broken = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        broken[Int.random(in: 0..<broken.count, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
      }
      if Self.error(broken) != nil { failures += 1 }
    }
    #expect(failures > 300)
  }

  @Test func tensorsThatDoNotFit() throws {
    var builder = Self.small()
    builder.proto.graph.initializer[0].rawData.removeLast()
    try expect(builder, .malformed, ["initializer \"w\"", "216", "215"])
    builder = Self.small()
    builder.proto.graph.initializer[0].dims = [3, 2, 3, 4]
    try expect(builder, .malformed, ["initializer \"w\""])
    builder = Self.small()
    builder.proto.graph.initializer[0].dims = [3, -2, 3, 3]
    try expect(builder, .malformed, ["initializer \"w\"", "negative"])
    builder = Self.small()
    builder.proto.graph.initializer[0].dims = [1 << 40, 1 << 40, 3, 3]
    try expect(builder, .unsupported, ["initializer \"w\"", "elements"])
    builder = Self.small()
    builder.proto.graph.initializer[0].dims = [.max, .max, .min, 3]
    try expect(builder, .unsupported, ["initializer \"w\""])
    builder = Self.small()
    builder.proto.graph.initializer[2].int64Data.append(7)
    try expect(builder, .malformed, ["initializer \"shape\"", "2", "3"])
    builder = Self.small()
    builder.proto.graph.initializer[0].dataType = 8
    try expect(builder, .unsupported, ["initializer \"w\"", "string", "Conv"])
    builder = Self.small()
    builder.proto.graph.initializer[0].dataType = 99
    try expect(builder, .unsupported, ["initializer \"w\"", "99"])
    builder = Self.small()
    builder.proto.graph.initializer[0].dataLocation = .external
    try expect(builder, .unsupported, ["initializer \"w\"", "another file"])
    builder = Self.small()
    builder.proto.graph.initializer.append(builder.proto.graph.initializer[0])
    try expect(builder, .malformed, ["initializer \"w\"", "twice"])
  }

  @Test func graphsThatDoNotHold() throws {
    var builder = Self.small()
    builder.proto.graph.node[1].input = ["nowhere"]
    try expect(builder, .malformed, ["node \"r\"", "nowhere"])
    builder = Self.small()
    builder.proto.graph.node[0].input = ["p", "w"]
    try expect(builder, .malformed, ["cycle"])
    builder = Self.small()
    builder.proto.graph.node[1].input = ["r"]
    try expect(builder, .malformed, ["node \"r\"", "cycle"])
    builder = Self.small()
    builder.proto.graph.node[1].output = ["c"]
    try expect(builder, .malformed, ["twice"])
    builder = Self.small()
    builder.proto.graph.output[0].name = "nothing"
    try expect(builder, .malformed, ["output \"nothing\""])
    builder = Self.small()
    builder.proto.graph.node.removeAll()
    try expect(builder, .malformed, ["output \"y\""])
    builder = Self.small()
    builder.proto.clearGraph()
    try expect(builder, .malformed, ["no graph"])
    builder = Self.small()
    builder.proto.opsetImport = []
    try expect(builder, .malformed, ["operator set"])
    builder = Self.small()
    builder.proto.opsetImport[0].version = 6
    try expect(builder, .unsupported, ["operator set 6"])
    // An order that has to be found is no fault.
    builder = Self.small()
    builder.proto.graph.node.reverse()
    #expect(Self.error(try builder.bytes()) == nil)
  }

  @Test func nodesThatAreNotSupported() throws {
    var builder = Self.small()
    builder.proto.graph.node[1].opType = "Softplus"
    try expect(builder, .unsupported, ["node \"r\"", "Softplus"])
    builder = Self.small()
    builder.proto.graph.node[1].domain = "com.example"
    try expect(builder, .unsupported, ["node \"r\"", "com.example::Relu"])
    builder = Self.small()
    builder.proto.graph.node[2].attribute[0].s = Data("cubic".utf8)
    try expect(builder, .unsupported, ["node \"u\"", "Resize", "mode cubic"])
    builder = Self.small()
    builder.proto.graph.node[3].attribute[0].name = "sideways"
    try expect(builder, .unsupported, ["node \"p\"", "MaxPool", "sideways"])
    builder = Self.small()
    builder.proto.graph.node[3].output.append("indices")
    try expect(builder, .unsupported, ["node \"p\"", "MaxPool", "Indices"])
    builder = Self.small()
    builder.proto.graph.input[0].type.tensorType.elemType = 8
    try expect(builder, .unsupported, ["input \"x\"", "string", "Conv"])
  }

  @Test func attributesThatMakeNoSense() throws {
    for (node, values) in [(0, [0, 0]), (0, [-1, 1]), (0, [1]), (0, [.max, .max])]
      as [(Int, [Int64])]
    {
      var builder = Self.small()
      builder.proto.graph.node[node].attribute[1].ints = values
      try expect(builder, .malformed, ["node \"c\"", "Conv", "strides"])
    }
    var builder = Self.small()
    builder.proto.graph.node[0].attribute[0].ints = [-1, 0, 0, 0]
    try expect(builder, .malformed, ["node \"c\"", "pads"])
    builder = Self.small()
    builder.proto.graph.node[0].attribute[0].type = .float
    try expect(builder, .malformed, ["node \"c\"", "pads"])
    builder = Self.small()
    builder.proto.graph.initializer[1] = ModelBuilder.tensor(
      "scales", [4], floats: [1, 1, 1e30, .nan])
    try expect(builder, .malformed, ["node \"u\"", "scales"])
    builder = Self.small()
    builder.proto.graph.initializer[1] = ModelBuilder.tensor(
      "scales", [4], floats: [1e5, 1e5, 1e5, 1e5])
    try expect(builder, .unsupported, ["node \"u\""])
    builder = Self.small()
    builder.proto.graph.node[3].attribute[0].ints = [500, 500]
    try expect(builder, .shapeMismatch, ["node \"p\"", "500"])
    builder = Self.small()
    builder.proto.graph.initializer[2].int64Data = [7, 7]
    try expect(builder, .shapeMismatch, ["node \"y\"", "Reshape"])
  }

  @Test func inputsThatDoNotFit() throws {
    let session = try Session(model: try Self.small().model())
    func code(_ inputs: [String: Tensor]) -> NetworkError.Code? {
      do throws(NetworkError) {
        _ = try session.run(inputs)
        return nil
      } catch { return error.code }
    }
    let good = try Tensor(shape: [1, 2, 8, 8]) { $0.update(repeating: 0) }
    #expect(code(["x": good]) == nil)
    #expect(code([:]) == .invalidInput)
    #expect(code(["x": good, "z": good]) == .invalidInput)
    #expect(
      code(["x": try Tensor(shape: [1, 3, 8, 8]) { $0.update(repeating: 0) }]) == .invalidInput)
    #expect(code(["x": try Tensor(shape: [2, 8, 8]) { $0.update(repeating: 0) }]) == .invalidInput)
    #expect(code(["x": try Tensor(shape: [1], integers: [1])]) == .invalidInput)
    let none = try Tensor(shape: [1, 2, 0, 8]) { $0.update(repeating: 0) }
    #expect(code(["x": none]) != nil)
    #expect(throws: NetworkError.self) { try Tensor(shape: [2, 2], floats: [1]) }
    #expect(throws: NetworkError.self) { try Tensor(shape: [-1], floats: []) }
    #expect(throws: NetworkError.self) { try session.prepare(inputShapes: [:]) }
    #expect(throws: NetworkError.self) {
      try session.prepare(inputShapes: ["x": [1, 2, 1 << 40, 1 << 40]])
    }
  }

  @Test func aFileThatIsNotThere() {
    #expect {
      try Model(contentsOf: "/nonexistent/model.onnx")
    } throws: { error in
      (error as? NetworkError)?.code == .unreadable
        && "\(error)".contains("/nonexistent/model.onnx")
    }
  }
}
