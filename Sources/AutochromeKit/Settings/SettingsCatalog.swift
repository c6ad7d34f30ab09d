package import Colorization
import Foundation
import Media

/// All settings. To add one, add a property here and its option to the program: layers, pipeline files,
/// reports, checks and the help take it from here.
///
/// The order is that in which messages list them.
package struct SettingsCatalog: Sendable {
  /// The one that holds.
  package static let shared = SettingsCatalog()

  /// Those that are a matter of taste: shots may have their own.
  package static let ofLook: [any AnySetting] = [
    shared.temperature, shared.vividness, shared.saturation, shared.warmth, shared.tint,
    shared.hues, shared.stability, shared.refine,
  ]

  /// Each property, in order; read off the type, so that none is forgotten.
  package static let all = Mirror(reflecting: shared).children.compactMap {
    $0.value as? any AnySetting
  }

  /// A shipped network by name, or an ONNX file by path.
  package let model = SettingWithDefault<String>(
    "model", letter: "m", "A network by name (see 'model list') or an ONNX file",
    standard: Settings.defaultModel, words: "\(Settings.defaultModel), or the pipeline's")
  /// Back end of the network; nil for the fastest.
  package let backend = OptionalSetting<String>(
    "backend", "onednn or openblas", words: "the fastest")
  /// Arithmetic of the network; nil for the fastest that the CPU does well.
  package let precision = OptionalSetting<String>(
    "precision", "int8, bf16, fp32 or auto: the fastest that CPU and network are fit for",
    value: "name", words: "auto")
  /// Short side of the picture that the network sees, in samples.
  package let size = SettingWithDefault<Int>(
    "size", "Short side of the picture that the network sees", range: .within(64...1024),
    standard: 160)
  /// Temperature of the annealed mean; nil for the model's own.
  package let temperature = OptionalSetting<Float>(
    "temperature", "Temperature of the annealed mean", range: .within(0.01...1),
    words: "the model's own")
  /// 0 (as accurate as the network can) … 1 (as colorful as it can); nil for the model's own.
  package let vividness = OptionalSetting<Float>(
    "vividness", "Accurate but pale … colorful but daring", range: .within(0...1),
    words: "the model's own")
  /// Factor on the chroma.
  package let saturation = SettingWithDefault<Float>(
    "saturation", "Factor on the chroma", range: .within(0...2), standard: 1)
  /// Added to b\*.
  package let warmth = SettingWithDefault<Float>(
    "warmth", "Warmer, or cooler below 0, in units of b*; black and white stay neutral",
    range: .within(-20...20), standard: 0)
  /// Added to a\*.
  package let tint = SettingWithDefault<Float>(
    "tint", "Towards magenta, or green below 0, in units of a*; black and white stay neutral",
    range: .within(-20...20), standard: 0)
  /// How many times as likely ranges of hues are as the network takes them to be; nil where nothing is said.
  package let hues = OptionalSetting<HueWeights>(
    "hues",
    "How likely hues are, as a factor on what the network thinks: 0 excludes, above 1 favors "
      + HueRange.allCases.map(\.rawValue).joined(separator: ", "),
    value: "name=weight,…", range: .ofEach(HueWeights.allowed, in: { Array($0.values.values) }),
    words: "1 for each", overlay: { $0.overlaid(by: $1) })
  /// 0 (each frame for itself) … 1.
  package let stability = SettingWithDefault<Float>(
    "stability", "Steadiness of color inside a shot, 0 for each frame by itself",
    range: .within(0...1), standard: Look().stability)
  /// Frames that the temporal stage may look ahead; 0 is causal.
  package let lookAhead = SettingWithDefault<Int>(
    "look-ahead", "Frames that the temporal stage may look ahead, 0 for none",
    range: .within(0...16), standard: 16)
  /// How far apart the frames that the network sees may be; every frame where nothing is steadied.
  package let keyFrames = SettingWithDefault<KeyFrames>(
    "key-frames", "Let the network see what motion doesn't explain, and at least each Nth frame",
    value: "n", range: .within(1...KeyFrames.most, of: \.distance), standard: .off)
  /// A file that lists where shots begin; nil to find them.
  package let cuts = OptionalSetting<String>(
    "cuts", "Where shots begin, as 'probe --write-cuts' lists them, or as in a shots file",
    value: "file")
  /// A file that says where shots begin and how each looks; nil for one look of all.
  package let shots = OptionalSetting<String>(
    "shots", "Where shots begin and how each looks, as 'plan' writes it", value: "file")
  /// A folder of stills of the film in color; nil for none.
  package let references = OptionalSetting<String>(
    "references",
    "A folder of frames of the film in color, ref_000310.png for frame 310, counted from 0: their colors go along "
      + "with the motion", value: "folder", words: "none")
  /// A picture whose colors are likely; nil for what the network takes for likely.
  package let palette = OptionalSetting<String>(
    "palette", "A picture whose colors are the likely ones", value: "picture",
    words: "the network's")
  /// What becomes of frames that are in color already.
  package let color = SettingWithDefault<ColorMode>(
    "color", "What becomes of frames that are in color already: replace or keep", value: "mode",
    standard: .replace)
  /// What becomes of black bars around the picture.
  package let bars = SettingWithDefault<BarsMode>(
    "bars",
    "Black bars and the rounded corners of film gates: auto finds them in each shot, shows the network the "
      + "picture inside of them, and keeps them neutral; none takes them for a part of the picture",
    value: "mode", standard: .auto)
  /// How chroma gets to full resolution.
  package let refine = SettingWithDefault<RefineMode>(
    "refine", "How chroma gets to full resolution", standard: .guided)
  /// The first wanted frame; nil from the start.
  package let from = OptionalSetting<TimePosition>(
    "from", "First frame: \(TimePosition.forms)", value: "time", range: time)
  /// The first frame that is not wanted any more; nil to the end.
  package let to = OptionalSetting<TimePosition>(
    "to", "Where to end, in the same forms; that frame is left out", value: "time", range: time)
  /// How many frames at most.
  package let frames = OptionalSetting<Int>(
    "frames", "Colorize this many frames at most", range: .from(1), words: "all")
  /// Encoder, by FFmpeg's or its common name; nil for what the output's kind suggests.
  package let codec = OptionalSetting<String>(
    "codec", letter: "c", "x264, x265, svtav1, prores, dnxhr, ffv1, png, tiff or mjpeg",
    words: "the pipeline's for films, the name's for pictures")
  /// Constant rate factor of the encoder.
  package let crf = OptionalSetting<Double>(
    "crf", "Constant rate factor, for encoders that have one; less is better and larger",
    range: .within(0...63), words: "the pipeline's or the encoder's")
  /// Preset of the encoder.
  package let preset = OptionalSetting<String>(
    "preset", "Preset, for encoders that have them, such as veryfast or slow",
    words: "the pipeline's or the encoder's")
  /// Options of the encoder's own, by FFmpeg's names.
  package let encoderOption = OptionalSetting<EncoderOptions>(
    "encoder-option", letter: "e",
    "An option of the encoder's own, such as tune=film or b=8M; may be repeated",
    value: "key=value", words: "none", overlay: { $0.overlaid(by: $1) })
  /// Pixel format of the output, by FFmpeg's name.
  package let pixelFormat = OptionalSetting<String>(
    "pixel-format", "Pixel format of the output, by FFmpeg's name",
    words: "what holds the source best")
  /// Container or stream format of the output.
  package let format = OptionalSetting<String>(
    "format", letter: "f", "Format of the output, by FFmpeg's name", words: "what its name says")
  /// Format of the input where it can't be guessed.
  package let inputFormat = OptionalSetting<String>(
    "input-format", "Format of the input, by FFmpeg's name", words: "guessed by its content")
  /// Width×height of raw video.
  package let inputSize = OptionalSetting<String>("input-size", "WIDTHxHEIGHT of raw video")
  /// Pixel format of raw video, by FFmpeg's name.
  package let inputPixelFormat = OptionalSetting<String>(
    "input-pixel-format", "Pixel format of raw video, by FFmpeg's name",
    words: Settings.Standard.rawPixelFormat)
  /// Frames per second of raw video and of frame folders, as a number or a ratio.
  package let inputRate = OptionalSetting<String>(
    "input-rate", "Frames per second of raw video and of frame folders",
    words: "\(Settings.Standard.pictureRate)")
  /// What becomes of the audio.
  package let audio = SettingWithDefault<AudioMode>(
    "audio",
    "What becomes of the sound; aac, opus and flac encode what the container can't hold and copy the rest",
    standard: .copy)
  /// What becomes of subtitles, attachments, data and cover pictures.
  package let extras = SettingWithDefault<CopyMode>(
    "extras", "What becomes of subtitles, attachments, data and cover pictures", standard: .copy)
  /// Processor threads for decoding, the network and pixels.
  package let threads = SettingWithDefault<Int>(
    "threads", letter: "t", "Processor threads", range: .within(threadRange),
    standard: min(threadRange.upperBound, ProcessInfo.processInfo.activeProcessorCount),
    words: "one for each processor")
  /// Memory that frames in flight may take, in MB.
  package let memory = OptionalSetting<Int>(
    "memory", "Memory that frames in flight may take, in MB", range: .within(64...1_000_000),
    words: "\(Settings.Standard.memory), or more where the look-ahead needs it")

  private static let threadRange = 1...256

  /// Seconds: what is far beyond any film, and still a time stamp in the finest clock.
  private static let time = SettingRange<TimePosition>.within(
    0...1e9,
    of: { if case .seconds(let seconds) = $0.position { seconds } else { nil } }, isTold: false)
}

extension Settings {
  /// What holds for settings that are resolved where the input is known.
  enum Standard {
    /// In MB.
    static let memory = 600
    /// Of raw video, by FFmpeg's name.
    static let rawPixelFormat = "gray"
    /// Frames per second of raw video and frame folders.
    static let pictureRate = 24
  }
}
