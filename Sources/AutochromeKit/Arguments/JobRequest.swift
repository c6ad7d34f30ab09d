import Media

/// What is to be colorized, and where it goes.
package struct JobRequest: Codable, Hashable, Sendable {
  /// What to read: a file, a folder, a pattern, a wildcard or `-`.
  package var input: String
  /// The names in the folder `input` that make up the film; nil for all pictures there.
  package var pictures: [String]?
  /// What to write: a file, a folder of pictures, a pattern or `-`.
  package var output: String
  /// Whether the output's folder is made where it is not there.
  package var createsFolder = false

  /// What stands for `{name}`: the input's name without its ending.
  package var title: String
  /// What stands for `{shots}`: the numbers of the shots that are wanted; nil for the whole film.
  package private(set) var shots: String?

  /// One input to one output.
  package init(input: String, output: String) {
    self.input = input
    self.output = output
    title = PathParts.stem(of: input)
  }

  /// What stands in names for that of the input.
  static let placeholder = "{name}"

  /// The name that a template with `{name}` and `{shots}` gives for this input.
  package func name(from template: String) -> String {
    let name = template.replacing(Self.placeholder, with: title)
    return shots.map { name.replacing(ShotRuns.placeholder, with: $0) } ?? name
  }

  /// The request for some of the shots.
  package func only(_ run: ClosedRange<Int>) -> JobRequest {
    var request = self
    request.shots = ShotRuns.words(of: run)
    request.output = request.name(from: output)
    return request
  }

  /// Each file that is read, or what stands for them.
  var inputFiles: [String] {
    pictures.map { $0.map { PathParts.join(input, $0) } } ?? [input]
  }

  /// Whether pictures are read that make up a film.
  var readsPictureFolder: Bool {
    pictures != nil || FileSystem.isFolder(input) || MediaName.isWildcard(input)
      || MediaName.isPicturePattern(input)
  }

  /// The names that pictures get, where the output is a folder or a pattern of them.
  var pictureNames: PictureNames? {
    guard output != "-", JobOutputs.isPictures(output, inputIsFolder: readsPictureFolder) else {
      return nil
    }
    if MediaName.isPicturePattern(output) {
      return PictureNames(folder: PathParts.folder(of: output), kind: .pattern(output))
    }
    guard FileSystem.isFolder(output) || !MediaName.isPicture(output) else { return nil }
    if let pictures { return PictureNames(folder: output, kind: .named(pictures)) }
    return PictureNames(folder: output, kind: .asIn(input))
  }

  /// Whether anything is there under the output's name.
  package var outputExists: Bool { output != "-" && FileSystem.exists(output) }

  /// What messages call the output: of one picture that goes into a folder, its name there.
  package var outputTitle: String {
    pictures == nil && MediaName.isPicture(input) && FileSystem.isFolder(output)
      ? PathParts.join(output, PathParts.name(of: input)) : output
  }

  /// The pipeline when the user names none: no look-ahead for pipes, no memory between pictures for
  /// single pictures, `film` for the rest.
  package var suggestedPipeline: String {
    if input == "-" { return "stream" }
    return pictures == nil && MediaName.isPicture(input)
      && (FileSystem.exists(input)
        || !(MediaName.isPicturePattern(input) || MediaName.isWildcard(input)))
      ? "photos" : "film"
  }
}
