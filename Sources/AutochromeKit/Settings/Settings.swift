public import Colorization
import Foundation
import Media

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
  /// What becomes of frames that are in color already.
  public var color: ColorMode
  /// What becomes of black bars around the picture.
  public var bars: BarsMode
  /// How chroma gets to full resolution.
  public var refine: RefineMode
  /// The first wanted frame; nil from the start.
  public var from: TimePosition?
  /// The first frame that is not wanted any more; nil to the end.
  public var to: TimePosition?
  /// How many frames at most.
  public var frames: Int?
  /// Encoder; nil for what the output's kind suggests.
  public var codec: String?
  /// Constant rate factor.
  public var crf: Double?
  /// Preset of the encoder.
  public var preset: String?
  /// Options of the encoder's own.
  public var encoderOption: EncoderOptions?
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
  public var audio: AudioMode
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
  /// Those of `crf` and `preset` that the command line sets: they act, or are refused.
  var namedEncoderOptions: [String]
  /// The encoder's own options come from the pipeline file too.
  var encoderOptionIsDefault: Bool

  /// The name of the default network.
  public static let defaultModel = "autochrome"

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
      base.encoderOption = nil
    }
    if let rate = options.encoderOption?.rateOfItsOwn {
      guard options.crf == nil else {
        throw AutochromeError(
          .usage, "--crf and the encoder option \(rate) both set the rate; give one of them.")
      }
      base.crf = nil
    }
    try self.init(pipeline: name, layer: base.overlaid(by: options))
    if let wanted = options.keyFrames, wanted.distance > 1, stability == 0 {
      throw AutochromeError(
        .usage,
        "--key-frames \(wanted) goes with a --stability above 0: colors are carried by the stage that "
          + "steadies them.")
    }
    codecIsDefault = options.codec == nil
    namedEncoderOptions = [
      options.crf.map { _ in Limits.crf.name }, options.preset.map { _ in "preset" },
    ].compactMap { $0 }
    encoderOptionIsDefault = options.encoderOption == nil
  }

  private init(pipeline: String, layer: SettingsLayer) throws(AutochromeError) {
    self.pipeline = pipeline
    model = layer.model ?? Self.defaultModel
    backend = layer.backend
    precision = layer.precision
    size = layer.size ?? Standard.size
    temperature = layer.temperature
    vividness = layer.vividness
    saturation = layer.saturation ?? Standard.saturation
    stability = layer.stability ?? Standard.stability
    lookAhead = layer.lookAhead ?? Standard.lookAhead
    keyFrames = stability > 0 ? layer.keyFrames ?? Standard.keyFrames : .off
    cuts = layer.cuts
    color = layer.color ?? Standard.color
    bars = layer.bars ?? Standard.bars
    refine = layer.refine ?? Standard.refine
    from = layer.from
    to = layer.to
    frames = layer.frames
    codec = layer.codec
    crf = layer.crf
    preset = layer.preset
    encoderOption = layer.encoderOption
    pixelFormat = layer.pixelFormat
    format = layer.format
    inputFormat = layer.inputFormat
    inputSize = layer.inputSize
    inputPixelFormat = layer.inputPixelFormat
    inputRate = layer.inputRate
    audio = layer.audio ?? Standard.audio
    extras = layer.extras ?? Standard.extras
    threads =
      layer.threads
      ?? min(Limits.threads.range.upperBound, ProcessInfo.processInfo.activeProcessorCount)
    memory = layer.memory
    codecIsDefault = true
    namedEncoderOptions = []
    encoderOptionIsDefault = true
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

  private func check() throws(AutochromeError) {
    try Limits.size.check(size)
    try Limits.saturation.check(saturation)
    try Limits.stability.check(stability)
    try Limits.lookAhead.check(lookAhead)
    try Limits.keyFrames.check(keyFrames.distance)
    try Limits.threads.check(threads)
    try Limits.memory.check(memory)
    try Limits.temperature.check(temperature)
    try Limits.vividness.check(vividness)
    try Limits.frames.check(frames)
    try Limits.crf.check(crf)
    for (name, position) in [("from", from), ("to", to)] {
      if case .seconds(let seconds)? = position?.position {
        try SettingLimits(name, Limits.time).check(seconds)
      }
    }
    let isEmpty =
      switch (from?.position ?? 0, to?.position) {
      case (.seconds(let from), .seconds(let to)): to <= from
      case (.frame(let from), .frame(let to)): to <= from
      case (_, .frame(0)): true
      default: false
      }
    if isEmpty, let to {
      throw AutochromeError(
        .usage, "--to \(to) does not lie after --from \(from ?? 0), so that no frame is left.")
    }
  }
}
