/// The parts of a path, found by its slashes and dots alone. Foundation's own functions of the same
/// purpose (`NSString.deletingLastPathComponent` and its kin) trap on paths of one character.
package enum PathParts {
  /// What lies before the last name: `a` of `a/b` and of `a/b/`, `/` of `/b`; empty where there is none.
  package static func folder(of path: String) -> String {
    let bytes = withoutEndingSlashes(path)
    guard let slash = bytes.lastIndex(of: 0x2F) else { return isRoot(path) ? "/" : "" }
    let folder = bytes[..<slash]
    let end = folder.lastIndex { $0 != 0x2F }
    return end.map { String(folder[...$0]) ?? "" } ?? "/"
  }

  /// The last name: `b` of `a/b` and of `a/b/`, `/` of `/`; empty where there is none.
  package static func name(of path: String) -> String {
    let bytes = withoutEndingSlashes(path)
    if bytes.isEmpty { return isRoot(path) ? "/" : "" }
    let start = bytes.lastIndex(of: 0x2F).map { bytes.index(after: $0) } ?? bytes.startIndex
    return String(bytes[start...]) ?? ""
  }

  /// What follows the last dot of the last name, without the dot. A dot at the start of a name begins
  /// no extension.
  package static func fileExtension(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), name[..<dot].contains(where: { $0 != "." }) else {
      return ""
    }
    return String(name[name.index(after: dot)...])
  }

  /// The last name without its extension and the dot before that.
  package static func stem(of path: String) -> String {
    let name = name(of: path)
    let ending = fileExtension(of: name)
    return name.hasSuffix("." + ending) ? String(name.dropLast(ending.count + 1)) : name
  }

  /// The path of `name` in `folder`.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  private static func isRoot(_ path: String) -> Bool { path.utf8.first == 0x2F }

  private static func withoutEndingSlashes(_ path: String) -> Substring.UTF8View {
    let bytes = path[...].utf8
    return bytes.lastIndex { $0 != 0x2F }.map { bytes[...$0] }
      ?? bytes[bytes.startIndex..<bytes.startIndex]
  }
}
