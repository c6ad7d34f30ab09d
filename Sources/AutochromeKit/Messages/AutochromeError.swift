/// What went wrong, in one sentence that names the thing and the remedy, and the exit status for it.
public struct AutochromeError: Error, Sendable, CustomStringConvertible {
  /// The exit status that tells a script what kind of thing went wrong.
  public var status: ExitStatus
  /// One sentence for people.
  public var message: String

  /// Makes an error of the given kind.
  public init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  public var description: String { message }
}

/// For scripts: the exit status as a number and as a word, and the sentence.
extension AutochromeError: Encodable {
  private enum CodingKeys: CodingKey {
    case status, code, message
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(status.rawValue, forKey: .status)
    try container.encode(status.name, forKey: .code)
    try container.encode(message, forKey: .message)
  }
}
