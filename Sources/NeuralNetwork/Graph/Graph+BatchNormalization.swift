extension Graph {
  /// Folds each batch normalization with constant parameters into the convolution before it, where
  /// nothing else reads that one's result; elsewhere it becomes a ``ChannelAffine``.
  mutating func foldBatchNormalization() throws(NetworkError) {
    var uses: [String: Int] = [:]
    for node in nodes { for input in node.inputs { uses[input, default: 0] += 1 } }
    for output in outputs { uses[output.name, default: 0] += 1 }
    var producer: [String: Int] = [:]
    var removed = Set<Int>()
    for index in nodes.indices {
      let node = nodes[index]
      if node.op == "BatchNormalization", let affine = try affine(of: node) {
        if let source = producer[node.inputs[0]], uses[node.inputs[0]] == 1,
          let folded = try fold(affine, into: nodes[source], named: node)
        {
          nodes[index] = folded
          removed.insert(source)
        } else {
          nodes[index] = try replacement(for: node, affine)
        }
      }
      for output in nodes[index].outputs { producer[output] = index }
    }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
    removeDead()
  }

  private struct Affine {
    var scale: [Float]
    var shift: [Float]
  }

  /// nil when the parameters are no constants or the node will be refused anyway.
  private func affine(of node: Node) throws(NetworkError) -> Affine? {
    guard node.inputs.count == 5, node.outputs.dropFirst().allSatisfy(\.isEmpty) else { return nil }
    var parameters: [[Float]] = []
    for name in node.inputs[1...] {
      guard let tensor = constants[name], tensor.elementType == .float32, tensor.shape.count == 1
      else { return nil }
      parameters.append(tensor.floats)
    }
    guard parameters.allSatisfy({ $0.count == parameters[0].count }) else { return nil }
    let types = try TensorType(.float32, [1, parameters[0].count])
    let operands =
      [NodeContext.Operand(type: types, constant: nil)]
      + node.inputs[1...].compactMap {
        constants[$0].map { NodeContext.Operand(type: $0.type, constant: $0) }
      }
    let context = NodeContext(node: node, opset: opset, operands: operands)
    guard case .operation(let kind, _) = try OperatorRegistry.lower(context),
      let epsilon = (kind as? BatchNormalization)?.epsilon
    else { return nil }
    var affine = Affine(scale: [], shift: [])
    for channel in parameters[0].indices {
      let deviation = (Double(parameters[3][channel]) + Double(epsilon)).squareRoot()
      let scale = Double(parameters[0][channel]) / deviation
      affine.scale.append(Float(scale))
      affine.shift.append(
        Float(Double(parameters[1][channel]) - Double(parameters[2][channel]) * scale))
    }
    return affine
  }

  private mutating func replacement(for node: Node, _ affine: Affine) throws(NetworkError) -> Node {
    Node(
      name: node.name, op: ChannelAffine.name,
      inputs: [
        node.inputs[0], try define(affine.scale, node.name + ".scale"),
        try define(affine.shift, node.name + ".shift"),
      ], outputs: [node.outputs[0]], attributes: [:])
  }

  /// The convolution with the normalization's factors in its weights; nil where that can't be.
  private mutating func fold(_ affine: Affine, into node: Node, named target: Node)
    throws(NetworkError) -> Node?
  {
    guard node.op == "Conv" || node.op == "ConvTranspose", node.inputs.count >= 2,
      let weights = constants[node.inputs[1]], weights.elementType == .float32,
      weights.shape.count >= 3, weights.count > 0
    else { return nil }
    var groups = 1
    if case .int(let number)? = node.attributes["group"] { groups = Int(clamping: number) }
    let channels = affine.scale.count
    let isTransposed = node.op == "ConvTranspose"
    let perGroup = isTransposed ? weights.shape[1] : 0
    guard
      isTransposed
        ? groups > 0 && perGroup.multipliedReportingOverflow(by: groups) == (channels, false)
          && weights.shape[0] % groups == 0 : weights.shape[0] == channels
    else { return nil }
    var bias = [Float](repeating: 0, count: channels)
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard let old = constants[node.inputs[2]], old.elementType == .float32, old.count == channels
      else { return nil }
      bias = old.floats
    }
    for channel in 0..<channels {
      bias[channel] = bias[channel] * affine.scale[channel] + affine.shift[channel]
    }
    let taps = weights.type.product(2..<weights.shape.count)
    let rows = isTransposed ? weights.shape[0] / groups : weights.shape[1]
    let scaled = try Tensor(shape: weights.shape) { values in
      let old = weights.floats
      for i in values.indices {
        // (M, C/groups, taps), or (C, M/groups, taps) when transposed.
        let channel =
          isTransposed
          ? i / (perGroup * taps) / rows * perGroup + i / taps % perGroup : i / (rows * taps)
        values[i] = old[i] * affine.scale[channel]
      }
    }
    var folded = node
    folded.name = target.name
    folded.outputs = [target.outputs[0]]
    let name = unused(target.name + ".weights")
    constants[name] = scaled
    folded.inputs = [node.inputs[0], name, try define(bias, target.name + ".bias")]
    return folded
  }

  private mutating func define(_ values: [Float], _ name: String) throws(NetworkError) -> String {
    let name = unused(name)
    constants[name] = try Tensor(shape: [values.count], floats: values)
    return name
  }

  private func unused(_ name: String) -> String {
    var candidate = name
    while constants[candidate] != nil || nodes.contains(where: { $0.outputs.contains(candidate) })
      || inputs.contains(where: { $0.name == candidate })
    {
      candidate += "'"
    }
    return candidate
  }
}
