import Foundation

/// The settings of a job, complete and checked. What depends on the model (temperature, vividness)
/// or on the output (codec) stays optional here and is resolved when that is known.
public struct Settings: Codable, Hashable, Sendable {
  /// The name or path of the pipeline that was taken.
  public var pipeline: String
  /// A shipped network by name, or an ONNX file by path.
  public var model: String
  /// Back end of the network; nil for the fastest.
  public var backend: String?
  /// Arithmetic of the network; nil for the fastest that the CPU does well.
  public var precision: String?
  /// Short side of the picture that the network sees, in samples.
  public var size: Int
  /// Temperature of the annealed mean; nil for the model's own.
  public var temperature: Float?
  /// 0…1; nil for the model's own.
  public var vividness: Float?
  /// Factor on the chroma.
  public var saturation: Float
  /// 0…1.
  public var stability: Float
  /// Frames that the temporal stage may look ahead.
  public var lookAhead: Int
  /// How far apart the frames that the network sees may be; every frame where nothing is steadied.
  public var keyFrames: KeyFrames
  /// A file that lists where shots begin; nil to find them.
  public var cuts: String?
  /// How chroma gets to full resolution.
  public var refine: RefineMode
  /// Start time in seconds.
  public var from: Double?
  /// End time in seconds.
  public var to: Double?
  /// How many frames at most.
  public var frames: Int?
  /// Encoder; nil for what the output's kind suggests.
  public var codec: String?
  /// Constant rate factor.
  public var crf: Double?
  /// Preset of the encoder.
  public var preset: String?
  /// Pixel format of the output, by FFmpeg's name.
  public var pixelFormat: String?
  /// Container or stream format of the output.
  public var format: String?
  /// Format of the input.
  public var inputFormat: String?
  /// Width×height of raw video.
  public var inputSize: String?
  /// Pixel format of raw video, by FFmpeg's name.
  public var inputPixelFormat: String?
  /// Frames per second of raw video and frame folders.
  public var inputRate: String?
  /// What becomes of the audio.
  public var audio: CopyMode
  /// What becomes of subtitles, attachments, data and cover pictures.
  public var extras: CopyMode
  /// Processor threads.
  public var threads: Int
  /// Memory that frames in flight may take, in MB; nil for 600, or more where the look-ahead needs
  /// it.
  public var memory: Int?
  /// The encoder settings come from the pipeline file, not from the command line: they give way to
  /// what the output can hold.
  var codecIsDefault: Bool

  /// The name of the default network.
  public static let defaultModel = "autochrome-fast"

  /// Lays `options` over the pipeline that they name (or that suits the input) and checks all.
  /// - Throws: `AutochromeError` with status `usage` naming the setting, its value and its range.
  public init(
    pipeline name: String?, suggested: String, options: SettingsLayer
  ) throws(AutochromeError) {
    let name = name ?? suggested
    let file = try ResourceLocator.resolve(
      name, kind: "pipeline", subfolder: "pipelines", extension: "yaml")
    let text: String
    do {
      text = try String(contentsOf: file, encoding: .utf8)
    } catch {
      throw AutochromeError(.noInput, "Pipeline '\(file.path)' can't be read as UTF-8 text.")
    }
    var base = try SettingsLayer(yaml: text, file: name)
    if options.codec != nil {
      // What the pipeline says of the encoder was meant for its own.
      base.crf = nil
      base.preset = nil
    }
    try self.init(pipeline: name, layer: base.overlaid(by: options))
    if let wanted = options.keyFrames, wanted.distance > 1, stability == 0 {
      throw AutochromeError(
        .usage,
        "--key-frames \(wanted) goes with a --stability above 0: colors are carried by the stage that "
          + "steadies them.")
    }
    codecIsDefault = options.codec == nil
  }

