import Foundation
import Network
import SwiftProtobuf

/// Builds ONNX models for the tests.
struct ModelBuilder {
  var proto = Onnx_ModelProto()

  init(opset: Int64 = 17) {
    proto.irVersion = 8
    proto.graph.name = "test"
    var version = Onnx_OperatorSetIdProto()
    version.version = opset
    proto.opsetImport = [version]
  }

  /// An input; negative extents become symbols.
  mutating func input(_ name: String, _ shape: [Int], _ type: ElementType = .float32) {
    proto.graph.input.append(Self.value(name, shape, type))
  }

  mutating func output(_ name: String, _ type: ElementType = .float32) {
    var value = Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = type.rawValue
    proto.graph.output.append(value)
  }

  static func value(_ name: String, _ shape: [Int], _ type: ElementType) -> Onnx_ValueInfoProto {
    var value = Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = type.rawValue
    for extent in shape {
      var dimension = Onnx_TensorShapeProto.Dimension()
      if extent < 0 {
        dimension.dimParam = "n\(-extent)"
      } else {
        dimension.dimValue = Int64(extent)
      }
      value.type.tensorType.shape.dim.append(dimension)
    }
    return value
  }

  static func tensor(_ name: String, _ shape: [Int], floats: [Float]) -> Onnx_TensorProto {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = ElementType.float32.rawValue
    tensor.rawData = floats.withUnsafeBytes { Data($0) }
    return tensor
  }

  mutating func constant(_ name: String, _ shape: [Int], _ floats: [Float]) {
    proto.graph.initializer.append(Self.tensor(name, shape, floats: floats))
  }

  mutating func constant(_ name: String, _ integers: [Int64]) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = [Int64(integers.count)]
    tensor.dataType = ElementType.int64.rawValue
    tensor.int64Data = integers
    proto.graph.initializer.append(tensor)
  }

  enum Value {
    case int(Int64)
    case float(Float)
    case string(String)
    case ints([Int64])
    case tensor(Onnx_TensorProto)
  }

  mutating func node(
    _ op: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Value] = [:],
    name: String? = nil
  ) {
    var node = Onnx_NodeProto()
    node.opType = op
    node.name = name ?? outputs.first ?? op
    node.input = inputs
    node.output = outputs
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
      var attribute = Onnx_AttributeProto()
      attribute.name = key
      switch value {
      case .int(let number): (attribute.type, attribute.i) = (.int, number)
      case .float(let number): (attribute.type, attribute.f) = (.float, number)
      case .string(let text): (attribute.type, attribute.s) = (.string, Data(text.utf8))
      case .ints(let list): (attribute.type, attribute.ints) = (.ints, list)
      case .tensor(let tensor): (attribute.type, attribute.t) = (.tensor, tensor)
      }
      node.attribute.append(attribute)
    }
    proto.graph.node.append(node)
  }

  func bytes() throws -> [UInt8] { try proto.serializedBytes() }

  func model() throws -> Model { try Model(bytes: bytes(), name: "test.onnx") }

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

/// Random numbers that a seed repeats (SplitMix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func pick<T>(_ list: [T]) -> T { list[Int.random(in: 0..<list.count, using: &self)] }
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
