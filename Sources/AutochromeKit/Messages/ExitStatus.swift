/// What the program's exit status says, after `sysexits.h`.
public struct ExitStatus: RawRepresentable, Hashable, Sendable {
  /// The number that the shell sees.
  public var rawValue: Int32
  /// A word for scripts: the name of the constant here, such as `badData`.
  public var name: String {
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
  public init(rawValue: Int32) { self.rawValue = rawValue }
  /// All is done.
  public static let done = ExitStatus(rawValue: 0)
  /// The command line or a pipeline file asks for what does not exist.
  public static let usage = ExitStatus(rawValue: 64)
  /// The input's or a model's data is bad.
  public static let badData = ExitStatus(rawValue: 65)
  /// There is no such input.
  public static let noInput = ExitStatus(rawValue: 66)
  /// A codec, an encoder or another service is missing.
  public static let unavailable = ExitStatus(rawValue: 69)
  /// A fault of ours.
  public static let internalFault = ExitStatus(rawValue: 70)
  /// The output can't be created.
  public static let cannotCreate = ExitStatus(rawValue: 73)
  /// Reading or writing failed.
  public static let ioError = ExitStatus(rawValue: 74)
  /// Stopped by the user.
  public static let interrupted = ExitStatus(rawValue: 130)
}
