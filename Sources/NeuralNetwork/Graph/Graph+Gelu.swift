extension Graph {
  /// Joins what exporters spell GELU with before operator set 20, x·(1 + erf(x ÷ √2))·½, into one operator.
  mutating func joinGelu() {
    var uses: [String: Int] = [:]
    for node in nodes { for input in node.inputs { uses[input, default: 0] += 1 } }
    for output in outputs { uses[output.name, default: 0] += 1 }
    var producer: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs { producer[output] = index }
    }
    /// The node that computes a value which nothing else reads.
    func source(_ value: String, _ op: String) -> Node? {
      guard uses[value] == 1, let index = producer[value], nodes[index].op == op,
        nodes[index].inputs.count == (op == "Erf" ? 1 : 2)
      else { return nil }
      return nodes[index]
    }
    for index in nodes.indices where nodes[index].op == "Mul" {
      for (value, half) in operands(of: nodes[index]) where isNumber(half, 0.5) {
        guard let product = source(value, "Mul") else { continue }
        for (x, sum) in operands(of: product) {
          guard let add = source(sum, "Add"),
            let (inner, _) = operands(of: add).first(where: { isNumber($0.1, 1) }),
            let erf = source(inner, "Erf"), isScaled(erf.inputs[0], of: x)
          else { continue }
          nodes[index].op = "Gelu"
          nodes[index].inputs = [x]
        }
      }
    }
    removeDead()

    /// Whether the value is x ÷ √2 and nothing else reads it.
    func isScaled(_ value: String, of x: String) -> Bool {
      if let division = source(value, "Div") {
        return division.inputs[0] == x && isNumber(division.inputs[1], Float(2).squareRoot())
      }
      guard let product = source(value, "Mul") else { return false }
      return operands(of: product).contains { $0.0 == x && isNumber($0.1, Float(0.5).squareRoot()) }
    }
  }

  /// The two operands of a node in both orders.
  private func operands(of node: Node) -> [(String, String)] {
    guard node.inputs.count == 2 else { return [] }
    return [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
  }

  /// Whether the value is a constant of one number near this one.
  private func isNumber(_ value: String, _ number: Float) -> Bool {
    guard let tensor = constants[value], tensor.count == 1, tensor.shape.count <= 1,
      let found = tensor.floats.first
    else { return false }
    return abs(found - number) <= 1e-5 * number
  }
}
