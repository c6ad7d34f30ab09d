import Foundation

extension SettingsLayer {
  /// The options of the program that set what the layer sets, such as `--warmth=-3`.
  /// - Throws: `EncodingError` for a value that is no JSON.
  package func optionWords() throws -> [String] {
    let values = try JSONDecoder().decode(
      [String: ShotValue].self, from: JSONEncoder().encode(AllSettings(layer: self)))
    return SettingsCatalog.all.flatMap { setting -> [String] in
      switch values[setting.name] {
      case .mapping(let parts)?:
        parts.sorted { $0.key < $1.key }.flatMap {
          ["--\(setting.name)=\($0.key)=\($0.value.optionWord)"]
        }
      case let value?: ["--\(setting.name)=\(value.optionWord)"]
      case nil: []
      }
    }
  }

  private struct AllSettings: Encodable {
    let layer: SettingsLayer

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: SettingKey.self)
      for setting in SettingsCatalog.all {
        try setting.encode(layer, to: &container, .pipeline(setting))
      }
    }
  }
}

extension ShotValue {
  /// The value of an option.
  fileprivate var optionWord: String {
    if case .text(let text) = self { text } else { yaml }
  }
}
