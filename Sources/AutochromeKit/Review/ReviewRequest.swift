import Media

/// What the page in the browser is to show, and how: `autochrome review` hands it to the program that serves it.
package struct ReviewRequest: Codable, Sendable {
  /// The film, as given.
  package var input: String
  /// The shots file, which the page reads and writes.
  package var shots: String
  /// Where the film goes that is rendered from the page.
  package var output: String
  /// How the film is colorized.
  package var settings: Settings
  /// The same as options of the program, without the shots file.
  package var options: [String]
  /// The port on 127.0.0.1; 0 for any that is free.
  package var port: Int
  /// Whether a browser is opened.
  package var opensBrowser: Bool

  /// Wraps its parts.
  package init(
    input: String, shots: String, output: String? = nil, settings: Settings,
    options: [String] = [], port: Int = 0, opensBrowser: Bool = true
  ) {
    (self.input, self.shots, self.settings) = (input, shots, settings)
    self.output = output ?? Self.output(of: input)
    (self.options, self.port, self.opensBrowser) = (options, port, opensBrowser)
  }

  /// Where a film goes for which no place is named: `film-color.mkv` in the folder in which the program runs.
  private static func output(of input: String) -> String {
    var name = input
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    return PathParts.stem(of: name) + "-color.mkv"
  }

  /// The shots file of a film where none is named: `film.shots.yaml` beside `film.mkv`.
  package static func shotsFile(of input: String) -> String {
    let name = PathParts.stem(of: input) + ".shots.yaml"
    let folder = PathParts.folder(of: input)
    return folder.isEmpty ? name : PathParts.join(folder, name)
  }

  /// - Throws: `AutochromeError` if there is nothing to look at, or it can be read but once.
  package func check() throws(AutochromeError) {
    guard input != "-" else {
      throw AutochromeError(
        .usage, "A pipe can be read only once; give a film or a folder of frames instead.")
    }
    guard FileSystem.exists(shots) else {
      throw AutochromeError(
        .noInput,
        "The shots file '\(shots)' does not exist; create it with: autochrome plan '\(input)' -o '\(shots)'"
      )
    }
  }

  /// Whether something lies where the film goes.
  package var outputExists: Bool { FileSystem.exists(output) }

  /// The command that renders the film as the page shows it, for a shell.
  package var command: String {
    (["autochrome", input, "-o", output, "--shots", shots] + options).map(Self.quoted)
      .joined(separator: " ")
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_./=,".utf8.contains(byte)
    }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
