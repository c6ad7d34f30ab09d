import Media

/// What the page in the browser is to show, and how: `autochrome review` hands it to the program that serves it.
public struct ReviewRequest: Codable, Sendable {
  /// The film, as given.
  public var input: String
  /// The shots file, which the page reads and writes.
  public var shots: String
  /// How the film is colorized.
  public var settings: Settings
  /// The port on 127.0.0.1; 0 for any that is free.
  public var port: Int
  /// Whether a browser is opened.
  public var opensBrowser: Bool

  /// Wraps its parts.
  public init(
    input: String, shots: String, settings: Settings, port: Int = 0, opensBrowser: Bool = true
  ) {
    (self.input, self.shots, self.settings) = (input, shots, settings)
    (self.port, self.opensBrowser) = (port, opensBrowser)
  }

  /// The shots file of a film where none is named: `film.shots.yaml` beside `film.mkv`.
  public static func shotsFile(of input: String) -> String {
    let name = PathParts.stem(of: input) + ".shots.yaml"
    let folder = PathParts.folder(of: input)
    return folder.isEmpty ? name : PathParts.join(folder, name)
  }

  /// - Throws: `AutochromeError` if there is nothing to look at, or it can be read but once.
  public func check() throws(AutochromeError) {
    guard input != "-" else {
      throw AutochromeError(
        .usage, "A pipe is gone once it was looked at; give a film or a folder of frames.")
    }
    guard FileSystem.exists(shots) else {
      throw AutochromeError(
        .noInput,
        "There is no shots file '\(shots)'; write one with: autochrome plan '\(input)' -o '\(shots)'"
      )
    }
  }

  /// The command that renders the film as the page shows it, for a shell.
  public var command: String {
    let output = PathParts.stem(of: input) + "-color.mkv"
    return "autochrome "
      + [input, "-o", output, "--shots", shots].map(Self.quoted)
      .joined(separator: " ")
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_./".utf8.contains(byte)
    }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
