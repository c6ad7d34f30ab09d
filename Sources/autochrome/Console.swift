import AutochromeKit
import Foundation

/// Where the program's words go: results that were asked for to stdout, everything else to stderr.
enum Console {
  /// One line to stderr.
  static func say(_ line: String) { report(line + "\n") }

  /// Text to stderr. A film must not fail because nobody reads what is said about it: where stderr can't
  /// be written, there is nobody to tell.
  static func report(_ text: String) {
    do { try FileHandle.standardError.write(contentsOf: Data(text.utf8)) } catch {}
  }

  /// One line to stdout. A reader that has closed its end wants no more, which is no error.
  /// - Throws: `AutochromeError` where it can't be written otherwise, as on a full disk.
  static func result(_ line: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      if cause?.domain == NSPOSIXErrorDomain, cause?.code == Int(EPIPE) { return }
      throw AutochromeError(
        .ioError, "stdout can't be written: \((cause ?? error as NSError).localizedDescription).")
    }
  }

  /// A value as JSON to stdout.
  static func json(_ value: some Encodable) throws {
    try result(String(decoding: try encoded(value, .prettyPrinted), as: UTF8.self))
  }

  /// A value as one line of JSON to stdout.
  static func jsonLine(_ value: some Encodable) throws {
    try result(String(decoding: try encoded(value), as: UTF8.self))
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
