extension Model {
  /// The values within the network that describe what it takes each place to be, the finest first: what the
  /// last convolution before `output` reads, and what is enlarged on the way there, before the
  /// convolution that prepares it for that.
  ///
  /// - Parameter output: the name of one of the model's outputs.
  /// - Returns: names of values; none if no convolution leads to the output.
  package func featureValues(of output: String) -> [String] {
    var producers: [String: Node] = [:]
    for node in graph.nodes {
      for value in node.outputs { producers[value] = node }
    }
    var last = producers[output]
    while let node = last, node.op != "Conv" {
      last = node.inputs.first.flatMap { producers[$0] }
    }
    guard let finest = last?.inputs.first, producers[finest] != nil else { return [] }

    var found = [finest]
    var known: Set<String> = [finest]
    var waiting = [finest]
    while !waiting.isEmpty {
      let value = waiting.removeFirst()
      guard let node = producers[value] else { continue }
      if let enlarged = Self.enlarged(by: node, producers), !found.contains(enlarged) {
        found.append(enlarged)
      }
      for input in node.inputs where known.insert(input).inserted { waiting.append(input) }
    }
    return found
  }

  /// What a node enlarges, before a convolution that prepares it for that; nil if the node enlarges nothing.
  private static func enlarged(by node: Node, _ producers: [String: Node]) -> String? {
    guard let value = node.inputs.first else { return nil }
    switch node.op {
    case "ConvTranspose": return value
    case "Resize", "Upsample":
      guard let before = producers[value], before.op == "Conv", let read = before.inputs.first
      else { return value }
      return read
    default: return nil
    }
  }

  /// The same network, which gives these values after its own outputs.
  /// - Throws: `NetworkError` if there is no such value.
  package func giving(_ values: [String]) throws(NetworkError) -> Model {
    var changed = graph
    for value in values where !changed.outputs.contains(where: { $0.name == value }) {
      guard changed.nodes.contains(where: { $0.outputs.contains(value) }) else {
        throw NetworkError(
          .malformed, file: name, "no operator computes the requested value \"\(value)\"")
      }
      changed.outputs.append(ValueInfo(name: value, elementType: nil, dimensions: nil))
    }
    return Model(self, graph: changed)
  }

  /// The part of the network that computes these values, as a network that gives nothing else and reads only the
  /// inputs that they depend on.
  /// - Throws: `NetworkError` if there is no such value.
  package func computing(_ values: [String]) throws(NetworkError) -> Model {
    var changed = graph
    changed.outputs = []
    let reduced = try Model(self, graph: changed).giving(values)
    changed = reduced.graph
    changed.removeDead()
    let read = Set(changed.nodes.flatMap(\.inputs))
    changed.inputs.removeAll { !read.contains($0.name) }
    return Model(self, graph: changed)
  }
}
