import AutochromeKit
import Foundation

/// Where the program's words go: results that were asked for to stdout, everything else to stderr.
enum Console {
  /// One line to stderr.
  static func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  /// One line to stdout.
  static func result(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// A value as JSON to stdout.
  static func json(_ value: some Encodable) throws {
    result(String(decoding: try encoded(value, .prettyPrinted), as: UTF8.self))
  }

  /// A value as one line of JSON to stdout.
  static func jsonLine(_ value: some Encodable) throws {
    result(String(decoding: try encoded(value), as: UTF8.self))
  }

  /// A value as JSON with the keys in order, on one line unless `formatting` says otherwise.
  static func encoded(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting = []
  ) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    return try encoder.encode(value)
  }

  /// A value as JSON into a file.
  static func write(_ value: some Encodable, to path: String) throws {
    do {
      try encoded(value, .prettyPrinted).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw AutochromeError(
        .cannotCreate, "The report '\(path)' can't be written: \(error.localizedDescription).")
    }
  }
}
