/// What the value of a setting is: read from pipeline files, written to reports, compared.
package typealias SettingValue = Codable & Hashable & Sendable

/// A setting that has a default.
package typealias SettingWithDefault<Value: SettingValue> = Setting<Value, Value>

/// A setting that may stay open: nothing stands for it, or what is known only later.
package typealias OptionalSetting<Value: SettingValue> = Setting<Value, Value?>

/// One setting, described once: its option, its key in pipeline files and in reports, its range, its default
/// and its help all come from here.
///
/// `Value` is what layers may hold, `Resolved` what a job gets.
package struct Setting<Value: SettingValue, Resolved: Sendable>: Sendable {
  /// The long name of the option and the key of pipeline files, such as `look-ahead`.
  package let name: String
  /// The short name of the option.
  package let letter: Character?
  /// What the help calls the value; nil for the name.
  package let valueName: String?
  /// What it is, for the help, without range, default and full stop.
  let summary: String
  let range: SettingRange<Value>?
  /// What holds where nobody says anything.
  let standard: Value?
  /// The same in words.
  let standardWords: String?
  /// A value laid over another.
  private let overlay: @Sendable (Value, Value) -> Value
  /// What a job gets of what layers set.
  let resolve: @Sendable (Value?) -> Resolved
  /// What a layer sets for a job to get that.
  let unresolve: @Sendable (Resolved) -> Value?

  /// - Parameters:
  ///   - standard: the default.
  ///   - words: how the help says the default, if not by its value.
  init(
    _ name: String, letter: Character? = nil, _ summary: String, value valueName: String? = nil,
    range: SettingRange<Value>? = nil, standard: Value, words: String? = nil
  ) where Resolved == Value {
    self.name = name
    self.letter = letter
    self.summary = summary
    self.valueName = valueName
    self.range = range
    self.standard = standard
    standardWords = words ?? settingWords(standard)
    overlay = { $1 }
    resolve = { $0 ?? standard }
    unresolve = { $0 }
  }

  /// - Parameters:
  ///   - words: what holds where nobody says anything, for the help.
  ///   - overlay: how the second value is laid over the first; it takes its place where nothing is said.
  init(
    _ name: String, letter: Character? = nil, _ summary: String, value valueName: String? = nil,
    range: SettingRange<Value>? = nil, words: String? = nil,
    overlay: @escaping @Sendable (Value, Value) -> Value = { $1 }
  ) where Resolved == Value? {
    self.name = name
    self.letter = letter
    self.summary = summary
    self.valueName = valueName
    self.range = range
    standard = nil
    standardWords = words
    self.overlay = overlay
    resolve = { $0 }
    unresolve = { $0 }
  }

  /// What the help says, with range and default.
  package var help: String {
    let ends = range?.told
    let note = [ends, standardWords.map { "default: \($0)" }].compactMap { $0 }
    guard !note.isEmpty else { return summary + "." }
    return summary + (ends == nil ? "; " : ": ") + note.joined(separator: "; ") + "."
  }

  /// The ends of the range, such as `64…1024`; empty where there are none.
  var ends: String { range?.words ?? "" }

  /// Whether a value lies in the range.
  func allows(_ value: Value) -> Bool { range?.contains(value) ?? true }
}

/// The values that a setting may have.
struct SettingRange<Value: Sendable>: Sendable {
  /// The ends.
  let words: String
  /// What the help says of them; nil where they are only there to bound arithmetic.
  let told: String?
  /// The ends as numbers, if they are.
  var bounds: ClosedRange<Double>?
  let contains: @Sendable (Value) -> Bool

  /// What `measure` gives lies in `range`; of values of which it gives nil nothing is demanded.
  static func within<Bound: Comparable & Sendable>(
    _ range: ClosedRange<Bound>, of measure: @escaping @Sendable (Value) -> Bound?,
    isTold: Bool = true
  ) -> SettingRange {
    let words = "\(settingWords(range.lowerBound))…\(settingWords(range.upperBound))"
    return SettingRange(words: words, told: isTold ? words : nil, bounds: numbers(of: range)) {
      measure($0).map(range.contains) ?? true
    }
  }

