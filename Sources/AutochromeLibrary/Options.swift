import AutochromeKit

/// How a job colorizes and encodes. The properties are the options that programs need most; the subscript takes all
/// others by the names that `docs/reference.md` lists.
public struct Options: Hashable, Sendable {
  /// The settings that a job begins with.
  public struct Pipeline: Hashable, Sendable {
    let name: String

    /// Films: steady colors, looking ahead.
    public static let film = Pipeline(name: "film")
    /// Lossless masters at the depth of the source.
    public static let archive = Pipeline(name: "archive")
    /// Photographs, each by itself.
    public static let photos = Pipeline(name: "photos")
    /// Streams: no frame waits for later ones.
    public static let stream = Pipeline(name: "stream")
    /// A pipeline file of the user's.
    public static func file(_ path: String) -> Pipeline { Pipeline(name: path) }
  }

  /// The settings to begin with; nil for those that suit the input.
  public var pipeline: Pipeline?
  /// A network by name, or an ONNX file by path; nil for the pipeline's.
  public var model: String?
  /// How colors look.
  public var look: Look
  /// A shots file with cuts, looks and hints.
  public var shots: String?
  /// A folder of frames of the film in color, `ref_000310.png` for frame 310.
  public var references: String?
  /// The video encoder by FFmpeg's or its common name, such as `ffv1`; nil for what suits the output.
  public var encoder: String?
  /// Constant rate factor of the encoder, 0…63: less is better and larger.
  public var constantRateFactor: Double?
  /// Processor threads; nil for one for each processor.
  public var threads: Int?
  /// Whether an output that exists is replaced. Without it, an output that exists is an error.
  public var replacesOutput = false
  /// Whether what an interrupted run has left is thrown away. Without it, the job goes on from there.
  public var startsOver = false
  private var named: [String: String] = [:]

  /// Options that leave all to the pipeline.
  public init(pipeline: Pipeline? = nil, look: Look = Look()) {
    self.pipeline = pipeline
    self.look = look
  }

  /// An option by the name and in the form in which pipeline files set it, such as `options["look-ahead"] = "4"`.
  /// Whether it exists and what it may be is checked when the job begins.
  public subscript(name: String) -> String? {
    get { named[name] }
    set { named[name] = newValue }
  }

  /// The settings of the program.
  /// - Throws: the program's `AutochromeError` with status `usage`.
  func settings(suggested: String) throws -> Settings {
    for (name, value) in named where (name + value).contains(where: \.isNewline) {
      throw AutochromeKit.AutochromeError(
        .usage, "The value of the option '\(name)' has more than one line; expected a single value."
      )
    }
    let text = named.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
    var layer = try SettingsLayer(yaml: text, file: "options")
    if let model { layer.model = model }
    if let shots { layer.shots = shots }
    if let references { layer.references = references }
    if let encoder { layer.codec = encoder }
    if let constantRateFactor { layer.crf = constantRateFactor }
    if let threads { layer.threads = threads }
    if let vividness = look.vividness { layer.vividness = Float(vividness) }
    if let temperature = look.temperature { layer.temperature = Float(temperature) }
    if let saturation = look.saturation { layer.saturation = Float(saturation) }
    if let warmth = look.warmth { layer.warmth = Float(warmth) }
    if let tint = look.tint { layer.tint = Float(tint) }
    if let stability = look.stability { layer.stability = Float(stability) }
    return try Settings(pipeline: pipeline?.name, suggested: suggested, options: layer)
  }
}
