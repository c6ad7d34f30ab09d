public import ArgumentParser
public import AutochromeKit
public import Colorization

extension RefineMode: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}
extension BarsMode: ExpressibleByArgument {}
extension CopyMode: ExpressibleByArgument {}
extension AudioMode: ExpressibleByArgument {}
extension KeyFrames: ExpressibleByArgument {}

/// The options that pipelines set too.
struct SettingsOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help:
      "film, archive, stream, photos, or a YAML file; default: stream for stdin, photos for single pictures, film for all else."
  )
  var pipeline: String?

  @Option(
    name: [.short, .long],
    help:
      "A network by name (see 'model list') or an ONNX file; default: \(Settings.defaultModel), or the pipeline's."
  )
  var model: String?

  @Option(help: "onednn or openblas; default: the fastest.")
  var backend: String?

  @Option(
    help: ArgumentHelp(
      "int8, bf16, fp32 or auto: the fastest that CPU and network are fit for; default: auto.",
      valueName: "name"))
  var precision: String?

  @OptionGroup
  var part: PartOptions

  @Option(help: "Temperature of the annealed mean: \(Settings.Limits.temperature.note).")
  var temperature: Float?

  @Option(help: "Accurate but pale … colorful but daring: \(Settings.Limits.vividness.note).")
  var vividness: Float?

  @Option(
    help:
      "Steadiness of color inside a shot, 0 for each frame by itself: \(Settings.Limits.stability.note)."
  )
  var stability: Float?

  @Option(
    help:
      "Frames that the temporal stage may look ahead, 0 for none: \(Settings.Limits.lookAhead.note)."
  )
  var lookAhead: Int?

  @Option(
    help: ArgumentHelp(
      "Let the network see what motion doesn't explain, and at least each Nth frame: "
        + "\(Settings.Limits.keyFrames.note).",
      valueName: "n"))
  var keyFrames: KeyFrames?

  @Option(
    help: ArgumentHelp(
      "Where shots begin, as 'probe --write-cuts' lists them.", valueName: "file"))
  var cuts: String?

  @Option(
    help: ArgumentHelp(
      "What becomes of frames that are in color already: replace or keep; default: \(Settings.Standard.color.rawValue).",
      valueName: "mode"))
  var color: ColorMode?

  @Option(
    help: ArgumentHelp(
      "Black bars and the rounded corners of film gates: auto finds them in each shot, shows the network the picture inside of them, and keeps them neutral; none takes them for a part of the picture; default: \(Settings.Standard.bars.rawValue).",
      valueName: "mode"))
  var bars: BarsMode?

  @Option(
    help: "How chroma gets to full resolution; default: \(Settings.Standard.refine.rawValue).")
  var refine: RefineMode?

  @Option(help: "Colorize this many frames at most: \(Settings.Limits.frames.note).")
  var frames: Int?

  @Option(
    name: [.short, .long],
    help:
      "x264, x265, svtav1, prores, dnxhr, ffv1, png, tiff or mjpeg; default: the pipeline's for films, the name's for pictures."
  )
  var codec: String?

  @Option(
    help:
      "Constant rate factor, for encoders that have one; less is better and larger: \(Settings.Limits.crf.note)."
  )
  var crf: Double?

  @Option(
    help:
      "Preset, for encoders that have them, such as veryfast or slow; default: the pipeline's or the encoder's."
  )
  var preset: String?

  @Option(
    name: [.customShort("e"), .long],
    help: ArgumentHelp(
      "An option of the encoder's own, such as tune=film or b=8M; may be repeated; default: none.",
      valueName: "key=value"))
  var encoderOption: [String] = []

  @Option(
    help: "Pixel format of the output, by FFmpeg's name; default: what holds the source best.")
  var pixelFormat: String?

  @Option(
    name: [.short, .long],
    help: "Format of the output, by FFmpeg's name; default: what its name says.")
  var format: String?

  @Option(help: "Format of the input, by FFmpeg's name; default: guessed by its content.")
  var inputFormat: String?

  @Option(help: "WIDTHxHEIGHT of raw video.")
  var inputSize: String?

  @Option(
    help:
      "Pixel format of raw video, by FFmpeg's name; default: \(Settings.Standard.rawPixelFormat).")
  var inputPixelFormat: String?

  @Option(
    help:
      "Frames per second of raw video and of frame folders; default: \(Settings.Standard.pictureRate)."
  )
  var inputRate: String?

  @Option(
    help:
      "What becomes of the sound; aac, opus and flac encode what the container can't hold and copy the rest; default: \(Settings.Standard.audio.rawValue)."
  )
  var audio: AudioMode?

  @Option(
    help:
      "What becomes of subtitles, attachments, data and cover pictures; default: \(Settings.Standard.extras.rawValue)."
  )
  var extras: CopyMode?

  @OptionGroup
  var cores: ThreadsOption

  @Option(help: "Memory that frames in flight may take, in MB: \(Settings.Limits.memory.note).")
  var memory: Int?

  /// The options as a layer over the pipeline's.
  /// - Throws: `AutochromeError` for an encoder option that is not `key=value`.
  func layer() throws(AutochromeError) -> SettingsLayer {
    var layer = SettingsLayer()
    part.set(in: &layer)
    layer.model = model
    layer.backend = backend
    layer.precision = precision
    layer.temperature = temperature
    layer.vividness = vividness
    layer.stability = stability
    layer.lookAhead = lookAhead
    layer.keyFrames = keyFrames
    layer.cuts = cuts
    layer.color = color
    layer.bars = bars
    layer.refine = refine
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
