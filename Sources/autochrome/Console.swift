import AutochromeKit
import Foundation

/// Where the program's words go: results that were asked for to stdout, everything else to stderr.
enum Console {
  /// Whether all that is said is JSON, one object a line: so that scripts understand errors too, this is
  /// known before the arguments are understood.
  static let saysJSON: Bool = {
    let arguments = CommandLine.arguments.prefix { $0 != "--" }
    let values = zip(arguments, arguments.dropFirst()).compactMap { option, value in
      value.hasPrefix("--progress=")
        ? String(value.dropFirst("--progress=".count)) : option == "--progress" ? value : nil
    }
    return values.last == ProgressMode.json.rawValue
  }()

  /// One line for people to stderr.
  static func say(_ line: String) {
    if saysJSON {
      event("message", ["message": line])
    } else {
      write(PrintableText(line).description + "\n")
    }
  }

  /// An error: a sentence, and for scripts what kind it is.
  static func fail(_ error: AutochromeError) {
    if saysJSON {
      event("error", error)
    } else {
      say("autochrome: \(error.message)")
    }
  }

  /// What happened as one line of JSON on stderr: an object with the one key `name`.
  static func event(_ name: String, _ value: some Encodable) {
    do {
      write(try encoded([name: value]) + "\n")
    } catch {
      write("{\"error\":{\"message\":\"The event \(name) can't be written as JSON.\"}}\n")
    }
  }

  /// Replaces the line of the terminal at which the cursor stands.
  static func renew(_ line: String) { write("\r\u{1B}[2K" + PrintableText(line).description) }

  /// Ends a line that was renewed.
  static func endLine() { write("\n") }

  /// Text to stderr. A film must not fail because nobody reads what is said about it: where stderr can't
  /// be written, there is nobody to tell.
  private static func write(_ text: String) {
    do { try FileHandle.standardError.write(contentsOf: Data(text.utf8)) } catch {}
  }

  /// Lines for people to stdout. A reader that has closed its end wants no more, which is no error.
  /// - Throws: `AutochromeError` where it can't be written otherwise, as on a full disk.
  static func result(_ lines: String) throws {
    try output(PrintableText(lines, keepsLines: true).description)
  }

  private static func output(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      if cause?.domain == NSPOSIXErrorDomain, cause?.code == Int(EPIPE) { return }
      throw AutochromeError(
        .ioError, "stdout can't be written: \((cause ?? error as NSError).localizedDescription).")
    }
  }

  /// A value as JSON to stdout.
  static func json(_ value: some Encodable) throws {
    try output(encoded(value, .prettyPrinted))
  }

  /// A value as one line of JSON to stdout.
  static func jsonLine(_ value: some Encodable) throws {
    try output(encoded(value))
  }

  /// A value as JSON with the keys in order, on one line unless `formatting` says otherwise.
  static func encoded(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting = []
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    return PrintableText(json: String(decoding: try encoder.encode(value), as: UTF8.self))
      .description
  }
}
