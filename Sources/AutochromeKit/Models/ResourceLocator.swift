package import Foundation
import Media

/// Finds the files that come with the program: models, pipelines, and what was learned for guidance.
///
/// They lie in a folder beside the binary, as SwiftPM builds it and `make install` puts it;
/// `AUTOCHROME_RESOURCES` names another place.
package enum ResourceLocator {
  private static let bundleName = "autochrome_AutochromeKit.resources"

  /// Where the running program lies, with what is installed beside it.
  package static var programFolder: URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  }

  /// The folder that holds `models/`, `pipelines/` and `guidance/`.
  /// - Throws: `AutochromeError` with status `unavailable` naming where it was looked for.
  package static func folder() throws(AutochromeError) -> URL {
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
        "The folder with models and pipelines was not found in "
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
        .unavailable, "'\(folder.path)' is missing; reinstall the program with 'make install'.")
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
        .unavailable, "The folder '\(folder.path)' can't be read; reinstall the program.")
    }
    var result: [String: URL] = [:]
    for name in names where name.hasSuffix("." + suffix) {
      result[String(name.dropLast(suffix.count + 1))] = folder.appending(path: name)
    }
    return result
  }

  /// The user's folder of networks: what `AUTOCHROME_MODELS` names, or `autochrome/models` where programs of the
  /// user keep data (XDG Base Directory Specification).
  /// - Throws: `AutochromeError` with status `unavailable` if nothing tells where that is.
  package static func ownModelsFolder() throws(AutochromeError) -> String {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["AUTOCHROME_MODELS"], !named.isEmpty { return named }
    // A relative one is to be ignored, says the specification.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      return PathParts.join(data, "autochrome/models")
    }
    if let home = environment["HOME"], home.hasPrefix("/") {
      return PathParts.join(home, ".local/share/autochrome/models")
    }
    throw AutochromeError(
      .unavailable,
      "The folder for your own networks is unknown: set HOME, or name a folder with AUTOCHROME_MODELS or --to."
    )
  }

  /// The networks in the user's folder, by name; none where there is no such folder, or nothing tells where it is.
  /// - Throws: `AutochromeError` with status `noInput` if it can't be read.
  package static func ownModels() throws(AutochromeError) -> [String: URL] {
    guard let folder = try? ownModelsFolder(), FileSystem.exists(folder) else { return [:] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw AutochromeError(
        .noInput,
        "The folder for your own networks, '\(folder)', can't be read: \(error.localizedDescription) Allow it to be "
          + "read, or name another folder with AUTOCHROME_MODELS.")
    }
    let models = names.filter { $0.hasSuffix(".onnx") && !$0.hasPrefix(".") }
    return Dictionary(
      uniqueKeysWithValues: models.map {
        (String($0.dropLast(".onnx".count)), URL(fileURLWithPath: PathParts.join(folder, $0)))
      })
  }

  /// Resolves a name of a shipped file or of a network in the user's folder, or a path.
  package static func resolve(
    _ nameOrPath: String, kind: String, subfolder: String, extension suffix: String
  ) throws(AutochromeError) -> URL {
    let shipped = try files(in: subfolder, extension: suffix)
    if let url = shipped[nameOrPath] { return url }
    let own = subfolder == "models" ? try ownModels() : [:]
    if let url = own[nameOrPath] { return url }
    if FileManager.default.fileExists(atPath: nameOrPath) {
      return URL(fileURLWithPath: nameOrPath)
    }
    throw AutochromeError(
      .noInput,
      "There is no \(kind) '\(nameOrPath)': it is neither a file nor one of those that come with the program ("
        + shipped.keys.sorted().joined(separator: ", ") + ")"
        + (own.isEmpty ? "." : " or of your own (\(own.keys.sorted().joined(separator: ", ")))."))
  }
}
