/// What the program's exit status says, after `sysexits.h`.
package struct ExitStatus: RawRepresentable, Hashable, Sendable {
  /// The number that the shell sees.
  package var rawValue: Int32
  /// A word for scripts: the name of the constant here, such as `badData`.
  package var name: String {
    switch self {
    case .done: "done"
    case .usage: "usage"
    case .badData: "badData"
    case .noInput: "noInput"
    case .unavailable: "unavailable"
    case .internalFault: "internalFault"
    case .cannotCreate: "cannotCreate"
    case .ioError: "ioError"
    case .interrupted: "interrupted"
    default: "other"
    }
  }
  /// Wraps any number.
  package init(rawValue: Int32) { self.rawValue = rawValue }
  /// All is done.
  package static let done = ExitStatus(rawValue: 0)
  /// The command line or a pipeline file asks for what does not exist.
  package static let usage = ExitStatus(rawValue: 64)
  /// The input's or a model's data is bad.
  package static let badData = ExitStatus(rawValue: 65)
  /// There is no such input.
  package static let noInput = ExitStatus(rawValue: 66)
  /// A codec, an encoder or another service is missing.
  package static let unavailable = ExitStatus(rawValue: 69)
  /// A fault of ours.
  package static let internalFault = ExitStatus(rawValue: 70)
  /// The output can't be created.
  package static let cannotCreate = ExitStatus(rawValue: 73)
  /// Reading or writing failed.
  package static let ioError = ExitStatus(rawValue: 74)
  /// Stopped by the user.
  package static let interrupted = ExitStatus(rawValue: 130)
}
