import Media

/// What the arguments of a command mean: which films there are, and where each goes.
///
/// - A folder of films, and a wildcard that films match, stand for each of them.
/// - Pictures that are named one by one, as by a shell that expands `scans/*.png`, are one film if they lie
///   in one folder and are numbered without a break, unless the pipeline is `photos`.
/// - One film goes to the output itself, or into a folder under its own name; several go into a folder.
/// - `{name}` in the output is the input's name without its ending.
package struct JobRequests: Sendable {
  /// In the order of the arguments.
  package private(set) var all: [JobRequest] = []
  /// What was understood that the user may not have meant, in sentences.
  package private(set) var notes: [String] = []

  /// - Parameters:
  ///   - output: nil if the command names none.
  ///   - pipeline: as the command names it.
  ///   - sideOption: the option that names `output`, where that is a file beside each film, see `checkTemplate`.
  /// - Throws: `AutochromeError` with status `usage` if it can't be told what is meant, or two inputs would
  ///   get the same output.
  package init(
    inputs: [String], output: String?, pipeline: String? = nil, sideOption: String? = nil
  ) throws(AutochromeError) {
    guard let output else { throw Self.missingOutput(inputs) }
    var items: [InputItem] = []
    var isFolderOfFilms = false
    for input in inputs {
      let expanded = try InputExpansion(input)
      items += expanded.items
      notes += expanded.notes
      isFolderOfFilms = isFolderOfFilms || expanded.isFolderOfFilms
    }
    let runs = PictureRuns(items, joins: pipeline != "photos")
    items = runs.items
    notes += runs.notes
    if let sideOption {
      try Self.checkTemplate(output, option: sideOption, inputs: items.count)
    }
    let needsFolder = items.count > 1 || isFolderOfFilms
    if needsFolder { try Self.checkFolder(output, isFolderOfFilms: isFolderOfFilms) }
    all = items.map { Self.request($0, output: output, needsFolder: needsFolder) }
    try checkNames(of: items)
  }

  // MARK: Outputs

  private static func missingOutput(_ inputs: [String]) -> AutochromeError {
    guard inputs.count > 1, let last = inputs.last, MediaName.isFile(last) || last.hasSuffix("/"),
      !FileSystem.exists(last)
    else {
      return AutochromeError(
        .usage, "No output is given; name it with -o, as in -o color.mkv.")
    }
    let command = (inputs.dropLast() + ["-o", last]).map(quoted).joined(separator: " ")
    return AutochromeError(
      .usage, "The output must be given with -o; did you mean: autochrome \(command)")
  }

  /// As a shell takes it.
  private static func quoted(_ word: String) -> String {
    word.allSatisfy { $0.isLetter || $0.isNumber || "-_./,:+@".contains($0) }
      ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }

  private static func checkFolder(
    _ output: String, isFolderOfFilms: Bool
  ) throws(AutochromeError) {
    guard !output.contains(JobRequest.placeholder) else { return }
    let what = isFolderOfFilms ? "A folder of films needs" : "Several inputs need"
    guard output != "-" else {
      throw AutochromeError(.usage, "\(what) a folder as output, not stdout; name a folder.")
    }
    guard !FileSystem.isFolder(output) else { return }
    guard !FileSystem.exists(output) else {
      throw AutochromeError(.usage, "\(what) a folder as output, but '\(output)' is a file.")
    }
    guard output.hasSuffix("/") || !MediaName.isFile(output) else {
      throw AutochromeError(
        .usage,
        "\(what) a folder as output, but '\(output)' looks like the name of a file; name a folder, write '\(output)/' "
          + "if that is the folder's name, or use {name} as in -o 'color/{name}.mkv'."
      )
    }
  }

  private static func request(
    _ item: InputItem, output: String, needsFolder: Bool
  ) -> JobRequest {
    let isTemplate = output.contains(JobRequest.placeholder)
    var request = JobRequest(input: item.path, output: output)
    request.title = item.title
    let output = request.name(from: output)
    request.output = output
    request.pictures = item.pictures
    request.createsFolder = isTemplate || needsFolder || output.hasSuffix("/")
    switch item.kind {
    case .picture where needsFolder && !isTemplate:
      // The folder gives the picture its name, and the ending of what is written.
      request.output = PathParts.join(output, "")
    case .picture: break
    case .film where output.hasSuffix("/") || FileSystem.isFolder(output),
      .stream where needsFolder && !isTemplate:
      request.output = PathParts.join(output, PathParts.name(of: item.path))
    case .film, .run, .folder, .stream:
      if needsFolder && !isTemplate { request.output = PathParts.join(output, item.fullName) }
    }
    return request
  }

  /// Refuses the name of a file that is to be written beside each output and would be the same for all.
  /// - Throws: `AutochromeError` with status `usage`.
  package static func checkTemplate(
    _ template: String?, option: String, inputs: Int
  ) throws(AutochromeError) {
    guard let template, inputs > 1, !template.contains(JobRequest.placeholder) else { return }
    let ending = PathParts.fileExtension(of: template)
    let example = PathParts.join(
      PathParts.folder(of: template),
      JobRequest.placeholder + "-" + PathParts.stem(of: template)
        + (ending.isEmpty ? "" : "." + ending))
    throw AutochromeError(
      .usage,
      "\(option) '\(template)' would be overwritten by each of the \(inputs) inputs; put {name} into it, as in "
        + "\(option) '\(example)'.")
  }

  private func checkNames(of items: [InputItem]) throws(AutochromeError) {
    var seen: [String: String] = [:]
    for (request, item) in zip(all, items) {
      // Pictures that go into one folder differ by their own names.
      let isPictureInFolder = item.kind == .picture && request.pictureNames != nil
      let name =
        isPictureInFolder
        ? PathParts.join(request.output, PathParts.stem(of: item.path)) : request.output
      if let other = seen[name] {
        throw AutochromeError(
          .usage, "'\(other)' and '\(item.path)' would both be written to '\(name)'.")
      }
      seen[name] = item.path
    }
  }
}
