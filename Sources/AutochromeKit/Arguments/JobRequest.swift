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
  /// Which of several colorings of a picture this is, from 1; nil for the only one. It stands for `{sample}`.
  package private(set) var sample: Int?

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
    var name = template.replacing(Self.placeholder, with: title)
    if let shots { name = name.replacing(ShotRuns.placeholder, with: shots) }
    if let sample { name = name.replacing(Self.samplePlaceholder, with: "\(sample)") }
    return name
  }

  /// What stands in names for the number of a coloring.
  package static let samplePlaceholder = "{sample}"

  /// The requests for several colorings of a picture, each with its number in the output's name: where `{sample}`
  /// stands, or before the ending.
  /// - Throws: `AutochromeError` with status `usage` if the input is not one picture, or the output is stdout.
  package func samples(_ count: Int) throws(AutochromeError) -> [JobRequest] {
    guard count > 1 else { return [self] }
    guard isPicture else {
      throw AutochromeError(
        .usage,
        "--samples \(count) makes several colorings of a picture, but '\(input)' is none; give --samples for single "
          + "pictures only, with -p photos if there are several.")
    }
    guard output != "-" else {
      throw AutochromeError(
        .usage,
        "--samples \(count) writes several pictures, which stdout can't hold; name a file with -o.")
    }
    return (1...count).map { number in
      var request = self
      request.sample = number
      request.output = request.name(from: outputOfSamples)
      return request
    }
  }

  /// The output's name with `{sample}` in it.
  private var outputOfSamples: String {
    guard !output.contains(Self.samplePlaceholder) else { return output }
    let isFolder = output.hasSuffix("/") || FileSystem.isFolder(output)
    var ending = PathParts.fileExtension(of: isFolder ? input : output)
    if isFolder, PictureKind.encoder(forExtension: ending) == nil { ending = "png" }
    return PathParts.join(
      isFolder ? output : PathParts.folder(of: output),
      (isFolder ? title : PathParts.stem(of: output)) + "-" + Self.samplePlaceholder
        + (ending.isEmpty ? "" : "." + ending))
  }

  /// Whether the input is one picture, as far as its name tells.
  private var isPicture: Bool {
    input != "-" && pictures == nil && MediaName.isPicture(input)
      && (FileSystem.exists(input)
        || !(MediaName.isPicturePattern(input) || MediaName.isWildcard(input)))
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
    return isPicture ? "photos" : "film"
  }
}
