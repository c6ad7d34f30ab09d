import AutochromeKit

/// Why a job or a call failed.
public struct AutochromeError: Error, Sendable, CustomStringConvertible {
  /// The kind of an error. Later versions may add kinds, so a `switch` over them needs a `default`.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value: String {
      case options, badData, noInput, unavailable, cannotCreate, io, interrupted, internalFault
    }
    private let value: Value

    /// An option does not exist, has a value out of range, or contradicts another.
    public static let options = Code(value: .options)
    /// The input or a network is damaged or not usable.
    public static let badData = Code(value: .badData)
    /// The input does not exist or may not be read.
    public static let noInput = Code(value: .noInput)
    /// A codec, an encoder or a network is missing.
    public static let unavailable = Code(value: .unavailable)
    /// The output already exists, or can't be created.
    public static let cannotCreate = Code(value: .cannotCreate)
    /// Reading or writing failed, or the program's own source or sink threw: see ``AutochromeError/cause``.
    public static let io = Code(value: .io)
    /// The job was stopped before there was any output to keep.
    public static let interrupted = Code(value: .interrupted)
    /// A bug in Autochrome itself.
    public static let internalFault = Code(value: .internalFault)

    public var description: String { value.rawValue }

    init(_ status: ExitStatus) {
      self =
        switch status {
        case .usage: .options
        case .badData: .badData
        case .noInput: .noInput
        case .unavailable: .unavailable
        case .cannotCreate: .cannotCreate
        case .ioError: .io
        case .interrupted: .interrupted
        default: .internalFault
        }
    }

    private init(value: Value) { self.value = value }
  }

  /// The kind of error.
  public let code: Code
  /// One or two sentences that name the file, stream, frame or option, what was expected, and what to do.
  public let message: String
  /// The underlying error, such as one that a ``FrameSource`` threw.
  public let cause: (any Error)?

  public var description: String { message }

  init(_ error: AutochromeKit.AutochromeError) {
    code = Code(error.status)
    message = Self.plain(error.message)
    cause = error.cause
  }

  init(_ code: Code, _ message: String) {
    (self.code, self.message, cause) = (code, message, nil)
  }

  /// Runs `body`, and brings what it throws into the library's terms.
  static func translating<Value>(
    _ body: () throws -> Value
  ) throws(AutochromeError) -> Value {
    do throws(AutochromeKit.AutochromeError) {
      return try AutochromeKit.AutochromeError.wrapping(body)
    } catch {
      throw AutochromeError(error)
    }
  }

  /// A message of the program in the terms of the library, where options have names and no dashes.
  static func plain(_ message: String) -> String {
    message.replacing(/(^|[\s('])--([a-z][a-z-]*)/) { "\($0.output.1)\($0.output.2)" }
  }
}
