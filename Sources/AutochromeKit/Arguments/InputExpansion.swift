import Media

/// The films and pictures that one argument stands for.
struct InputExpansion {
  private(set) var items: [InputItem] = []
  private(set) var notes: [String] = []
  /// Whether the argument is a folder in which films lie.
  private(set) var isFolderOfFilms = false

  init(_ input: String) throws(AutochromeError) {
    if input == "-" {
      items = [InputItem(.stream, input)]
    } else if FileSystem.isFolder(input) {
      try expandFolder(input)
    } else if FileSystem.exists(input) {
      items = [InputItem(MediaName.isPicture(input) ? .picture : .film, input)]
    } else if MediaName.isWildcard(input) {
      try expandWildcard(input)
    } else {
      let isPattern = MediaName.isPicturePattern(input)
      items = [
        InputItem(isPattern ? .folder : MediaName.isPicture(input) ? .picture : .film, input)
      ]
    }
  }

  private mutating func expandFolder(_ folder: String) throws(AutochromeError) {
    // A folder that can't be read is told of when it is opened.
    guard let names = FileSystem.names(in: folder) else {
      items = [InputItem(.folder, folder)]
      return
    }
    let films = names.filter {
      !$0.hasPrefix(".") && MediaName.isFilm($0)
        && !FileSystem.isFolder(PathParts.join(folder, $0))
    }
    guard !films.isEmpty else {
      items = [InputItem(.folder, folder)]
      return
    }
    try Self.refuseMixture(
      of: films.count, and: names.count { !$0.hasPrefix(".") && MediaName.isPicture($0) },
      in: "The folder '\(folder)' holds", folder: folder)
    items = MediaName.inNaturalOrder(films).map { InputItem(.film, PathParts.join(folder, $0)) }
    isFolderOfFilms = true
  }

  private mutating func expandWildcard(_ wildcard: String) throws(AutochromeError) {
    let found = Self.files(matching: wildcard)
    let films = found.filter { MediaName.isFilm($0) }
    let pictures = found.filter { MediaName.isPicture($0) }
    let folder = PathParts.folder(of: wildcard)
    if !films.isEmpty {
      try Self.refuseMixture(
        of: films.count, and: pictures.count, in: "'\(wildcard)' matches", folder: folder)
    }
    switch (films.isEmpty, pictures.isEmpty) {
    case (true, false) where !MediaName.isWildcard(folder):
      items = [InputItem(.folder, wildcard)]
    case (true, false): items = pictures.map { InputItem(.picture, $0) }
    case (true, true) where found.isEmpty: items = [InputItem(.folder, wildcard)]
    case (true, true): items = found.map { InputItem(.film, $0) }
    default:
      items = films.map { InputItem(.film, $0) }
      if films.count < found.count {
        notes.append(
          "Among the files that match '\(wildcard)', \(counted(found.count - films.count, "file")) without the "
            + "extension of a film \(found.count - films.count == 1 ? "is" : "are") left out.")
      }
    }
  }

  private static func refuseMixture(
    of films: Int, and pictures: Int, in what: String, folder: String
  ) throws(AutochromeError) {
    guard pictures > 0 else { return }
    throw AutochromeError(
      .usage,
      "\(what) \(counted(films, "film")) and \(counted(pictures, "picture")); name the ones that you mean, as in "
        + "'\(PathParts.join(folder, "*.mkv"))' or '\(PathParts.join(folder, "*.png"))'.")
  }

  /// In natural order, folders left out.
  private static func files(matching wildcard: String) -> [String] {
    MediaName.inNaturalOrder(
      FileSystem.paths(matching: wildcard).filter { !FileSystem.isFolder($0) })
  }
}