  private init(pipeline: String, layer: SettingsLayer) throws(AutochromeError) {
    self.pipeline = pipeline
    model = layer.model ?? Self.defaultModel
    backend = layer.backend
    precision = layer.precision
    size = layer.size ?? 160
    temperature = layer.temperature
    vividness = layer.vividness
    saturation = layer.saturation ?? 1
    stability = layer.stability ?? 0.7
    lookAhead = layer.lookAhead ?? 16
    keyFrames = stability > 0 ? layer.keyFrames ?? .off : .off
    cuts = layer.cuts
    refine = layer.refine ?? .guided
    from = layer.from
    to = layer.to
    frames = layer.frames
    codec = layer.codec
    crf = layer.crf
    preset = layer.preset
    pixelFormat = layer.pixelFormat
    format = layer.format
    inputFormat = layer.inputFormat
    inputSize = layer.inputSize
    inputPixelFormat = layer.inputPixelFormat
    inputRate = layer.inputRate
    audio = layer.audio ?? .copy
    extras = layer.extras ?? .copy
    threads = layer.threads ?? min(Self.mostThreads, ProcessInfo.processInfo.activeProcessorCount)
    memory = layer.memory
    codecIsDefault = true
    try check()
  }

  /// The two sides of a size such as 640x480.
  /// - Throws: `AutochromeError` that names `option`.
  public static func parseSize(
    _ text: String, option: String
  ) throws(AutochromeError) -> (width: Int, height: Int) {
    let sides = text.lowercased().split(separator: "x").compactMap { Int($0) }
    guard sides.count == 2, sides.allSatisfy({ $0 > 0 }) else {
      throw AutochromeError(.usage, "\(option) '\(text)' is not WIDTHxHEIGHT.")
    }
    return (sides[0], sides[1])
  }

  private static let mostThreads = 256
  /// Seconds; what is far beyond any film, and still a time stamp in the finest clock.
  private static let latestTime = 1e9

  private func check() throws(AutochromeError) {
    try Self.require("size", size, in: 64...1024)
    try Self.require("saturation", saturation, in: 0...2)
    try Self.require("stability", stability, in: 0...1)
    try Self.require("look-ahead", lookAhead, in: 0...16)
    try Self.require("key-frames", keyFrames.distance, in: 1...KeyFrames.most)
    try Self.require("threads", threads, in: 1...Self.mostThreads)
    if let memory { try Self.require("memory", memory, in: 64...1_000_000) }
    if let temperature { try Self.require("temperature", temperature, in: 0.01...1) }
    if let vividness { try Self.require("vividness", vividness, in: 0...1) }
    if let frames { try Self.require("frames", frames, in: 1...Int.max) }
    if let from { try Self.require("from", from, in: 0...Self.latestTime) }
    if let to {
      try Self.require("to", to, in: (from ?? 0).nextUp...(Self.latestTime + 1))
    }
    if let crf { try Self.require("crf", crf, in: 0...63) }
  }

  private static func require<T: Comparable>(
    _ name: String, _ value: T, in range: ClosedRange<T>
  ) throws(AutochromeError) {
    guard range.contains(value) else {
      throw AutochromeError(
        .usage, "--\(name) \(value) is outside of \(range.lowerBound)…\(range.upperBound).")
    }
  }

  /// The settings one a line, as a pipeline file would set them.
  public var listing: String {
    func line(_ name: String, _ value: (any CustomStringConvertible)?) -> String {
      "\(name): \(value.map { "\($0)" } ?? "automatic")"
    }
    return [
      line("pipeline", pipeline), line("model", model), line("backend", backend),
      line("precision", precision), line("size", size), line("temperature", temperature),
      line("vividness", vividness), line("saturation", saturation),
      line("stability", stability), line("look-ahead", lookAhead),
      line("key-frames", keyFrames),
      line("cuts", cuts), line("refine", refine.rawValue), line("codec", codec), line("crf", crf),
      line("preset", preset), line("pixel-format", pixelFormat), line("audio", audio.rawValue),
      line("extras", extras.rawValue),
      line("threads", threads), line("memory", memory),
    ].joined(separator: "\n")
  }
}
