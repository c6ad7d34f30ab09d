import Foundation

/// Terminals, to which no frames are written: they would show as noise, and some bytes are commands to them.
enum Terminal {
  /// - Throws: `MediaError` if `path`, `-` being stdout, is a terminal.
  static func refuse(_ path: String) throws {
    if path == "-" { return try refuse(1, named: "stdout") }
    guard FileSystem.type(of: path) == S_IFCHR else { return }
    let device = FileSystem.open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK)
    guard device >= 0 else { return }
    defer { close(device) }
    try refuse(device, named: path)
  }

  private static func refuse(_ descriptor: Int32, named name: String) throws {
    guard isatty(descriptor) == 1 else { return }
    throw MediaError(
      .usage,
      "\(name) is a terminal, which can't show a film; name an output file, or redirect stdout to a file (-o - > "
        + "film.y4m) or a program (-o - | ffplay -).")
  }
}
