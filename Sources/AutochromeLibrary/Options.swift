import AutochromeKit

/// How a job colorizes and encodes. The properties are the options that programs need most; the subscript sets all
/// others by the names that `docs/reference.md` lists.
public struct Options: Hashable, Sendable {
  /// The settings that a job starts from.
  public struct Pipeline: Hashable, Sendable {
    let name: String

    /// Films: steady colors, looking ahead.
    public static let film = Pipeline(name: "film")
    /// Lossless masters at the bit depth of the source.
    public static let archive = Pipeline(name: "archive")
    /// Photographs, each by itself.
    public static let photos = Pipeline(name: "photos")
    /// Streams: no frame waits for later ones.
    public static let stream = Pipeline(name: "stream")
    /// Your own pipeline file.
    public static func file(_ path: String) -> Pipeline { Pipeline(name: path) }
  }

  /// The pipeline; nil for the one that suits the input.
  public var pipeline: Pipeline?
  /// A network by name, or an ONNX file by path; nil for the pipeline's.
  public var model: String?
  /// How colors look.
  public var look: Look
  /// A shots file with cuts, looks and hints.
  public var shots: String?
  /// A folder of colored frames of the film; `ref_000310.png` is frame 310.
  public var references: String?
  /// The video encoder by FFmpeg's or its common name, such as `ffv1`; nil for the one that suits the output.
  public var encoder: String?
  /// Constant rate factor of the encoder, 0…63; lower values give better quality and larger files.
  public var constantRateFactor: Double?
  /// Number of processor threads; nil for one per processor.
  public var threads: Int?
  /// Whether an existing output is replaced; otherwise it is an error.
  public var replacesOutput = false
  /// Whether the work of an interrupted run is discarded; otherwise the job continues from there.
  public var startsOver = false
  private var named: [String: String] = [:]

  /// Options that leave everything to the pipeline.
  public init(pipeline: Pipeline? = nil, look: Look = Look()) {
    self.pipeline = pipeline
    self.look = look
  }

  /// An option by its name and in the notation of pipeline files, such as `options["look-ahead"] = "4"`.
  /// Name and value are checked when the job begins.
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
    if let seed = look.seed { layer.seed = seed }
    return try Settings(pipeline: pipeline?.name, suggested: suggested, options: layer)
  }
}
