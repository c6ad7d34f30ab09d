public import ArgumentParser
public import AutochromeKit

extension RefineMode: ExpressibleByArgument {}
extension CopyMode: ExpressibleByArgument {}
extension KeyFrames: ExpressibleByArgument {}

/// The options that pipelines set too.
struct SettingsOptions: ParsableArguments {
  @Option(name: [.short, .long], help: "film, archive, stream, photos, or a YAML file.")
  var pipeline: String?

  @Option(name: [.short, .long], help: "A network by name (see 'model list') or an ONNX file.")
  var model: String?

  @Option(help: "onednn or openblas; by default the fastest.")
  var backend: String?

  @Option(
    help: ArgumentHelp(
      "int8, bf16, fp32, or auto: the fastest that CPU and network are fit for.",
      valueName: "name"))
  var precision: String?

  @Option(help: "Short side of the picture that the network sees.")
  var size: Int?

  @Option(help: "Temperature of the annealed mean, up to 1; by default the model's own.")
  var temperature: Float?

  @Option(help: "0 (accurate) … 1 (colorful); by default the model's own.")
  var vividness: Float?

  @Option(help: "Factor on the chroma, 0…2.")
  var saturation: Float?

  @Option(help: "Steadiness of color inside a shot, 0…1.")
  var stability: Float?

  @Option(help: "Frames that the temporal stage may look ahead; 0 is causal.")
  var lookAhead: Int?

  @Option(
    help: ArgumentHelp(
      "Let the network see what motion doesn't explain, and at least each Nth frame; or off.",
      valueName: "n"))
  var keyFrames: KeyFrames?

  @Option(
    help: ArgumentHelp(
      "Where shots begin, as 'probe --write-cuts' lists them.", valueName: "file"))
  var cuts: String?

  @Option(help: "guided or bilinear.")
  var refine: RefineMode?

  @Option(help: "Start time in seconds.")
  var from: Double?

  @Option(help: "End time in seconds.")
  var to: Double?

  @Option(help: "Colorize this many frames at most.")
  var frames: Int?

  @Option(name: [.short, .long], help: "x264, x265, svtav1, prores, ffv1, png, tiff, mjpeg.")
  var codec: String?

  @Option(help: "Constant rate factor of the encoder.")
  var crf: Double?

  @Option(help: "Preset of the encoder.")
  var preset: String?

  @Option(help: "Pixel format of the output, by FFmpeg's name.")
  var pixelFormat: String?

  @Option(name: [.short, .long], help: "Format of the output where its name doesn't tell.")
  var format: String?

  @Option(help: "Format of the input where it can't be guessed.")
  var inputFormat: String?

  @Option(help: "WIDTHxHEIGHT of raw video.")
  var inputSize: String?

  @Option(help: "Pixel format of raw video, by FFmpeg's name.")
  var inputPixelFormat: String?

  @Option(help: "Frames per second of raw video and of frame folders.")
  var inputRate: String?

  @Option(help: "copy or none.")
  var audio: CopyMode?

  @Option(help: "copy or none: subtitles, attachments, data and cover pictures.")
  var extras: CopyMode?

  @Option(name: [.short, .long], help: "Processor threads.")
  var threads: Int?

  @Option(help: "Memory that frames in flight may take, in MB.")
  var memory: Int?

  /// The options as a layer over the pipeline's.
  var layer: SettingsLayer {
    var layer = SettingsLayer()
    layer.model = model
    layer.backend = backend
    layer.precision = precision
    layer.size = size
    layer.temperature = temperature
    layer.vividness = vividness
    layer.saturation = saturation
    layer.stability = stability
    layer.lookAhead = lookAhead
    layer.keyFrames = keyFrames
    layer.cuts = cuts
    layer.refine = refine
    layer.from = from
    layer.to = to
    layer.frames = frames
    layer.codec = codec
    layer.crf = crf
    layer.preset = preset
    layer.pixelFormat = pixelFormat
    layer.format = format
    layer.inputFormat = inputFormat
    layer.inputSize = inputSize
    layer.inputPixelFormat = inputPixelFormat
    layer.inputRate = inputRate
    layer.audio = audio
    layer.extras = extras
    layer.threads = threads
    layer.memory = memory
    return layer
  }
}
