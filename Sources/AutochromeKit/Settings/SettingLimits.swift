public import Colorization

/// What one setting may be, and what it is where nothing sets it. Checks, defaults and the help all take
/// them from here.
public struct SettingLimits<Value: Comparable & Sendable>: Sendable {
  /// The name of the option and the key of pipeline files.
  public let name: String
  public let range: ClosedRange<Value>
  /// What holds where nothing sets it, in words.
  private let standard: String?
  /// Whether the upper end is only there to bound arithmetic, and not worth telling.
  private let isOpen: Bool

  init(
    _ name: String, _ range: ClosedRange<Value>, standard: String? = nil, isOpen: Bool = false
  ) {
    self.name = name
    self.range = range
    self.standard = standard
    self.isOpen = isOpen
  }

  /// For the help: `64…1024; default: 160`.
  public var note: String {
    let least = settingWords(range.lowerBound)
    let ends = isOpen ? "from \(least)" : "\(least)…\(settingWords(range.upperBound))"
    return standard.map { "\(ends); default: \($0)" } ?? ends
  }

  /// - Throws: `AutochromeError` with status `usage` naming the setting, its value and its range.
  func check(_ value: Value?) throws(AutochromeError) {
    guard let value, !range.contains(value) else { return }
    throw AutochromeError(
      .usage,
      "--\(name) \(value) is outside of \(settingWords(range.lowerBound))…"
        + "\(settingWords(range.upperBound)).")
  }
}

/// A value for people: a whole number without its fraction.
func settingWords<Value>(_ value: Value) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

extension Settings {
  /// What holds where neither the command line nor the pipeline says anything.
  public enum Standard {
    public static let size = 160
    public static let saturation: Float = 1
    public static let stability: Float = 0.7
    public static let lookAhead = 16
    public static let keyFrames = KeyFrames.off
    public static let color = ColorMode.replace
    public static let bars = BarsMode.auto
    public static let refine = RefineMode.guided
    public static let audio = AudioMode.copy
    public static let extras = CopyMode.copy
    /// In MB.
    public static let memory = 600
    /// Of raw video, by FFmpeg's name.
    public static let rawPixelFormat = "gray"
    /// Frames per second of raw video and frame folders.
    public static let pictureRate = 24
  }

  /// The range and the default of each setting that is a number.
  public enum Limits {
    public static let size = SettingLimits("size", 64...1024, standard: settingWords(Standard.size))
    public static let temperature = SettingLimits<Float>(
      "temperature", 0.01...1, standard: "the model's own")
    public static let vividness = SettingLimits<Float>(
      "vividness", 0...1, standard: "the model's own")
    public static let saturation = SettingLimits<Float>(
      "saturation", 0...2, standard: settingWords(Standard.saturation))
    public static let stability = SettingLimits<Float>(
      "stability", 0...1, standard: settingWords(Standard.stability))
    public static let lookAhead = SettingLimits(
      "look-ahead", 0...16, standard: settingWords(Standard.lookAhead))
    public static let keyFrames = SettingLimits(
      "key-frames", 1...KeyFrames.most, standard: Standard.keyFrames.description)
    public static let frames = SettingLimits("frames", 1...Int.max, standard: "all", isOpen: true)
    public static let crf = SettingLimits(
      "crf", 0...63.0, standard: "the pipeline's or the encoder's")
    public static let threads = SettingLimits(
      "threads", 1...256, standard: "one for each processor")
    public static let memory = SettingLimits(
      "memory", 64...1_000_000,
      standard: "\(Standard.memory), or more where the look-ahead needs it")
    /// Seconds: what is far beyond any film, and still a time stamp in the finest clock.
    static let time = 0...1e9
  }
}
