/// An error of the code that gives or takes frames in place of a file.
package struct ForeignError: Error, CustomStringConvertible {
  /// What failed, in words.
  package var action: String
  /// The error of that code.
  package var cause: any Error

  /// Wraps an error that such code threw.
  package init(_ action: String, cause: any Error) {
    self.action = action
    self.cause = cause
  }

  package var description: String { "\(action) failed: \(cause)." }
}
