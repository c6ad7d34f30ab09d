/// Text as it may be shown on a terminal: names of files and tags come from others, and may hold sequences
/// that give the terminal orders, hide what follows, or begin a line that looks like one of the program's.
package struct PrintableText: Hashable, Sendable, CustomStringConvertible {
  /// Without anything that a terminal obeys.
  package let description: String

  /// Makes each scalar visible that a terminal would obey: `\x1b`, `\u{202e}`.
  /// - Parameter keepsLines: whether `text` consists of lines, so that their ends stay.
  package init(_ text: String, keepsLines: Bool = false) {
    guard text.unicodeScalars.contains(where: Self.isUnsafe) else {
      description = text
      return
    }
    var result = ""
    for scalar in text.unicodeScalars {
      if keepsLines && scalar == "\n" || !Self.isUnsafe(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += Self.escaped(scalar)
      }
    }
    description = result
  }

  /// JSON with the same scalars escaped, which the standard lets stand in strings (RFC 8259 §7). The ends
  /// of lines stay: strings can't hold them.
  package init(json: String) {
    guard json.unicodeScalars.contains(where: Self.isUnsafe) else {
      description = json
      return
    }
    var result = ""
    for scalar in json.unicodeScalars {
      if scalar == "\n" || !Self.isUnsafe(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        // All of them lie within the first plane.
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    description = result
  }

  /// Controls of ASCII and Latin-1, ends of lines and paragraphs, and what turns the direction of writing.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default:
      let digits = String(scalar.value, radix: 16)
      return scalar.value < 0x100
        ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
    }
  }
}
