import Yams

/// A set of settings of which each may be absent: a pipeline file, or the options given on the
/// command line. Layers are laid over each other; what none of them sets takes the default.
///
/// The settings, `layer.size` for example, are those of `SettingsCatalog`; nil where one is not set.
@dynamicMemberLookup
package struct SettingsLayer: Hashable, Sendable {
  /// One sentence on what the pipeline is for; only for people.
  package var description: String?
  private var values: [String: AnyValue] = [:]

  private static let descriptionKey = SettingKey(stringValue: "description")

  /// A layer that sets nothing.
  package init() {}

  /// The names that a pipeline file may set.
  package static var names: [String] {
    [descriptionKey.stringValue] + SettingsCatalog.all.map(\.name)
  }

  /// What the layer sets; nil where it is silent.
  package subscript<Value, Resolved>(
    dynamicMember path: KeyPath<SettingsCatalog, Setting<Value, Resolved>>
  ) -> Value? {
    get { self[SettingsCatalog.shared[keyPath: path]] }
    set { self[SettingsCatalog.shared[keyPath: path]] = newValue }
  }

  subscript<Value, Resolved>(setting: Setting<Value, Resolved>) -> Value? {
    get { values[setting.name]?.value as? Value }
    set { values[setting.name] = newValue.map { AnyValue(value: $0) } }
  }

  /// The value of a setting, whatever its type.
  private struct AnyValue: Hashable, Sendable {
    let value: any SettingValue

    static func == (one: AnyValue, other: AnyValue) -> Bool {
      AnyHashable(one.value) == AnyHashable(other.value)
    }

    func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
  }

  /// Reads a pipeline file.
  /// - Throws: `AutochromeError` with status `usage`, naming the file and the key.
  package init(yaml: String, file: String) throws(AutochromeError) {
    let node: Node?
    do {
      node = try YAMLTree.compose(yaml)
    } catch {
      throw AutochromeError(.usage, "Pipeline '\(file)' is not valid YAML: \(Self.oneLine(error)).")
    }
    guard let node else {
      self.init()
      return
    }
    guard let mapping = node.mapping else {
      throw AutochromeError(.usage, "Pipeline '\(file)' is not a mapping ('name: value' lines).")
    }
    let known = Set(Self.names)
    for key in mapping.keys where !known.contains(key.string ?? "") {
      throw AutochromeError(
        .usage,
        "Pipeline '\(file)' sets '\(key.string ?? "?")', which is not a setting; expected one of "
          + Self.names.joined(separator: ", ") + ".")
    }
    for (key, value) in mapping where value.scalar?.string.isEmpty == true {
      throw AutochromeError(
        .usage,
        "Pipeline '\(file)' gives no value for '\(key.string ?? "?")'; put values that begin with # in quotes, as in "
          + "from: \"#1234\".")
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
        .usage, "Pipeline '\(file)' has a value of the wrong type: \(Self.oneLine(error)).")
    }
  }

  /// This layer with `other` laid over it.
  package func overlaid(by other: SettingsLayer) -> SettingsLayer {
    var result = self
    result.description = other.description ?? description
    for setting in SettingsCatalog.all { setting.overlay(&result, by: other) }
    return result
  }

  /// An error of a decoder for people.
  static func said(_ error: any Error) -> String {
    if case DecodingError.dataCorrupted(let context) = error {
      return ((context.codingPath.last?.stringValue).map { $0 + ": " } ?? "")
        + context.debugDescription
    }
    if case DecodingError.typeMismatch(_, let context) = error {
      return (context.codingPath.last?.stringValue).map { "of '\($0)'" } ?? context.debugDescription
    }
    return oneLine(error)
  }

  static func oneLine(_ error: any Error) -> String {
    "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

extension SettingsLayer: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: SettingKey.self)
    description = try container.decodeIfPresent(String.self, forKey: Self.descriptionKey)
    for setting in SettingsCatalog.all {
      try setting.decode(from: container, .pipeline(setting), into: &self)
    }
  }
}
