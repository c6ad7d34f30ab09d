import Foundation
import Media

/// The settings of a job, complete and checked: `settings.size` for example is that of `SettingsCatalog`.
/// What depends on the model (temperature, vividness) or on the output (codec) stays optional here and is
/// resolved when that is known.
@dynamicMemberLookup
package struct Settings: Hashable, Sendable {
  /// The name or path of the pipeline that was taken.
  package var pipeline: String
  private var values: SettingsLayer
  /// The encoder settings come from the pipeline file, not from the command line: they give way to
  /// what the output can hold.
  var codecIsDefault: Bool
  /// Those of `crf` and `preset` that the command line sets: they act, or are refused.
  var namedEncoderOptions: [String]
  /// The encoder's own options come from the pipeline file too.
  var encoderOptionIsDefault: Bool

  /// What holds.
  package subscript<Value, Resolved>(
    dynamicMember path: KeyPath<SettingsCatalog, Setting<Value, Resolved>>
  ) -> Resolved {
    get {
      let setting = SettingsCatalog.shared[keyPath: path]
      return setting.resolve(values[setting])
    }
    set {
      let setting = SettingsCatalog.shared[keyPath: path]
      values[setting] = setting.unresolve(newValue)
    }
  }

  /// The name of the default network.
  package static let defaultModel = "autochrome"

  /// Lays `options` over the pipeline that they name (or that suits the input) and checks all.
  /// - Throws: `AutochromeError` with status `usage` naming the setting, its value and its range.
  package init(
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
    if let path = options.shots ?? base.shots {
      base = base.overlaid(by: try ShotsFile(contentsOf: path).filmLook)
    }
    if let rate = options.encoderOption?.rateOfItsOwn {
      guard options.crf == nil else {
        throw AutochromeError(
          .usage, "--crf and the encoder option \(rate) both set the rate; give one of them.")
      }
      base.crf = nil
    }
    try self.init(pipeline: name, layer: base.overlaid(by: options))
    if let wanted = options.keyFrames, wanted.distance > 1, self.stability == 0 {
      throw AutochromeError(
        .usage,
        "--key-frames \(wanted) requires a --stability above 0, because the temporal stage carries colors between key "
          + "frames.")
    }
    codecIsDefault = options.codec == nil
    let catalog = SettingsCatalog.shared
    namedEncoderOptions = [
      options.crf.map { _ in catalog.crf.name }, options.preset.map { _ in catalog.preset.name },
    ].compactMap { $0 }
    encoderOptionIsDefault = options.encoderOption == nil
  }

  private init(pipeline: String, layer: SettingsLayer) throws(AutochromeError) {
    self.pipeline = pipeline
    values = layer
    values.description = nil
    for setting in SettingsCatalog.all { setting.complete(&values) }
    codecIsDefault = true
    namedEncoderOptions = []
    encoderOptionIsDefault = true
    if self.stability == 0 { self.keyFrames = .off }
    try check()
  }

  /// The encoder settings that do not come from the pipeline file: where no encoder is, they have no effect.
  package var ownEncoderOptions: [String] {
    let catalog = SettingsCatalog.shared
    return (codecIsDefault ? [] : [catalog.codec.name]) + namedEncoderOptions
      + (encoderOptionIsDefault ? [] : [catalog.encoderOption.name])
  }

  /// The same where nothing but the pictures is read.
  package var ofPicturesAlone: Settings {
    var result = self
    result.audio = .none
    result.extras = .none
    return result
  }

  /// The same without what limits the film to a part of it.
  var ofWholeFilm: Settings {
    var result = self
    (result.from, result.to, result.frames) = (nil, nil, nil)
    return result
  }

  /// The two sides of a size such as 640x480.
  /// - Throws: `AutochromeError` that names `option`.
  package static func parseSize(
    _ text: String, option: String
  ) throws(AutochromeError) -> (width: Int, height: Int) {
    let sides = text.lowercased().split(separator: "x").compactMap { Int($0) }
    guard sides.count == 2, sides.allSatisfy({ $0 > 0 }) else {
      throw AutochromeError(.usage, "\(option) '\(text)' does not have the form WIDTHxHEIGHT.")
    }
    return (sides[0], sides[1])
  }

  /// These settings with what a layer sets laid over them.
  func overlaid(by layer: SettingsLayer) -> Settings {
    var result = self
    result.values = values.overlaid(by: layer)
    return result
  }

  private func check() throws(AutochromeError) {
    for setting in SettingsCatalog.all { try setting.check(values) }
    if self.shots != nil, self.cuts != nil {
      throw AutochromeError(
        .usage, "--shots and --cuts both say where shots begin; give one of them.")
    }
    let (from, to) = (self.from, self.to)
    let isEmpty =
      switch (from?.position ?? 0, to?.position) {
      case (.seconds(let from), .seconds(let to)): to <= from
      case (.frame(let from), .frame(let to)): to <= from
      case (_, .frame(0)): true
      default: false
      }
    if isEmpty, let to {
      throw AutochromeError(
        .usage,
        "--to \(to) must be later than --from \(from ?? 0); otherwise there is no frame to colorize."
      )
    }
  }
}

extension Settings: Codable {
  private enum CodingKeys: CodingKey {
    case pipeline, codecIsDefault, namedEncoderOptions, encoderOptionIsDefault
  }

  package init(from decoder: any Decoder) throws {
    let origins = try decoder.container(keyedBy: CodingKeys.self)
    pipeline = try origins.decode(String.self, forKey: .pipeline)
    codecIsDefault = try origins.decode(Bool.self, forKey: .codecIsDefault)
    namedEncoderOptions = try origins.decode([String].self, forKey: .namedEncoderOptions)
    encoderOptionIsDefault = try origins.decode(Bool.self, forKey: .encoderOptionIsDefault)
    values = SettingsLayer()
    let container = try decoder.container(keyedBy: SettingKey.self)
    for setting in SettingsCatalog.all {
      try setting.decode(from: container, .report(setting), into: &values)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var origins = encoder.container(keyedBy: CodingKeys.self)
    try origins.encode(pipeline, forKey: .pipeline)
    try origins.encode(codecIsDefault, forKey: .codecIsDefault)
    try origins.encode(namedEncoderOptions, forKey: .namedEncoderOptions)
    try origins.encode(encoderOptionIsDefault, forKey: .encoderOptionIsDefault)
    var container = encoder.container(keyedBy: SettingKey.self)
    for setting in SettingsCatalog.all {
      try setting.encode(values, to: &container, .report(setting))
    }
  }
}
