import ArgumentParser
import AutochromeKit
import Colorization

/// The options that pipelines set too.
struct SettingsOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "film, archive, stream, photos, or a YAML file; default: stream for stdin, photos for single pictures, film for "
        + "everything else."))
  var pipeline: String?

  @Option(\.model) var model: String?
  @Option(\.backend) var backend: String?
  @Option(\.precision) var precision: String?
  @OptionGroup var part: PartOptions
  @Option(\.temperature) var temperature: Float?
  @Option(\.vividness) var vividness: Float?
  @Option(\.stability) var stability: Float?
  @Option(\.lookAhead) var lookAhead: Int?
  @Option(\.keyFrames) var keyFrames: KeyFrames?
  @Option(\.cuts) var cuts: String?
  @Option(\.references) var references: String?
  @Option(\.palette) var palette: String?
  @Option(\.color) var color: ColorMode?
  @Option(\.bars) var bars: BarsMode?
  @Option(\.refine) var refine: RefineMode?
  @Option(\.seed) var seed: Int?
  @Option(\.samples) var samples: Int?
  @Option(\.frames) var frames: Int?
  @Option(\.codec) var codec: String?
  @Option(\.crf) var crf: Double?
  @Option(\.preset) var preset: String?
  @Option(\.encoderOption) var encoderOption: [String] = []
  @Option(\.pixelFormat) var pixelFormat: String?
  @Option(\.format) var format: String?
  @Option(\.inputFormat) var inputFormat: String?
  @Option(\.inputSize) var inputSize: String?
  @Option(\.inputPixelFormat) var inputPixelFormat: String?
  @Option(\.inputRate) var inputRate: String?
  @Option(\.audio) var audio: AudioMode?
  @Option(\.extras) var extras: CopyMode?
  @OptionGroup var cores: ThreadsOption
  @Option(\.memory) var memory: Int?

  /// The options as a layer over the pipeline's.
  /// - Throws: `AutochromeError` for an encoder option that is not `key=value`, or such hues.
  func layer() throws(AutochromeError) -> SettingsLayer {
    var layer = SettingsLayer()
    try part.set(in: &layer)
    layer.model = model
    layer.backend = backend
    layer.precision = precision
    layer.temperature = temperature
    layer.vividness = vividness
    layer.stability = stability
    layer.lookAhead = lookAhead
    layer.keyFrames = keyFrames
    layer.cuts = cuts
    layer.references = references
    layer.palette = palette
    layer.color = color
    layer.bars = bars
    layer.refine = refine
    layer.seed = seed
    layer.samples = samples
    layer.frames = frames
    layer.codec = codec
    layer.crf = crf
    layer.preset = preset
    if !encoderOption.isEmpty { layer.encoderOption = try EncoderOptions(encoderOption) }
    layer.pixelFormat = pixelFormat
    layer.format = format
    layer.inputFormat = inputFormat
    layer.inputSize = inputSize
    layer.inputPixelFormat = inputPixelFormat
    layer.inputRate = inputRate
    layer.audio = audio
    layer.extras = extras
    layer.threads = cores.threads
    layer.memory = memory
    return layer
  }
}
