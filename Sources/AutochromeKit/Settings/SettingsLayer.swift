public import Colorization
import Yams

/// A set of settings of which each may be absent: a pipeline file, or the options given on the
/// command line. Layers are laid over each other; what none of them sets takes the default.
///
/// The coding keys are the long names of the options and the keys of pipeline files.
public struct SettingsLayer: Codable, Hashable, Sendable {
  /// One sentence on what the pipeline is for; only for people.
  public var description: String?
  /// A shipped network by name, or an ONNX file by path.
  public var model: String?
  /// `onnx` back end: `onednn` or `openblas`.
  public var backend: String?
  /// Arithmetic of the network: `int8`, `bf16`, `fp32`, or `auto` for the fastest that serves.
  public var precision: String?
  /// Short side of the picture that the network sees, in samples.
  public var size: Int?
  /// Temperature of the annealed mean, above 0, up to 1.
  public var temperature: Float?
  /// 0 (as accurate as the network can) … 1 (as colorful as it can).
  public var vividness: Float?
  /// Factor on the chroma, 0…2.
  public var saturation: Float?
  /// 0 (each frame for itself) … 1.
  public var stability: Float?
  /// Frames that the temporal stage may look ahead; 0 is causal.
  public var lookAhead: Int?
  /// The greatest distance between frames that the network sees, or off.
  public var keyFrames: KeyFrames?
  /// A file that lists where shots begin, in place of finding them.
  public var cuts: String?
  /// What becomes of frames that are in color already.
  public var color: ColorMode?
  /// What becomes of black bars around the picture.
  public var bars: BarsMode?
  /// How chroma gets to full resolution.
  public var refine: RefineMode?
  /// The first wanted frame; nil from the start.
  public var from: TimePosition?
  /// The first frame that is not wanted any more; nil to the end.
  public var to: TimePosition?
  /// How many frames at most.
  public var frames: Int?
  /// Encoder, by FFmpeg's or its common name.
  public var codec: String?
  /// Constant rate factor of the encoder.
  public var crf: Double?
  /// Preset of the encoder.
  public var preset: String?
  /// Options of the encoder's own, by FFmpeg's names.
  public var encoderOption: EncoderOptions?
  /// Pixel format of the output, by FFmpeg's name.
  public var pixelFormat: String?
  /// Container or stream format of the output.
  public var format: String?
  /// Format of the input where it can't be guessed.
  public var inputFormat: String?
  /// Width×height of raw video on stdin.
  public var inputSize: String?
  /// Pixel format of raw video on stdin, by FFmpeg's name.
  public var inputPixelFormat: String?
  /// Frames per second of raw video and of frame folders, as a number or a ratio.
  public var inputRate: String?
  /// What becomes of the audio.
  public var audio: AudioMode?
  /// What becomes of subtitles, attachments, data and cover pictures.
  public var extras: CopyMode?
  /// Processor threads for decoding, the network and pixels.
  public var threads: Int?
  /// Memory that frames in flight may take, in MB.
  public var memory: Int?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case description, model, backend, precision, size, temperature, vividness, saturation
    case stability
    case lookAhead = "look-ahead"
    case keyFrames = "key-frames"
    case cuts, color, bars, refine, from, to, frames, codec, crf, preset
    case encoderOption = "encoder-option"
    case pixelFormat = "pixel-format"
    case format
    case inputFormat = "input-format"
    case inputSize = "input-size"
    case inputPixelFormat = "input-pixel-format"
    case inputRate = "input-rate"
    case audio, extras, threads, memory
  }

  /// A layer that sets nothing.
  public init() {}

  /// The names that a pipeline file may set.
  public static var names: [String] { CodingKeys.allCases.map(\.rawValue) }

  /// Reads a pipeline file.
  /// - Throws: `AutochromeError` with status `usage`, naming the file and the key.
  public init(yaml: String, file: String) throws(AutochromeError) {
    let node: Node?
    do {
      node = try Yams.compose(yaml: yaml)
    } catch {
      throw AutochromeError(.usage, "Pipeline '\(file)' is not valid YAML: \(Self.oneLine(error)).")
    }
    guard let node else {
      self.init()
      return
    }
    guard let mapping = node.mapping else {
      throw AutochromeError(.usage, "Pipeline '\(file)' is not a list of 'name: value' lines.")
    }
    let known = Set(Self.names)
    for key in mapping.keys where !known.contains(key.string ?? "") {
      throw AutochromeError(
        .usage,
        "Pipeline '\(file)' sets '\(key.string ?? "?")', which is no setting; there are "
          + Self.names.joined(separator: ", ") + ".")
    }
    for (key, value) in mapping where value.scalar?.string.isEmpty == true {
      throw AutochromeError(
        .usage,
        "Pipeline '\(file)' gives '\(key.string ?? "?")' no value; what begins with a # stands in quotes, "
          + "as in from: \"#1234\".")
    }
    do {
      self = try YAMLDecoder().decode(Self.self, from: yaml)
    } catch let DecodingError.dataCorrupted(context) {
      throw AutochromeError(
        .usage,
        "Pipeline '\(file)': \((context.codingPath.last?.stringValue).map { $0 + ": " } ?? "")"
          + "\(context.debugDescription).")
    } catch {
      throw AutochromeError(
        .usage, "Pipeline '\(file)' has a value of the wrong kind: \(Self.oneLine(error)).")
    }
  }

  /// This layer with `other` laid over it.
  public func overlaid(by other: SettingsLayer) -> SettingsLayer {
    func pick<T>(_ path: KeyPath<SettingsLayer, T?>) -> T? {
      other[keyPath: path] ?? self[keyPath: path]
    }
    var result = SettingsLayer()
    result.description = pick(\.description)
    result.model = pick(\.model)
    result.backend = pick(\.backend)
    result.precision = pick(\.precision)
    result.size = pick(\.size)
    result.temperature = pick(\.temperature)
    result.vividness = pick(\.vividness)
    result.saturation = pick(\.saturation)
    result.stability = pick(\.stability)
    result.lookAhead = pick(\.lookAhead)
    result.keyFrames = pick(\.keyFrames)
    result.cuts = pick(\.cuts)
    result.color = pick(\.color)
    result.bars = pick(\.bars)
    result.refine = pick(\.refine)
    result.from = pick(\.from)
    result.to = pick(\.to)
    result.frames = pick(\.frames)
    result.codec = pick(\.codec)
    result.crf = pick(\.crf)
    result.preset = pick(\.preset)
    result.encoderOption =
      encoderOption.map { $0.overlaid(by: other.encoderOption) } ?? other.encoderOption
    result.pixelFormat = pick(\.pixelFormat)
    result.format = pick(\.format)
    result.inputFormat = pick(\.inputFormat)
    result.inputSize = pick(\.inputSize)
    result.inputPixelFormat = pick(\.inputPixelFormat)
    result.inputRate = pick(\.inputRate)
    result.audio = pick(\.audio)
    result.extras = pick(\.extras)
    result.threads = pick(\.threads)
    result.memory = pick(\.memory)
    return result
  }

  private static func oneLine(_ error: any Error) -> String {
    "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

/// What becomes of streams that are not colorized.
public enum CopyMode: String, Codable, CaseIterable, Sendable {
  /// Their packets are copied.
  case copy
  /// They are left out.
  case none
}

/// What becomes of the audio.
public enum AudioMode: String, Codable, CaseIterable, Sendable {
  /// Its packets are copied; what the container can't hold ends the job.
  case copy
  /// It is left out.
  case none
  /// Copied where the container holds it, else encoded as AAC.
  case aac
  /// Copied where the container holds it, else encoded as Opus.
  case opus
  /// Copied where the container holds it, else encoded as FLAC, without loss.
  case flac
}
