import Media

/// Options of an encoder by FFmpeg's names. In a pipeline file they are a mapping (`tune: film`) or a
/// list of `key=value`.
package struct EncoderOptions: Codable, Hashable, Sendable, CustomStringConvertible {
  /// Values by name.
  package private(set) var values: [String: String] = [:]

  /// From `key=value` each.
  /// - Throws: `AutochromeError` with status `usage` for what is not `key=value`.
  package init(_ pairs: [String]) throws(AutochromeError) {
    for pair in pairs {
      guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
        throw AutochromeError(
          .usage, "The encoder option '\(pair)' does not have the form KEY=VALUE.")
      }
      set(String(pair[..<sign]), String(pair[pair.index(after: sign)...]))
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode([String].self))
    } catch is DecodingError {
      try self.init(container.decode([String: String].self).map { "\($0.key)=\($0.value)" })
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }

  /// Strings of options such as `x264-params` add up.
  private mutating func set(_ key: String, _ value: String) {
    if key.hasSuffix("-params"), let given = values[key] {
      values[key] = given + ":" + value
    } else {
      values[key] = value
    }
  }

  /// These with `other` laid over them.
  func overlaid(by other: EncoderOptions?) -> EncoderOptions {
    var result = self
    for (key, value) in other?.values ?? [:] { result.set(key, value) }
    return result
  }

  /// The option that sets the rate in place of a constant rate factor, if there is one.
  var rateOfItsOwn: String? {
    SinkOptions.ratesInPlaceOfCRF.intersection(values.keys).sorted().first
  }

  package var description: String {
    values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }
}
