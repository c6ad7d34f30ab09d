/// A named input or output of a model.
package struct ValueInfo: Sendable, Equatable {
  /// An extent that the file fixes, or a symbol such as `height`.
  package enum Dimension: Sendable, Equatable {
    case fixed(Int)
    case symbolic(String)
  }
  /// The name by which it is passed.
  package let name: String
  /// The element type; nil when the file does not say.
  package let elementType: ElementType?
  /// The extents, the slowest axis first; nil when the file does not say.
  package let dimensions: [Dimension]?

  /// The channels of an image (n, c, h, w); nil where it is none or the file leaves them open.
  package var channels: Int? {
    guard let dimensions, dimensions.count == 4, case .fixed(let count) = dimensions[1] else {
      return nil
    }
    return count
  }
}

/// An attribute of a node.
enum Attribute: Sendable {
  case int(Int64)
  case float(Float)
  case string(String)
  case tensor(Tensor)
  case ints([Int64])
  case floats([Float])
  case strings([String])
  /// A kind that the engine does not read; the text says which.
  case unsupported(String)
}

/// One operator of the graph. Values are known by name; an empty name is an input left out.
struct Node: Sendable {
  var name: String
  var op: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [String: Attribute]
}

/// A checked network: nodes in an order in which they can run.
struct Graph: Sendable {
  var opset: Int
  var nodes: [Node]
  var constants: [String: Tensor]
  var inputs: [ValueInfo]
  var outputs: [ValueInfo]

  /// Checks that each value is defined exactly once and before it is used, and puts the nodes into
  /// such an order. Throws on values defined twice, undefined inputs and cycles.
  mutating func checkAndSort() throws(NetworkError) {
    var producer: [String: Int] = [:]
    var known = Set(constants.keys)
    for input in inputs where !known.insert(input.name).inserted {
      throw NetworkError(.malformed, at: "input \"\(input.name)\"", "it is defined twice")
    }
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard !known.contains(output), producer.updateValue(index, forKey: output) == nil else {
          throw NetworkError(
            .malformed, at: "node \"\(node.name)\"", "its output \"\(output)\" is defined twice")
        }
      }
    }
    var missing = [Int](repeating: 0, count: nodes.count)
    var users = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs where !input.isEmpty && !known.contains(input) {
        guard let source = producer[input] else {
          throw NetworkError(
            .malformed, at: "node \"\(node.name)\"",
            "its input \"\(input)\" is not defined anywhere")
        }
        users[source].append(index)
        missing[index] += 1
      }
    }
    for output in outputs where !known.contains(output.name) && producer[output.name] == nil {
      throw NetworkError(.malformed, at: "output \"\(output.name)\"", "no node computes it")
    }
    var ready = nodes.indices.filter { missing[$0] == 0 }
    var order: [Int] = []
    var next = 0
    while next < ready.count {
      let index = ready[next]
      next += 1
      order.append(index)
      for user in users[index] {
        missing[user] -= 1
        if missing[user] == 0 { ready.append(user) }
      }
    }
    guard order.count == nodes.count else {
      let stuck = nodes.indices.first { missing[$0] > 0 } ?? 0
      throw NetworkError(
        .malformed, at: "node \"\(nodes[stuck].name)\"", "the graph has a cycle through it")
    }
    // An order that stays close to the file's keeps lifetimes short; ours is only needed when the
    // file's own order does not work.
    if !runsInFileOrder(known) { nodes = order.map { nodes[$0] } }
  }

  private func runsInFileOrder(_ known: Set<String>) -> Bool {
    var known = known
    for node in nodes {
      guard node.inputs.allSatisfy({ $0.isEmpty || known.contains($0) }) else { return false }
      known.formUnion(node.outputs)
    }
    return true
  }
}
