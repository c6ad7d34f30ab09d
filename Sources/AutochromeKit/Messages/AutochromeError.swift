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
