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
    shared.hues, shared.stability, shared.refine, shared.seed,
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
    "precision", "int8, bf16, fp32, or auto: the fastest that the CPU and the network support",
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
    "saturation", "Factor applied to the chroma", range: .within(0...2), standard: 1)
  /// Added to b\*.
  package let warmth = SettingWithDefault<Float>(
    "warmth", "Warmer, or cooler below 0, in units of b*; black and white stay neutral",
    range: .within(-20...20), standard: 0)
  /// Added to a\*.
  package let tint = SettingWithDefault<Float>(
    "tint", "Toward magenta, or green below 0, in units of a*; black and white stay neutral",
    range: .within(-20...20), standard: 0)
  /// How many times as likely ranges of hues are as the network takes them to be; nil where nothing is said.
  package let hues = OptionalSetting<HueWeights>(
    "hues",
    "Factors on the probabilities that the network gives to hues: 0 excludes a hue, above 1 favors it; hues are "
      + HueRange.allCases.map(\.rawValue).joined(separator: ", "),
    value: "name=weight,…", range: .ofEach(HueWeights.allowed, in: { Array($0.values.values) }),
    words: "1 for each", overlay: { $0.overlaid(by: $1) })
  /// 0 (each frame for itself) … 1.
  package let stability = SettingWithDefault<Float>(
    "stability", "Steadiness of color within a shot; 0 treats each frame by itself",
    range: .within(0...1), standard: Look().stability)
  /// Frames that the temporal stage may look ahead; 0 is causal.
  package let lookAhead = SettingWithDefault<Int>(
    "look-ahead", "Frames that the temporal stage may look ahead, 0 for none",
    range: .within(0...16), standard: 16)
  /// How far apart the frames that the network sees may be; every frame where nothing is steadied.
  package let keyFrames = SettingWithDefault<KeyFrames>(
    "key-frames",
    "Run the network only on frames that motion doesn't explain, and at least on every Nth frame",
    value: "n", range: .within(1...KeyFrames.most, of: \.distance), standard: .atMost(4))
  /// A file that lists where shots begin; nil to find them.
  package let cuts = OptionalSetting<String>(
    "cuts", "A list of where shots begin, as 'probe --write-cuts' writes it, or a shots file",
    value: "file")
  /// A file that says where shots begin and how each looks; nil for one look of all.
  package let shots = OptionalSetting<String>(
    "shots", "A shots file, as 'plan' writes it: where shots begin and how each one looks",
    value: "file")
  /// A folder of stills of the film in color; nil for none.
  package let references = OptionalSetting<String>(
    "references",
    "A folder of colored frames of the film, whose colors follow the motion; ref_000310.png is frame 310, counted "
      + "from 0", value: "folder", words: "none")
  /// A picture whose colors are likely; nil for what the network takes for likely.
  package let palette = OptionalSetting<String>(
    "palette", "A picture whose colors are taken as the likely ones", value: "picture",
    words: "the network's")
  /// What becomes of frames that are in color already.
  package let color = SettingWithDefault<ColorMode>(
    "color", "What to do with frames that are already in color: replace or keep their colors",
    value: "mode",
    standard: .replace)
  /// What becomes of black bars around the picture.
  package let bars = SettingWithDefault<BarsMode>(
    "bars",
    "Black bars and the rounded corners of film gates: auto finds them in each shot, shows the network only the "
      + "picture inside them, and keeps them neutral; none treats them as part of the picture",
    value: "mode", standard: .auto)
  /// How chroma gets to full resolution.
  package let refine = SettingWithDefault<RefineMode>(
    "refine", "How chroma is upsampled to full resolution", standard: .guided)
  /// Of the random numbers of a network that samples; nil for 0.
  package let seed = OptionalSetting<Int>(
    "seed", "Which coloring a network that samples gives: another number, another coloring",
    value: "n", range: .from(0), words: "0")
  /// How many colorings of a picture are written.
  package let samples = SettingWithDefault<Int>(
    "samples",
    "Colorings of a picture to write, from a network that samples: name-1.png, name-2.png and so on, or {sample} in "
      + "the output's name", value: "n", range: .within(1...64), standard: 1)
  /// The first wanted frame; nil from the start.
  package let from = OptionalSetting<TimePosition>(
    "from", "First frame: \(TimePosition.forms)", value: "time", range: time)
  /// The first frame that is not wanted any more; nil to the end.
  package let to = OptionalSetting<TimePosition>(
    "to", "Where to stop, in the same forms; this frame is not included", value: "time", range: time
  )
  /// How many frames at most.
  package let frames = OptionalSetting<Int>(
    "frames", "Colorize at most this many frames", range: .from(1), words: "all")
  /// Encoder, by FFmpeg's or its common name; nil for what the output's kind suggests.
  package let codec = OptionalSetting<String>(
    "codec", letter: "c", "x264, x265, svtav1, prores, dnxhr, ffv1, png, tiff or mjpeg",
    words: "the pipeline's for films, by the output's name for pictures")
  /// Constant rate factor of the encoder.
  package let crf = OptionalSetting<Double>(
    "crf",
    "Constant rate factor, for encoders that have one; lower values give better quality and larger files",
    range: .within(0...63), words: "the pipeline's or the encoder's")
  /// Preset of the encoder.
  package let preset = OptionalSetting<String>(
    "preset", "Preset, for encoders that have them, such as veryfast or slow",
    words: "the pipeline's or the encoder's")
  /// Options of the encoder's own, by FFmpeg's names.
  package let encoderOption = OptionalSetting<EncoderOptions>(
    "encoder-option", letter: "e",
    "An option of the encoder itself, such as tune=film or b=8M; may be repeated",
    value: "key=value", words: "none", overlay: { $0.overlaid(by: $1) })
  /// Pixel format of the output, by FFmpeg's name.
  package let pixelFormat = OptionalSetting<String>(
    "pixel-format", "Pixel format of the output, by FFmpeg's name",
    words: "the one that holds the source best")
  /// Container or stream format of the output.
  package let format = OptionalSetting<String>(
    "format", letter: "f", "Format of the output, by FFmpeg's name", words: "by the output's name")
  /// Format of the input where it can't be guessed.
  package let inputFormat = OptionalSetting<String>(
    "input-format", "Format of the input, by FFmpeg's name", words: "detected from the content")
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
    "What to do with audio; aac, opus and flac encode the streams that the container can't hold and copy the rest",
    standard: .copy)
  /// What becomes of subtitles, attachments, data and cover pictures.
  package let extras = SettingWithDefault<CopyMode>(
    "extras", "What to do with subtitles, attachments, data and cover pictures", standard: .copy)
  /// Processor threads for decoding, the network and pixels.
  package let threads = SettingWithDefault<Int>(
    "threads", letter: "t", "Number of processor threads", range: .within(threadRange),
    standard: min(threadRange.upperBound, ProcessInfo.processInfo.activeProcessorCount),
    words: "one per processor")
  /// Memory that frames in flight may take, in MB.
  package let memory = OptionalSetting<Int>(
    "memory", "Memory limit for frames in flight, in MB", range: .within(64...1_000_000),
    words: "\(Settings.Standard.memory), or more if the look-ahead needs it")

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
