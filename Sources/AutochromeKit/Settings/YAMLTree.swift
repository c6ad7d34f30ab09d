import Yams

/// A text of YAML as a tree of nodes. Each alias stands for a copy of what it refers to, so that few lines can stand
/// for more than any memory holds.
enum YAMLTree {
  /// What no settings and no shots of a film need.
  private static let mostNodes = 1_000_000

  /// - Throws: `YamlError` where the text is no YAML, `TooLarge`.
  static func compose(_ text: String) throws -> Node? {
    guard let node = try Yams.compose(yaml: text) else { return nil }
    var left = mostNodes
    guard count(node, &left) else { throw TooLarge() }
    return node
  }

  /// Takes the nodes of a tree off `left`; false where they are more.
  private static func count(_ node: Node, _ left: inout Int) -> Bool {
    left -= 1
    guard left >= 0 else { return false }
    if let sequence = node.sequence { return sequence.allSatisfy { count($0, &left) } }
    if let mapping = node.mapping {
      return mapping.allSatisfy { count($0.key, &left) && count($0.value, &left) }
    }
    return true
  }

  struct TooLarge: Error, CustomStringConvertible {
    var description: String {
      "with its aliases (*) expanded, it has more than \(mostNodes) values; use fewer aliases"
    }
  }
}
