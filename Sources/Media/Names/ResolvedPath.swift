import Foundation

/// The one spelling of a path, for files that need not be there yet.
package enum ResolvedPath {
  /// The absolute path without links, `.` and `..`. Of what is not there yet, the part that is there is
  /// resolved; a link into nowhere is followed.
  package static func of(_ path: String) -> String {
    var path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    for _ in 0..<mostLinks {
      if let real = real(path) { return real }
      let (folder, name) = (PathParts.folder(of: path), PathParts.name(of: path))
      guard
        case .success(let target) = Result(catching: {
          try FileManager.default.destinationOfSymbolicLink(atPath: path)
        })
      else {
        guard folder != path, !folder.isEmpty else { return path }
        let parent = of(folder)
        switch name {
        case ".": return parent
        case "..": return PathParts.folder(of: parent)
        default: return PathParts.join(parent, name)
        }
      }
      path = target.hasPrefix("/") ? target : PathParts.join(folder, target)
    }
    return path
  }

  /// As many as Linux follows.
  private static let mostLinks = 40

  private static func real(_ path: String) -> String? {
    guard let found = FileNameText.withCString(path, { realpath($0, nil) }) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}
