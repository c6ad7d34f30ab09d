/// What went wrong, in one sentence that names the thing and the remedy, and the exit status for it.
package struct AutochromeError: Error, Sendable, CustomStringConvertible {
  /// The exit status that tells a script what kind of thing went wrong.
  package var status: ExitStatus
  /// One sentence for people.
  package var message: String
  /// The error that it comes from; nil where it was found here.
  package var cause: (any Error)?

  /// Makes an error of the given kind.
  package init(_ status: ExitStatus, _ message: String, cause: (any Error)? = nil) {
    self.status = status
    self.message = message
    self.cause = cause
  }

  package var description: String { message }
}

/// For scripts: the exit status as a number and as a word, and the sentence.
extension AutochromeError: Encodable {
  private enum CodingKeys: CodingKey {
    case status, code, message
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(status.rawValue, forKey: .status)
    try container.encode(status.name, forKey: .code)
    try container.encode(message, forKey: .message)
  }
}
