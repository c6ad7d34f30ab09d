/// What the name of a file promises, for what is not opened yet.
package enum MediaName {
  private static let filmExtensions: Set<String> = [
    "mkv", "mp4", "m4v", "mov", "qt", "avi", "divx", "webm", "mpg", "mpeg", "m1v", "m2v", "ts",
    "m2ts",
    "mts", "m2t", "tod", "mod", "vob", "wmv", "asf", "flv", "f4v", "ogv", "ogm", "dv", "mxf", "gxf",
    "nut",
    "y4m", "3gp", "3g2", "rm", "rmvb", "h264", "264", "avc", "h265", "265", "hevc", "ivf", "obu",
    "mjpg",
    "mjpeg", "wtv",
  ]

  /// Whether the name is that of a film.
  package static func isFilm(_ path: String) -> Bool {
    filmExtensions.contains(PathParts.fileExtension(of: path).lowercased())
  }

  /// Whether the name is that of a file that is written, and not of a folder.
  package static func isFile(_ path: String) -> Bool {
    isFilm(path) || isPicture(path)
      || ["yuv", "rgb", "raw", "gif", "apng"].contains(
        PathParts.fileExtension(of: path).lowercased())
  }

  /// Whether the name is that of a file with a single picture.
  package static func isPicture(_ path: String) -> Bool {
    PictureKind.extensions.contains(PathParts.fileExtension(of: path).lowercased())
  }

  /// Whether the name is a pattern of numbered pictures, such as `frames/%06d.png`. In the name of a film a
  /// percent sign is one.
  package static func isPicturePattern(_ path: String) -> Bool {
    PictureList.isNumbered(path)
      && (PathParts.fileExtension(of: path).isEmpty || isPicture(path))
  }

  /// Whether the pattern stands for the name.
  package static func pattern(_ pattern: String, matches name: String) -> Bool {
    PictureList.Pattern(pattern)?.number(of: name) != nil
  }

  /// Whether the name holds wildcards.
  package static func isWildcard(_ path: String) -> Bool { PictureList.isWildcard(path) }

  /// The last number in a name without its extension, and what lies around it.
  package static func numbered(
    _ name: String
  ) -> (before: String, number: Int, after: String)? {
    let bytes = Array(name.utf8)
    let end = bytes.lastIndex(of: 0x2E) ?? bytes.count
    let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
    guard let last = bytes[..<end].lastIndex(where: isDigit) else { return nil }
    let first = bytes[..<last].lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
    guard let number = Int(String(decoding: bytes[first...last], as: UTF8.self)) else { return nil }
    return (
      String(decoding: bytes[..<first], as: UTF8.self), number,
      String(decoding: bytes[(last + 1)...], as: UTF8.self)
    )
  }

  /// Names in the order in which people count: `img_9` before `img_10`.
  package static func inNaturalOrder(_ names: [String]) -> [String] {
    names.map { (name: $0, key: NaturalKey($0)) }.sorted { $0.key < $1.key }.map(\.name)
  }
}
