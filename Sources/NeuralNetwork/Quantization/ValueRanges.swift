import Foundation

/// Between which numbers each array of a network lies on the pictures that are to come, as found by
/// ``Calibration``: what 8 bits are to be spread over.
///
/// A model carries them in its metadata property ``property``, as JSON:
///
///     {"frames":300,"rule":"mse","values":{"relu1":[0,3.25]},"version":1,"weights":"9ae1…"}
///
/// `values` holds the least and the largest number to be told apart, by the names of the values in the
/// file; `weights` is a digest of the constants that they were recorded with.
package struct ValueRanges: Sendable, Equatable, Codable {
  /// The metadata property.
  package static let property = "autochrome.ranges"
  /// The version of the property's form that is written and read.
  package static let currentVersion = 1

  /// From where to where.
  package struct Range: Sendable, Equatable, Codable {
    package let low: Float
    package let high: Float

    /// - Parameters:
    ///   - low: not above `high`.
    ///   - high: neither is infinite.
    package init(low: Float, high: Float) {
      (self.low, self.high) = (low, high)
    }

    /// Reads two numbers.
    package init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      low = try list.decode(Float.self)
      high = try list.decode(Float.self)
      guard list.isAtEnd, low <= high, low.isFinite, high.isFinite else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "no range"))
      }
    }

    /// Writes two numbers.
    package func encode(to encoder: any Encoder) throws {
      var list = encoder.unkeyedContainer()
      try list.encode(low)
      try list.encode(high)
    }
  }

  /// The version of the property's form.
  package let version: Int
  /// A digest of the weights that the ranges were recorded with.
  package let weights: String
  /// How the ends were chosen.
  package let rule: RangeRule
  /// How many inputs were seen.
  package let frames: Int
  /// By the names of the network's values.
  package let values: [String: Range]

  /// Ranges in the current version.
  package init(weights: String, rule: RangeRule, frames: Int, values: [String: Range]) {
    version = Self.currentVersion
    self.weights = weights
    self.rule = rule
    self.frames = frames
    self.values = values
  }

  /// The text of the property.
  package func text() throws(NetworkError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
      throw NetworkError(.malformed, "the ranges can't be written (\(error))")
    }
  }

  /// Those that a model carries.
  /// - Throws: when it has none, in another version, or recorded with other weights: the error says how
  ///   to make them.
  static func of(_ model: Model) throws(NetworkError) -> ValueRanges {
    guard let text = model.metadata[property] else {
      throw NetworkError(
        .noRanges, file: model.name,
        "int8 needs the ranges of the network's values, which the file does not contain; \(remedy)")
    }
    let found: ValueRanges
    do { found = try JSONDecoder().decode(ValueRanges.self, from: Data(text.utf8)) } catch {
      throw NetworkError(
        .malformed, file: model.name, at: "property \"\(property)\"",
        "it is not a list of ranges; \(remedy)")
    }
    guard found.version == currentVersion else {
      throw NetworkError(
        .unsupported, file: model.name, at: "property \"\(property)\"",
        "its version is \(found.version), expected \(currentVersion); \(remedy)")
    }
    guard found.weights == model.weightDigest else {
      throw NetworkError(
        .noRanges, file: model.name, at: "property \"\(property)\"",
        "the ranges were recorded with other weights; \(remedy)")
    }
    return found
  }

  private static let remedy =
    "record them with 'autochrome model calibrate MODEL PICTURES -o OUT', or choose bf16 or fp32"
}

extension Model {
  /// Whether it carries ranges of its weights, so that it can run in int8.
  package var isFitForInt8: Bool { fittingRanges != nil }

  /// Its ranges; nil where it has none of its weights.
  var fittingRanges: ValueRanges? {
    do throws(NetworkError) { return try ValueRanges.of(self) } catch { return nil }
  }

  /// A digest of all constants: FNV-1a over 64-bit words, in the order of their names.
  package var weightDigest: String {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: UInt64) { digest = (digest ^ word) &* 0x100_0000_01B3 }
    for (name, tensor) in graph.constants.sorted(by: { $0.key < $1.key }) {
      for byte in name.utf8 { add(UInt64(byte)) }
      for extent in tensor.shape { add(UInt64(extent)) }
      tensor.withUnsafeBytes { bytes in
        let whole = bytes.count / 8
        for index in 0..<whole {
          add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
        }
        for byte in bytes[(8 * whole)...] { add(UInt64(byte)) }
      }
    }
    return String(digest, radix: 16)
  }
}
