import Foundation
import SwiftProtobuf

/// An ONNX file that is looked at and changed: what it says that the engine does not read is kept.
package struct ModelDocument: Sendable {
  /// One operator of the graph, constants computed beforehand left out.
  package struct Step: Sendable, Equatable {
    /// ONNX's name of the operator.
    package let op: String
    /// Names of values; empty for an input left out.
    package let inputs: [String]
    /// Names of values.
    package let outputs: [String]
    /// The attributes that are integers.
    package let integers: [String: Int]
  }

  /// The network as it was read.
  package let source: Model
  var proto: Onnx_ModelProto

  /// Reads a file. Throws when it can't be read or is no valid ONNX model.
  package init(contentsOf path: String) throws(NetworkError) {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw NetworkError(
        .unreadable, file: path, "the model can't be read: \(error.localizedDescription)")
    }
    try self.init(bytes: Array(data), name: path)
  }

  /// Reads a model from memory; `name` stands for the file in errors.
  package init(bytes: [UInt8], name: String) throws(NetworkError) {
    source = try Model(bytes: bytes, name: name)
    do { proto = try Onnx_ModelProto(serializedBytes: bytes) } catch {
      throw NetworkError(.malformed, file: name, "the protobuf can't be read (\(error))")
    }
  }

  // MARK: Looking

  /// The operator that computes a value; nil for inputs and constants.
  package func producer(of value: String) -> Step? {
    source.graph.nodes.first { $0.outputs.contains(value) }.map(Self.step)
  }

  /// The operators that read a value.
  package func consumers(of value: String) -> [Step] {
    source.graph.nodes.filter { $0.inputs.contains(value) }.map(Self.step)
  }

  /// The shape of a constant; nil if the value is none.
  package func constantShape(_ value: String) -> [Int]? { source.graph.constants[value]?.shape }

  /// The numbers of a constant of fp32; nil if the value is none.
  package func constant(_ value: String) -> [Float]? {
    source.graph.constants[value].flatMap { tensor in
      tensor.withUnsafeFloats { Array($0) }
    }
  }

  /// The bounds that a Clip sets, where they are constants.
  package func bounds(of step: Step) -> ClosedRange<Float>? {
    guard step.op == "Clip",
      let node = source.graph.nodes.first(where: { $0.outputs == step.outputs })
    else { return nil }
    var bounds: [Float] = [-.infinity, .infinity]
    for (index, name) in ["min", "max"].enumerated() {
      if case .float(let number)? = node.attributes[name] { bounds[index] = number }
      guard step.inputs.count > index + 1, !step.inputs[index + 1].isEmpty else { continue }
      guard let number = constant(step.inputs[index + 1])?.first else { return nil }
      bounds[index] = number
    }
    return bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : nil
  }

  private static func step(_ node: Node) -> Step {
    var integers: [String: Int] = [:]
    for (key, value) in node.attributes {
      if case .int(let number) = value { integers[key] = Int(number) }
    }
    return Step(op: node.op, inputs: node.inputs, outputs: node.outputs, integers: integers)
  }

  // MARK: Changing

  /// Sets metadata properties; nil removes one.
  package mutating func setMetadata(_ properties: [String: String?]) {
    proto.metadataProps.removeAll { properties.keys.contains($0.key) }
    for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
      guard let value else { continue }
      var entry = Onnx_StringStringEntryProto()
      entry.key = key
      entry.value = value
      proto.metadataProps.append(entry)
    }
  }

  /// Makes `value` the only output, of shape (n, `channels`, any, any), under another name if that is
  /// free, and drops the operators and weights that nothing needs any more.
  package mutating func setOutput(_ value: String, channels: Int, renamed name: String) {
    let isTaken = source.graph.inputs.contains { $0.name == name } || isDefined(name)
    let final = value == name || isTaken ? value : name
    if final != value { rename(value, to: final) }
    proto.graph.output = [Self.image(final, channels: channels, height: "oh", width: "ow")]
    removeUnused()
  }

  /// Gives the only input, a picture of `channels`, free height and width, or fixes them.
  package mutating func setInput(
    picture: String, channels: Int, size: (height: Int, width: Int)? = nil
  ) {
    let height = size.map { "\($0.height)" } ?? "h"
    let width = size.map { "\($0.width)" } ?? "w"
    proto.graph.input = [Self.image(picture, channels: channels, height: height, width: width)]
  }

  /// Makes the input `lightness` the only one, of shape (n, 1, any, any); in place of each other input
  /// the network reads zeros of its `channels`, at the size of the lightness.
  package mutating func setInput(lightness: String, zeros: [(name: String, channels: Int)]) {
    setInput(picture: lightness, channels: 1)
    guard !zeros.isEmpty else { return }
    let zero = prependZero(like: lightness)
    for input in zeros {
      insert("Concat", [String](repeating: zero, count: input.channels), input.name, axis: 1)
    }
  }

  /// Replaces the input `name`, which has 1 + `zeros` channels, by one of its first channel alone,
  /// called `lightness`; the others are zeros.
  package mutating func splitInput(_ name: String, lightness: String, zeros: Int) {
    setInput(picture: lightness, channels: 1)
    let zero = prependZero(like: lightness)
    insert(
      "Concat", [lightness] + [String](repeating: zero, count: zeros), name, axis: 1)
  }

  /// Multiplies the value by a number behind all other operators; returns the product's name.
  package mutating func scale(_ value: String, by factor: Float) -> String {
    let (constant, product) = (free("\(value)_scale"), free("\(value)_scaled"))
    addConstant(constant, factor)
    var node = Onnx_NodeProto()
    node.opType = "Mul"
    node.name = product
    node.input = [value, constant]
    node.output = [product]
    proto.graph.node.append(node)
    return product
  }

  /// A name that no value has.
  package func free(_ wanted: String) -> String {
    var name = wanted
    while isDefined(name) { name += "_" }
    return name
  }

  // MARK: Result

  /// The bytes of the file as changed.
  package func bytes() throws(NetworkError) -> [UInt8] {
    do { return try proto.serializedBytes() } catch {
      throw NetworkError(.malformed, file: source.name, "it can't be written (\(error))")
    }
  }

  /// The network as changed, checked like one that is read from a file.
  package func model() throws(NetworkError) -> Model {
    try Model(bytes: try bytes(), name: source.name)
  }
}
