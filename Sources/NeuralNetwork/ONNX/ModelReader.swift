import Foundation
import SwiftProtobuf

/// Turns the bytes of an ONNX model into a checked ``Graph``.
enum ModelReader {
  /// Opset versions whose operator definitions the engine knows.
  static let opsets: ClosedRange<Int64> = 7...26

  static func read(_ bytes: some ContiguousBytes) throws(NetworkError) -> (
    graph: Graph, metadata: [String: String]
  ) {
    let proto: Onnx_ModelProto
    do {
      proto = try Onnx_ModelProto(serializedBytes: bytes.withUnsafeBytes { Data($0) })
    } catch {
      throw NetworkError(
        .malformed, "this is not an ONNX model: the protobuf can't be read (\(error))")
    }
    guard proto.hasGraph else {
      throw NetworkError(.malformed, "this is not an ONNX model: it holds no graph")
    }
    var metadata: [String: String] = [:]
    for entry in proto.metadataProps { metadata[entry.key] = entry.value }
    let opset = try opset(of: proto)
    return (try graph(proto.graph, opset: opset), metadata)
  }

  private static func opset(of proto: Onnx_ModelProto) throws(NetworkError) -> Int {
    let defaults = proto.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    if defaults.isEmpty, !proto.opsetImport.isEmpty {
      // Every operator is from another domain and will be refused by its name.
      return Int(opsets.upperBound)
    }
    guard let version = defaults.map(\.version).max() else {
      throw NetworkError(
        .malformed, "the model does not declare a version of the ONNX operator set")
    }
    guard opsets.contains(version) else {
      throw NetworkError(
        .unsupported,
        "operator set \(version) is not supported; export the model with operator set \(opsets.lowerBound) to "
          + "\(opsets.upperBound)"
      )
    }
    return Int(version)
  }

  private static func graph(_ proto: Onnx_GraphProto, opset: Int) throws(NetworkError) -> Graph {
    guard proto.sparseInitializer.isEmpty else {
      throw NetworkError(.unsupported, "sparse initializers are not supported")
    }
    var constants: [String: Tensor] = [:]
    for tensor in proto.initializer {
      let decoded: Tensor
      do { decoded = try TensorReader.tensor(tensor, kind: "initializer") } catch {
        throw naming(proto.node.first { $0.input.contains(tensor.name) }, "read", error)
      }
      guard constants.updateValue(decoded, forKey: tensor.name) == nil else {
        throw NetworkError(.malformed, at: "initializer \"\(tensor.name)\"", "it is defined twice")
      }
    }
    var inputs: [ValueInfo] = []
    for value in proto.input where constants[value.name] == nil {
      do { inputs.append(try valueInfo(value, kind: "input")) } catch {
        let reader = proto.node.first { $0.input.contains(value.name) }
        throw naming(reader, "read", error)
      }
    }
    var outputs: [ValueInfo] = []
    for value in proto.output {
      do { outputs.append(try valueInfo(value, kind: "output")) } catch {
        let writer = proto.node.first { $0.output.contains(value.name) }
        throw naming(writer, "written", error)
      }
    }
    var nodes: [Node] = []
    for (index, node) in proto.node.enumerated() { nodes.append(try self.node(node, index: index)) }
    var graph = Graph(
      opset: opset, nodes: nodes, constants: constants, inputs: inputs, outputs: outputs)
    try graph.checkAndSort()
    return graph
  }

  /// Adds to a refusal which operator reads or writes the value.
  private static func naming(_ node: Onnx_NodeProto?, _ verb: String, _ error: NetworkError)
    -> NetworkError
  {
    guard let node, error.code == .unsupported else { return error }
    var named = error
    named.reason += " (\(verb) by the operator \(node.opType))"
    return named
  }

  private static func valueInfo(_ proto: Onnx_ValueInfoProto, kind: String) throws(NetworkError)
    -> ValueInfo
  {
    guard !proto.name.isEmpty else { throw NetworkError(.malformed, "an \(kind) has no name") }
    let place = "\(kind) \"\(proto.name)\""
    guard case .tensorType(let tensor)? = proto.type.value else {
      if proto.type.value == nil {
        return ValueInfo(name: proto.name, elementType: nil, dimensions: nil)
      }
      throw NetworkError(
        .unsupported, at: place, "only tensors are supported, not sequences or maps")
    }
    guard tensor.elemType == 0 || ElementType(rawValue: tensor.elemType) != nil else {
      throw NetworkError(
        .unsupported, at: place,
        "the element type \(ElementType.name(ofRawValue: tensor.elemType)) is not supported")
    }
    var dimensions: [ValueInfo.Dimension]?
    if tensor.hasShape {
      var list: [ValueInfo.Dimension] = []
      for dimension in tensor.shape.dim {
        switch dimension.value {
        case .dimValue(let extent)?:
          guard extent >= 0, extent <= Int64(TensorType.maximumCount) else {
            throw NetworkError(.malformed, at: place, "the extent \(extent) is out of range")
          }
          list.append(.fixed(Int(extent)))
        case .dimParam(let name)?: list.append(.symbolic(name))
        case nil: list.append(.symbolic(""))
        }
      }
      dimensions = list
    }
    return ValueInfo(
      name: proto.name, elementType: ElementType(rawValue: tensor.elemType), dimensions: dimensions)
  }

  private static func node(_ proto: Onnx_NodeProto, index: Int) throws(NetworkError) -> Node {
    let isStandard = proto.domain.isEmpty || proto.domain == "ai.onnx"
    let op = isStandard ? proto.opType : "\(proto.domain)::\(proto.opType)"
    let name = proto.name.isEmpty ? (proto.output.first ?? "#\(index)") : proto.name
    let place = "node \"\(name)\""
    guard !proto.opType.isEmpty else {
      throw NetworkError(.malformed, at: place, "it names no operator")
    }
    var attributes: [String: Attribute] = [:]
    for item in proto.attribute {
      guard
        attributes.updateValue(try attribute(item, at: place), forKey: item.name) == nil
      else {
        throw NetworkError(.malformed, at: place, "the attribute \(item.name) is given twice")
      }
    }
    return Node(
      name: name, op: op, inputs: proto.input, outputs: proto.output, attributes: attributes)
  }

  private static func attribute(_ proto: Onnx_AttributeProto, at place: String)
    throws(NetworkError) -> Attribute
  {
    switch proto.type {
    case .float: return .float(proto.f)
    case .int: return .int(proto.i)
    case .string: return .string(String(decoding: proto.s, as: UTF8.self))
    case .tensor:
      do { return .tensor(try TensorReader.tensor(proto.t, kind: "attribute")) } catch {
        guard error.code == .unsupported else { throw error.at(place) }
        return .unsupported(error.reason)
      }
    case .floats: return .floats(proto.floats)
    case .ints: return .ints(proto.ints)
    case .strings: return .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
    case .undefined:
      // Files older than IR version 3 leave the type out; only one field is set.
      if proto.hasF { return .float(proto.f) }
      if proto.hasI { return .int(proto.i) }
      if proto.hasS { return .string(String(decoding: proto.s, as: UTF8.self)) }
      if !proto.floats.isEmpty { return .floats(proto.floats) }
      return .ints(proto.ints)
    case .graph, .tensors, .graphs, .sparseTensor, .sparseTensors, .typeProto, .typeProtos:
      return .unsupported("an attribute of the kind \(proto.type) is not supported")
    }
  }
}
