/// A network for fixed input shapes: what is computed, in order, with every shape known, before any
/// back end has chosen memory layouts.
struct Program: Sendable {
  typealias ValueID = Int

  struct Value: Sendable {
    var name: String
    var type: TensorType
    /// The value, where it does not depend on the network's input.
    var constant: Tensor?
    /// The value whose numbers this is, under another shape.
    var alias: ValueID?
  }

  struct Operation: Sendable {
    var name: String
    var kind: any Operator
    var inputs: [ValueID]
    var outputs: [ValueID]
  }

  var values: [Value] = []
  var operations: [Operation] = []
  var inputs: [(name: String, value: ValueID)] = []
  var outputs: [(name: String, value: ValueID)] = []

  var floatingPointOperations: Int {
    operations.reduce(0) { sum, operation in
      let (total, overflow) = sum.addingReportingOverflow(operation.kind.floatingPointOperations)
      return overflow ? .max : total
    }
  }

  /// Follows aliases to the value that is really computed.
  func root(_ value: ValueID) -> ValueID {
    var value = value
    while let next = values[value].alias { value = next }
    return value
  }

  /// Whether the value does not depend on the network's input.
  func isConstant(_ value: ValueID) -> Bool { values[root(value)].constant != nil }

  /// Hands all arrays of fp32 that are read or computed over as outputs too, each once.
  mutating func exposeValues() {
    var known = Set(outputs.map(\.name))
    for value in inputs.map(\.value) + operations.flatMap(\.outputs) {
      let (name, type) = (values[value].name, values[value].type)
      if !isConstant(value), type.elementType == .float32, !name.isEmpty,
        known.insert(name).inserted
      {
        outputs.append((name, value))
      }
    }
  }

  /// Removes operations whose results nobody uses.
  mutating func removeDead() {
    var needed = Set(outputs.map { root($0.value) })
    var kept: [Operation] = []
    for operation in operations.reversed()
    where operation.outputs.contains(where: { needed.contains($0) }) {
      needed.formUnion(operation.inputs.map(root))
      kept.append(operation)
    }
    operations = kept.reversed()
  }
}

/// Builds a ``Program`` by walking over the graph with known input shapes. Whatever follows from
/// shapes and constants alone is computed on the way.
struct ProgramBuilder {
  private var program = Program()
  private var ids: [String: Program.ValueID] = [:]
  private let graph: Graph

  /// - Parameters:
  ///   - shapes: the types of the network's inputs.
  ///   - parameters: values of those inputs that decide shapes.
  static func build(
    _ graph: Graph, inputs: [String: TensorType], parameters: [String: Tensor]
  ) throws(NetworkError) -> Program {
    var builder = ProgramBuilder(graph)
    for input in graph.inputs {
      guard let type = inputs[input.name] else {
        throw NetworkError(
          .invalidInput, at: "input \"\(input.name)\"", "no tensor was given for it")
      }
      let id = builder.define(input.name, type, constant: parameters[input.name])
      builder.program.inputs.append((input.name, id))
    }
    for node in graph.nodes { try builder.add(node) }
    for output in graph.outputs {
      guard let id = builder.value(output.name) else {
        throw NetworkError(.malformed, at: "output \"\(output.name)\"", "no node computes it")
      }
      builder.program.outputs.append((output.name, id))
    }
    builder.program.removeDead()
    return builder.program
  }

  private init(_ graph: Graph) { self.graph = graph }

  private mutating func define(
    _ name: String, _ type: TensorType, constant: Tensor? = nil, alias: Program.ValueID? = nil
  ) -> Program.ValueID {
    program.values.append(
      Program.Value(name: name, type: type, constant: constant, alias: alias))
    ids[name] = program.values.count - 1
    return program.values.count - 1
  }

  private mutating func value(_ name: String) -> Program.ValueID? {
    if let id = ids[name] { return id }
    guard let constant = graph.constants[name] else { return nil }
    return define(name, constant.type, constant: constant)
  }

  private mutating func add(_ node: Node) throws(NetworkError) {
    var operands: [Program.ValueID?] = []
    for name in node.inputs { operands.append(name.isEmpty ? nil : value(name)) }
    let context = NodeContext(
      node: node, opset: graph.opset,
      operands: operands.map { id in
        id.map {
          NodeContext.Operand(
            type: program.values[$0].type, constant: program.values[$0].constant)
        }
      })
    let place = "node \"\(node.name)\""
    switch try OperatorRegistry.lower(context) {
    case .constant(let tensor):
      try defineOutputs(node, [tensor.type], constants: [tensor])
    case .reshaped(let shape):
      guard let source = operands.first ?? nil, let output = node.outputs.first else {
        throw NetworkError(.malformed, at: place, "\(node.op): an input or output is missing")
      }
      let from = program.values[source]
      let type = try TensorType(from.type.elementType, shape)
      let constant = from.constant.map { Tensor(type: type, storage: $0.storage) }
      _ = define(output, type, constant: constant, alias: constant == nil ? source : nil)
    case .operation(let kind, let indexes):
      let inputs = indexes.compactMap { operands[$0] }
      let constants = inputs.compactMap { program.values[$0].constant }
      if constants.count == inputs.count {
        let results = try Self.evaluate(kind, constants, at: place)
        try defineOutputs(node, kind.outputs, constants: results)
      } else {
        let outputs = try defineOutputs(node, kind.outputs, constants: nil)
        program.operations.append(
          Program.Operation(name: node.name, kind: kind, inputs: inputs, outputs: outputs))
      }
    }
  }

  @discardableResult
  private mutating func defineOutputs(_ node: Node, _ types: [TensorType], constants: [Tensor]?)
    throws(NetworkError) -> [Program.ValueID]
  {
    guard node.outputs.count <= types.count || node.outputs[types.count...].allSatisfy(\.isEmpty)
    else {
      throw NetworkError(
        .unsupported, at: "node \"\(node.name)\"",
        "\(node.op): the output \"\(node.outputs[types.count])\" is not supported")
    }
    var list: [Program.ValueID] = []
    for (index, type) in types.enumerated() {
      let name = index < node.outputs.count ? node.outputs[index] : ""
      list.append(define(name, type, constant: constants?[index]))
    }
    return list
  }

  /// Larger constants are not computed ahead: a small file must not make us fill the memory.
  static let maximumConstantByteCount = 1 << 30

  /// Runs one operation on constants.
  static func evaluate(_ kind: any Operator, _ inputs: [Tensor], at place: String)
    throws(NetworkError) -> [Tensor]
  {
    var results: [Tensor] = []
    for type in kind.outputs {
      guard type.byteCount <= maximumConstantByteCount else {
        throw NetworkError(
          .unsupported, at: place, "a constant of shape \(type.shape) is too large")
      }
      results.append(
        Tensor(type: type, storage: try TensorStorage(byteCount: type.byteCount)))
    }
    let scratch = try TensorStorage(byteCount: kind.scratchByteCount(threads: 1))
    do throws(NetworkError) {
      try kind.run(
        OperatorMemory(
          inputs: inputs.map(\.storage.base), outputs: results.map(\.storage.base),
          scratch: scratch.base, threads: 1))
    } catch { throw error.at(place) }
    return results
  }
}
