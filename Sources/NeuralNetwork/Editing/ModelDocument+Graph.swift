import Foundation
import SwiftProtobuf

extension ModelDocument {
  func isDefined(_ name: String) -> Bool {
    proto.graph.input.contains { $0.name == name }
      || proto.graph.initializer.contains { $0.name == name }
      || proto.graph.node.contains { $0.output.contains(name) || $0.input.contains(name) }
  }

  /// Gives a value another name wherever it occurs.
  mutating func rename(_ value: String, to name: String) {
    for index in proto.graph.node.indices {
      proto.graph.node[index].input = proto.graph.node[index].input.map { $0 == value ? name : $0 }
      proto.graph.node[index].output = proto.graph.node[index].output.map {
        $0 == value ? name : $0
      }
    }
  }

  /// Drops operators and weights that no output needs.
  mutating func removeUnused() {
    var needed = Set(proto.graph.output.map(\.name))
    // Nodes may stand in any order: until nothing new is needed.
    var isKept = [Bool](repeating: false, count: proto.graph.node.count)
    var hasGrown = true
    while hasGrown {
      hasGrown = false
      for (index, node) in proto.graph.node.enumerated().reversed()
      where !isKept[index] && node.output.contains(where: { needed.contains($0) }) {
        isKept[index] = true
        needed.formUnion(node.input)
        hasGrown = true
      }
    }
    proto.graph.node = zip(proto.graph.node, isKept).filter(\.1).map(\.0)
    proto.graph.initializer.removeAll { !needed.contains($0.name) }
  }

  /// Adds lightness × 0 before all other operators; returns its name.
  mutating func prependZero(like lightness: String) -> String {
    let (constant, zero) = (free("zero_factor"), free("zeros"))
    addConstant(constant, 0)
    var node = Onnx_NodeProto()
    node.opType = "Mul"
    node.name = zero
    node.input = [lightness, constant]
    node.output = [zero]
    proto.graph.node.insert(node, at: 0)
    return zero
  }

  /// Adds an operator behind those that were put before all others.
  mutating func insert(_ op: String, _ inputs: [String], _ output: String, axis: Int64) {
    var attribute = Onnx_AttributeProto()
    attribute.name = "axis"
    attribute.type = .int
    attribute.i = axis
    var node = Onnx_NodeProto()
    node.opType = op
    node.name = output
    node.input = inputs
    node.output = [output]
    node.attribute = [attribute]
    proto.graph.node.insert(node, at: 1)
  }

  mutating func addConstant(_ name: String, _ value: Float) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = [1]
    tensor.dataType = ElementType.float32.rawValue
    tensor.rawData = withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    proto.graph.initializer.append(tensor)
  }

  /// A value of fp32, (n, `channels`, `height`, `width`): height and width are numbers, or symbols for what
  /// is free, as n is.
  static func image(_ name: String, channels: Int, height: String, width: String)
    -> Onnx_ValueInfoProto
  {
    var value = Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = ElementType.float32.rawValue
    for word in ["n", "\(channels)", height, width] {
      var dimension = Onnx_TensorShapeProto.Dimension()
      if let extent = Int64(word) { dimension.dimValue = extent } else { dimension.dimParam = word }
      value.type.tensorType.shape.dim.append(dimension)
    }
    return value
  }
}
