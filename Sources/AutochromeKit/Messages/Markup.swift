import Foundation

/// Markup of a page. What is put into it with `\(…)` is text and is escaped, here and nowhere else; markup that is put
/// into markup stays as it is.
package struct Markup: ExpressibleByStringInterpolation, Sendable, CustomStringConvertible {
  /// As it stands in the file.
  package let description: String

  /// Takes markup of ours as it is: a style, a script, an address of letters and digits.
  package init(verbatim text: String) { description = text }

  package init(stringLiteral text: String) { description = text }

  package init(stringInterpolation parts: StringInterpolation) { description = parts.text }

  /// Puts markup and text together.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity)
    }

    package mutating func appendLiteral(_ literal: String) { text += literal }

    package mutating func appendInterpolation(_ words: String) { text += HTMLText.escaped(words) }

    package mutating func appendInterpolation(_ number: Int) { text += "\(number)" }

    package mutating func appendInterpolation(_ markup: Markup) { text += markup.description }

    /// One after the other, each on its line.
    package mutating func appendInterpolation(_ markup: [Markup]) {
      text += markup.map(\.description).joined(separator: "\n")
    }
  }
}

/// Text in a page.
package enum HTMLText {
  /// Text in which nothing is taken for a tag, and nothing hides what follows.
  package static func escaped(_ text: String) -> String {
    PrintableText(text, keepsLines: true).description
      .replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