  static func within(_ range: ClosedRange<Value>) -> SettingRange where Value: Comparable {
    within(range, of: { $0 })
  }

  /// Each of what `parts` gives lies in `range`.
  static func ofEach<Bound: Comparable & Sendable>(
    _ range: ClosedRange<Bound>, in parts: @escaping @Sendable (Value) -> [Bound]
  ) -> SettingRange {
    let words = "\(settingWords(range.lowerBound))…\(settingWords(range.upperBound))"
    return SettingRange(words: words, told: words, bounds: numbers(of: range)) {
      parts($0).allSatisfy(range.contains)
    }
  }

  private static func numbers<Bound>(of range: ClosedRange<Bound>) -> ClosedRange<Double>? {
    guard let low = Double("\(range.lowerBound)"), let high = Double("\(range.upperBound)") else {
      return nil
    }
    return low...high
  }

  /// Values from `least` on.
  static func from(_ least: Value) -> SettingRange where Value: FixedWidthInteger {
    let range = least...Value.max
    return SettingRange(
      words: "\(range.lowerBound)…\(range.upperBound)", told: "from \(least)",
      contains: { range.contains($0) })
  }
}

/// A value for people: a whole number without its fraction.
func settingWords<Value>(_ value: Value) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A setting, whatever its values are: what is done with all of them alike.
package protocol AnySetting: Sendable {
  var name: String { get }
  var help: String { get }
  /// What the reference says of it.
  var reference: SettingReference { get }
  /// The ends of its range, if they are numbers.
  var bounds: ClosedRange<Double>? { get }
  /// Sets what `other` sets.
  func overlay(_ layer: inout SettingsLayer, by other: SettingsLayer)
  /// Sets the default where nothing is set.
  func complete(_ layer: inout SettingsLayer)
  /// - Throws: `AutochromeError` with status `usage` naming the setting, its value and its range.
  func check(_ layer: SettingsLayer) throws(AutochromeError)
  /// Sets what stands under `key`; nothing where there is none.
  func decode(
    from container: KeyedDecodingContainer<SettingKey>, _ key: SettingKey,
    into layer: inout SettingsLayer) throws
  /// Writes the value under `key`; nothing where there is none.
  func encode(
    _ layer: SettingsLayer, to container: inout KeyedEncodingContainer<SettingKey>,
    _ key: SettingKey) throws
}

extension Setting: AnySetting {
  package var bounds: ClosedRange<Double>? { range?.bounds }

  package func overlay(_ layer: inout SettingsLayer, by other: SettingsLayer) {
    guard let over = other[self] else { return }
    layer[self] = layer[self].map { overlay($0, over) } ?? over
  }

  package func complete(_ layer: inout SettingsLayer) { layer[self] = layer[self] ?? standard }

  package func check(_ layer: SettingsLayer) throws(AutochromeError) {
    guard let value = layer[self], !allows(value) else { return }
    throw AutochromeError(.usage, "--\(name) \(value) is outside of \(ends).")
  }

  package func decode(
    from container: KeyedDecodingContainer<SettingKey>, _ key: SettingKey,
    into layer: inout SettingsLayer
  ) throws {
    layer[self] = try container.decodeIfPresent(Value.self, forKey: key)
  }

  package func encode(
    _ layer: SettingsLayer, to container: inout KeyedEncodingContainer<SettingKey>,
    _ key: SettingKey
  ) throws {
    try container.encodeIfPresent(layer[self], forKey: key)
  }
}

/// A setting in a pipeline file or a report.
package struct SettingKey: CodingKey {
  package let stringValue: String
  package var intValue: Int? { nil }

  package init(stringValue: String) { self.stringValue = stringValue }

  package init?(intValue: Int) { nil }

  /// The key of pipeline files.
  static func pipeline(_ setting: any AnySetting) -> SettingKey {
    SettingKey(stringValue: setting.name)
  }

  /// The key of reports, which are spelled as JSON usually is: `lookAhead`.
  static func report(_ setting: any AnySetting) -> SettingKey {
    let words = setting.name.split(separator: "-")
    let tail = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return SettingKey(stringValue: words.prefix(1).joined() + tail.joined())
  }
}
