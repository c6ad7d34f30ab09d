extension Graph {
  /// Computes every node whose inputs are all constants, and drops what nobody uses. Nodes that
  /// can't be computed stay, so that the error comes when the network is to run.
  mutating func foldConstants() {
    var kept: [Node] = []
    for node in nodes {
      if let values = constantOutputs(of: node) {
        for (name, value) in values { constants[name] = value }
      } else {
        kept.append(node)
      }
    }
    nodes = kept
    removeDead()
  }

  private func constantOutputs(of node: Node) -> [(String, Tensor)]? {
    var operands: [NodeContext.Operand?] = []
    var tensors: [Tensor?] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        operands.append(nil)
        tensors.append(nil)
        continue
      }
      guard let tensor = constants[name] else { return nil }
      operands.append(NodeContext.Operand(type: tensor.type, constant: tensor))
      tensors.append(tensor)
    }
    let context = NodeContext(node: node, opset: opset, operands: operands)
    guard let name = node.outputs.first,
      node.outputs.count == 1,
      let lowered = try? OperatorRegistry.lower(context)
    else { return nil }
    switch lowered {
    case .constant(let tensor): return [(name, tensor)]
    case .reshaped(let shape):
      guard let first = tensors.first, let source = first,
        let type = try? TensorType(source.elementType, shape)
      else { return nil }
      return [(name, Tensor(type: type, storage: source.storage))]
    case .operation(let kind, let indexes):
      let inputs = indexes.compactMap { tensors[$0] }
      guard let results = try? ProgramBuilder.evaluate(kind, inputs, at: node.name),
        let result = results.first
      else { return nil }
      return [(name, result)]
    }
  }

  /// Drops nodes and constants that no output needs.
  mutating func removeDead() {
    var needed = Set(outputs.map(\.name))
    var kept: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: { needed.contains($0) }) {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    nodes = kept.reversed()
    constants = constants.filter { needed.contains($0.key) }
  }

  /// The network's inputs whose values decide shapes or parameters; a plan is made for each value.
  var parameterInputs: Set<String> {
    var wanted = Set<String>()
    for node in nodes.reversed() {
      if node.op == "Shape" { continue }
      if node.outputs.contains(where: { wanted.contains($0) }) {
        wanted.formUnion(node.inputs)
      } else if let indexes = OperatorRegistry.parameterInputs[node.op] {
        for index in indexes where index < node.inputs.count { wanted.insert(node.inputs[index]) }
      }
    }
    return wanted.intersection(inputs.map(\.name))
  }
}
