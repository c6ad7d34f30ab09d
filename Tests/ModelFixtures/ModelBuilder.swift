import Foundation
package import NeuralNetwork
import SwiftProtobuf

/// Builds ONNX models for the tests.
package struct ModelBuilder {
  package var proto = Onnx_ModelProto()

  package init(opset: Int64 = 17) {
    proto.irVersion = 8
    proto.graph.name = "test"
    var version = Onnx_OperatorSetIdProto()
    version.version = opset
    proto.opsetImport = [version]
  }

  /// An input; negative extents become symbols.
  package mutating func input(_ name: String, _ shape: [Int], _ type: ElementType = .float32) {
    proto.graph.input.append(Self.value(name, shape, type))
  }

  package mutating func output(_ name: String, _ type: ElementType = .float32) {
    var value = Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = type.rawValue
    proto.graph.output.append(value)
  }

  package static func value(_ name: String, _ shape: [Int], _ type: ElementType)
    -> Onnx_ValueInfoProto
  {
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

  package static func tensor(_ name: String, _ shape: [Int], floats: [Float]) -> Onnx_TensorProto {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = ElementType.float32.rawValue
    tensor.rawData = floats.withUnsafeBytes { Data($0) }
    return tensor
  }

  package mutating func constant(_ name: String, _ shape: [Int], _ floats: [Float]) {
    proto.graph.initializer.append(Self.tensor(name, shape, floats: floats))
  }

  package mutating func constant(_ name: String, _ integers: [Int64]) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = [Int64(integers.count)]
    tensor.dataType = ElementType.int64.rawValue
    tensor.int64Data = integers
    proto.graph.initializer.append(tensor)
  }

  package enum Value {
    case int(Int64)
    case float(Float)
    case string(String)
    case ints([Int64])
    case tensor(Onnx_TensorProto)
  }

  package mutating func node(
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

  package func bytes() throws -> [UInt8] { try proto.serializedBytes() }

  /// Adds a metadata property.
  package mutating func metadata(_ key: String, _ value: String) {
    var entry = Onnx_StringStringEntryProto()
    entry.key = key
    entry.value = value
    proto.metadataProps.append(entry)
  }

  package func model() throws -> Model { try Model(bytes: bytes(), name: "test.onnx") }
}
