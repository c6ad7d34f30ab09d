import Media

/// One film or picture that is to be colorized.
struct InputItem: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case film, picture
    /// Pictures of a folder that are numbered without a break.
    case run
    /// A folder, a pattern or a wildcard of pictures, or nothing that is there.
    case folder
    case stream
  }

  var kind: Kind
  var path: String
  /// Of a run, the names in the folder `path`.
  var pictures: [String]?
  /// Of a run, what its pictures are called without their numbers.
  var runName: String?

  init(_ kind: Kind, _ path: String) {
    self.kind = kind
    self.path = path
  }

  /// What stands for `{name}`.
  var title: String {
    switch kind {
    case .film, .picture: return PathParts.stem(of: path)
    case .stream: return "stdin"
    case .run, .folder: return fullName
    }
  }

  /// What it is called in a folder of several.
  var fullName: String {
    if let runName { return runName }
    guard kind == .folder, !FileSystem.isFolder(path) else { return Self.name(ofFolder: path) }
    // A pattern or a wildcard is called as its folder.
    let isPattern = MediaName.isPicturePattern(path) || MediaName.isWildcard(path)
    return isPattern ? Self.name(ofFolder: PathParts.folder(of: path)) : PathParts.name(of: path)
  }

  static func name(ofFolder path: String) -> String {
    let name = PathParts.name(of: path)
    return ["", ".", ".."].contains(name)
      ? PathParts.name(of: ResolvedPath.of(path.isEmpty ? "." : path)) : name
  }
}
