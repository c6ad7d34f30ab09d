import Media

/// The names of the pictures that are written into a folder.
struct PictureNames: Sendable {
  enum Kind: Sendable {
    /// A pattern such as `out/%06d.png`.
    case pattern(String)
    /// Named as these, with the ending of what is written.
    case named([String])
    /// Named as the pictures of this input, or numbered if it is a film.
    case asIn(String)
  }

  let folder: String
  let kind: Kind

  /// Whether a picture may get this name.
  func mayHold(_ name: String) -> Bool {
    switch kind {
    case .pattern(let pattern): return MediaName.pattern(pattern, matches: name)
    case .named(let names): return Self.hold(names, name)
    case .asIn(let input):
      if MediaName.isPicture(name), PathParts.stem(of: name).allSatisfy(\.isNumber) { return true }
      return Self.hold(MediaSource.pictureNames(of: input), name)
    }
  }

  private static func hold(_ names: [String], _ name: String) -> Bool {
    let stem = PathParts.stem(of: name)
    return MediaName.isPicture(name) && names.contains { PathParts.stem(of: $0) == stem }
  }
}
