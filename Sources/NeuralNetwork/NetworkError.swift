/// What went wrong while reading, planning or running a network: which file, which node or tensor,
/// what was found, and what to do about it.
package struct NetworkError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of fault.
  package enum Code: String, Sendable {
    /// The file can't be opened or read.
    case unreadable
    /// The bytes are no valid ONNX model (or tensor).
    case malformed
    /// The model is valid but uses an operator, an attribute, a type or a version that this engine
    /// does not run. ``NetworkError/location`` names the node, ``NetworkError/reason`` the operator.
    case unsupported
    /// The shapes in the model don't fit each other or the input given.
    case shapeMismatch
    /// The model does not say between which numbers its values lie, which ``Precision/int8`` needs, or
    /// says so of other weights.
    case noRanges
    /// The caller's tensors don't fit the model.
    case invalidInput
    /// A back end failed, or memory ran out.
    case backEnd
  }

  /// The kind of fault.
  package var code: Code
  /// The model's file or name; empty when none is involved.
  package var file: String
  /// The node or tensor, such as `node "conv1"`; empty when it concerns the whole model.
  package var location: String
  /// One plain sentence: found and expected.
  package var reason: String

  init(_ code: Code, file: String = "", at location: String = "", _ reason: String) {
    self.code = code
    self.file = file
    self.location = location
    self.reason = reason
  }

  /// The same error with the model's name filled in.
  func inFile(_ name: String) -> NetworkError {
    var copy = self
    if copy.file.isEmpty { copy.file = name }
    return copy
  }

  /// The same error with the node's name filled in.
  func at(_ place: String) -> NetworkError {
    var copy = self
    if copy.location.isEmpty { copy.location = place }
    return copy
  }

  /// File, location and reason on one line.
  package var description: String {
    [file, location, reason].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
