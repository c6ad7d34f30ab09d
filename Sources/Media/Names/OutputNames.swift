import Foundation

/// The names that go with an output: the hidden one while it is written, and those that tell that not all
/// is there.
struct OutputNames: Sendable {
  /// The name that the output gets when it is complete.
  let path: String

  /// How many names of a kind are tried.
  static let mostNumbers = 9999
  /// Bytes in a name (POSIX `NAME_MAX`, as on Linux).
  private static let mostBytes = 255

  init(_ path: String) { self.path = path }

  /// The output's folder; empty for the working folder.
  var folder: String { PathParts.folder(of: path) }

  /// The name while it is written: `.film.mkv.partial`, then `.film.mkv.partial-2` …
  func hidden(_ number: Int) -> String {
    named(before: ".", PathParts.name(of: path), after: ".partial" + Self.suffix(number))
  }

  /// A name that tells that not all is there: `film.partial.mkv`, then `film.partial-2.mkv` …
  func partial(_ number: Int) -> String {
    let ending = PathParts.fileExtension(of: path)
    return named(
      before: "", PathParts.stem(of: path),
      after: ".partial" + Self.suffix(number) + (ending.isEmpty ? "" : "." + ending))
  }

  /// The folder in which lies what is done of it: `film.mkv.job`.
  var job: String { named(before: "", PathParts.name(of: path), after: ".job") }

  private static func suffix(_ number: Int) -> String { number == 1 ? "" : "-\(number)" }

  /// A long name loses its end.
  private func named(before: String, _ name: String, after: String) -> String {
    var name = name
    let room = Self.mostBytes - before.utf8.count - after.utf8.count
    while name.utf8.count > room, !name.isEmpty { name.removeLast() }
    return PathParts.join(folder, before + name + after)
  }

  /// Moves a file to the first partial name that is free. Returns that name; `nil` if the system refuses.
  func moveToPartial(_ file: String) -> String? {
    for number in 1...Self.mostNumbers {
      let partial = partial(number)
      switch FileSystem.move(file, to: partial, replacing: false) {
      case 0: return partial
      case EEXIST: continue
      default: return nil
      }
    }
    return nil
  }
}
