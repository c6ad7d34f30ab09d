import Yams

/// What stands under a key of a shot in a shots file, whatever it is: it passes between YAML and JSON.
package indirect enum ShotValue: Hashable, Sendable {
  case nothing
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([ShotValue])
  case mapping([String: ShotValue])

  /// What a node of YAML says.
  /// - Parameter text: where it stands.
  init(_ node: Node, in text: YAMLText) {
    if let scalar = node.scalar {
      let isPlain = text.isPlain(node)
      if isPlain, let value = node.int {
        self = .integer(value)
      } else if isPlain, let value = node.float {
        self = .number(value)
      } else if isPlain, let value = node.bool {
        self = .bool(value)
      } else if isPlain, node.null != nil {
        self = .nothing
      } else {
        self = .text(scalar.string)
      }
    } else if let sequence = node.sequence {
      self = .list(sequence.map { ShotValue($0, in: text) })
    } else {
      var values: [String: ShotValue] = [:]
      for (key, value) in node.mapping ?? [:] {
        values[key.string ?? ""] = ShotValue(value, in: text)
      }
      self = .mapping(values)
    }
  }

  /// Whether it says nothing: no value, or an empty list or mapping.
  var isEmpty: Bool {
    switch self {
    case .nothing: true
    case .list(let values): values.isEmpty
    case .mapping(let values): values.isEmpty
    case .bool, .integer, .number, .text: false
    }
  }

  /// On one line of YAML, mappings with `order` first and the rest by name.
  var yaml: String {
    switch self {
    case .nothing: "~"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): settingWords(value)
    case .text(let text): Self.quoted(text)
    case .list(let values): "[" + values.map(\.yaml).joined(separator: ", ") + "]"
    case .mapping(let values):
      "{"
        + values.sorted { Self.rank($0.key) < Self.rank($1.key) }
        .map { Self.quoted($0.key) + ": " + $0.value.yaml }.joined(separator: ", ") + "}"
    }
  }

  /// Keys as people write them: a hint begins with its frame.
  private static func rank(_ key: String) -> (Int, String) {
    let first = ["frame", "at", "stroke", "color", "radius", "picture"]
    return (first.firstIndex(of: key) ?? first.count, key)
  }

  /// A string of YAML: as it is where it can't be taken for anything else, and in quotes otherwise.
  static func quoted(_ text: String) -> String {
    let isPlain =
      text.unicodeScalars.first.map { ("a"..."z").contains($0) || ("A"..."Z").contains($0) }
      ?? false
    let isWord = text.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "_-./".unicodeScalars.contains($0)
    }
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
    if isPlain, isWord, !words.contains(text.lowercased()) { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case _
      where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
        || [0x2028, 0x2029, 0xFEFF].contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A text of YAML by its lines. The parser tells where a node begins, but not in which style it is written.
struct YAMLText: Sendable {
  /// What else ends a line for the parser (YAML 1.1 §5.4), which then counts other lines than these.
  static let otherLineEnds: Set<Unicode.Scalar> = ["\u{85}", "\u{2028}", "\u{2029}"]

  let lines: [Substring]

  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The first character of a node.
  private func first(of node: Node) -> Unicode.Scalar? {
    guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { return nil }
    return lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first
  }

  /// Whether a scalar stands there without quotes.
  func isPlain(_ node: Node) -> Bool {
    first(of: node).map { !"\"'|>".unicodeScalars.contains($0) } ?? true
  }

  /// Whether a list or mapping stands in brackets or braces.
  func isFlow(_ node: Node) -> Bool {
    first(of: node).map { "[{".unicodeScalars.contains($0) } ?? false
  }

  /// The spaces before the dash with which a line begins; nil where it begins otherwise.
  func dash(at line: Int) -> Int? {
    guard lines.indices.contains(line) else { return nil }
    let spaces = lines[line].prefix { $0 == " " }
    return lines[line].dropFirst(spaces.count).first == "-" ? spaces.count : nil
  }

  /// A node on one line, its scalars as they were written.
  func flow(_ node: Node) -> String {
    if let scalar = node.scalar {
      return isPlain(node) ? scalar.string : ShotValue.quoted(scalar.string)
    }
    if let sequence = node.sequence {
      return "[" + sequence.map { flow($0) }.joined(separator: ", ") + "]"
    }
    let pairs = node.mapping.map { Array($0) } ?? []
    return "{" + pairs.map { flow($0.key) + ": " + flow($0.value) }.joined(separator: ", ") + "}"
  }
}

extension ShotValue: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // What is none of these is told by the last one that is tried.
    func read<Value: Decodable>(_ type: Value.Type) -> Value? {
      do { return try container.decode(type) } catch { return nil }
    }
    if container.decodeNil() {
      self = .nothing
    } else if let value = read(Bool.self) {
      self = .bool(value)
    } else if let value = read(Int.self) {
      self = .integer(value)
    } else if let value = read(Double.self) {
      self = .number(value)
    } else if let value = read(String.self) {
      self = .text(value)
    } else if let value = read([ShotValue].self) {
      self = .list(value)
    } else {
      self = .mapping(try container.decode([String: ShotValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .nothing: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .mapping(let value): try container.encode(value)
    }
  }
}
