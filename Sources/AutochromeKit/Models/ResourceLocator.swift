public import Foundation
import Media

/// Finds the files that come with the program: models, pipelines, and what was learned for guidance.
///
/// They lie in a folder beside the binary, as SwiftPM builds it and `make install` puts it;
/// `AUTOCHROME_RESOURCES` names another place.
public enum ResourceLocator {
  private static let bundleName = "autochrome_AutochromeKit.resources"

  /// Where the running program lies, with what is installed beside it.
  package static var programFolder: URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  }

  /// The folder that holds `models/`, `pipelines/` and `guidance/`.
  /// - Throws: `AutochromeError` with status `unavailable` naming where it was looked for.
  public static func folder() throws(AutochromeError) -> URL {
    var candidates: [URL] = []
    if let named = ProcessInfo.processInfo.environment["AUTOCHROME_RESOURCES"] {
      candidates.append(URL(fileURLWithPath: named, isDirectory: true))
    }
    candidates.append(programFolder.appending(path: bundleName, directoryHint: .isDirectory))
    let found = candidates.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "models").path)
    }
    guard let found else {
      throw AutochromeError(
        .unavailable,
        "The folder of models and pipelines is missing: looked for "
          + candidates.map { "'\($0.path)'" }.joined(separator: " and ")
          + "; install with 'make install', or set AUTOCHROME_RESOURCES.")
    }
    return found
  }

  /// A folder that SwiftPM builds beside the program, such as that of the page's assets.
  /// - Throws: `AutochromeError` with status `unavailable` naming where it was looked for.
  package static func folder(ofBundle name: String) throws(AutochromeError) -> URL {
    let folder = programFolder.appending(path: name, directoryHint: .isDirectory)
    guard FileSystem.isFolder(folder.path) else {
      throw AutochromeError(
        .unavailable, "'\(folder.path)' is missing; install the program again with 'make install'.")
    }
    return folder
  }

  /// The shipped files of one kind, by name without extension.
  static func files(in subfolder: String, extension suffix: String) throws(AutochromeError)
    -> [String: URL]
  {
    let folder = try folder().appending(path: subfolder, directoryHint: .isDirectory)
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw AutochromeError(
        .unavailable, "The folder '\(folder.path)' can't be read; install the program again.")
    }
    var result: [String: URL] = [:]
    for name in names where name.hasSuffix("." + suffix) {
      result[String(name.dropLast(suffix.count + 1))] = folder.appending(path: name)
    }
    return result
  }

  /// Resolves a name of a shipped file, or a path.
  package static func resolve(
    _ nameOrPath: String, kind: String, subfolder: String, extension suffix: String
  ) throws(AutochromeError) -> URL {
    let shipped = try files(in: subfolder, extension: suffix)
    if let url = shipped[nameOrPath] { return url }
    if FileManager.default.fileExists(atPath: nameOrPath) {
      return URL(fileURLWithPath: nameOrPath)
    }
    throw AutochromeError(
      .noInput,
      "There is no \(kind) '\(nameOrPath)': neither a file nor one of the shipped ones ("
        + shipped.keys.sorted().joined(separator: ", ") + ").")
  }
}
