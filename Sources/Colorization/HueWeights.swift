import Foundation

/// A range of hues by its name. Its center is an angle in the plane of a\* and b\*, where people see it:
/// skin lies at 45…65°, leaves at 110…130°, the sky at 235…275°.
package enum HueRange: String, Codable, CaseIterable, Sendable {
  case red
  case orange
  case yellow
  case green
  case cyan
  case blue
  /// With magenta.
  case purple

  /// The hue angle of the middle, in degrees.
  package var center: Double {
    switch self {
    case .red: 30
    case .orange: 60
    case .yellow: 92
    case .green: 135
    case .cyan: 195
    case .blue: 270
    case .purple: 330
    }
  }
}

/// What is known of the hues in a picture, as evidence: how many times as likely a hue is as the network
/// takes it to be. 0 excludes it, 1 says nothing, more favors it.
///
/// A range holds in full around its center, half of the way to where it meets the next one; from there, one
/// goes over smoothly into the other. Colors near gray have no hue to speak of: their weight goes to 1.
package struct HueWeights: Hashable, Sendable {
  /// What a weight may be.
  package static let allowed: ClosedRange<Float> = 0...4
  /// The chroma from which a color has the whole weight of its hue.
  private static let wholeChroma = 20.0
  /// The evidence against what is excluded: beyond all logits, and finite.
  private static let excluded = -10_000.0

  /// The weights that are given; the others are 1.
  package var values: [HueRange: Float]

  /// Weights of some ranges; none says nothing.
  package init(_ values: [HueRange: Float] = [:]) { self.values = values }

  /// The weight of a range.
  package subscript(range: HueRange) -> Float { values[range] ?? 1 }

  /// Whether they say nothing.
  package var areNeutral: Bool { values.values.allSatisfy { $0 == 1 } }

  /// These, and where `other` says something, that.
  package func overlaid(by other: HueWeights) -> HueWeights {
    HueWeights(values.merging(other.values) { $1 })
  }

  /// The weight of a color, between those of the ranges that it lies in and 1.
  package func weight(a: Double, b: Double) -> Double {
    let chroma = (a * a + b * b).squareRoot()
    return 1 + (weight(angle: atan2(b, a) * 180 / .pi) - 1) * smoothStep(chroma / Self.wholeChroma)
  }

  /// The logarithm of a color's weight, finite even where that is 0.
  func evidence(a: Double, b: Double) -> Double {
    let weight = weight(a: a, b: b)
    return weight > 1e-6 ? log(weight) : Self.excluded
  }

  private func weight(angle: Double) -> Double {
    // Around the circle, the first range comes after the last.
    let ranges = HueRange.allCases
    let angle = (angle - ranges[0].center + 720).truncatingRemainder(dividingBy: 360)
    let starts = ranges.map { $0.center - ranges[0].center } + [360]
    let index = starts.lastIndex { $0 <= angle } ?? 0
    let fraction = (angle - starts[index]) / (starts[index + 1] - starts[index])
    let (one, next) = (
      Double(self[ranges[index]]), Double(self[ranges[(index + 1) % ranges.count]])
    )
    return one + (next - one) * smoothStep(2 * fraction - 0.5)
  }

  /// - Throws: `ColorizationError.settingOutOfRange` that names the first weight that is not allowed.
  func check() throws(ColorizationError) {
    for range in HueRange.allCases where !Self.allowed.contains(self[range]) {
      throw .settingOutOfRange(
        name: "the weight of \(range)", expected: "a number in 0…4", actual: "\(self[range])")
    }
  }
}

extension HueWeights: Codable {
  /// Reads a mapping such as `red: 0.5`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    func wrong(_ problem: String) -> DecodingError {
      .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
    }
    let given: [String: Float]
    do {
      given = try container.decode([String: Float].self)
    } catch is DecodingError {
      throw wrong("hues must be a mapping of names to weights, such as {red: 0.5, green: 1.5}")
    }
    values = [:]
    for (name, weight) in given {
      guard let range = HueRange(rawValue: name) else { throw wrong(HueRange.unknown(name)) }
      values[range] = weight
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(
      Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) }))
  }
}

extension HueRange {
  /// What is to say of a name that is none, without a full stop.
  package static func unknown(_ name: String) -> String {
    "'\(name)' is not a range of hues; expected one of "
      + allCases.map(\.rawValue).joined(separator: ", ")
  }
}

extension HueWeights: CustomStringConvertible {
  /// As on the command line: `red=0.5,green=2`.
  package var description: String {
    HueRange.allCases.compactMap { range in
      values[range].map { weight in
        "\(range)=" + (Int(exactly: weight).map { "\($0)" } ?? "\(weight)")
      }
    }
    .joined(separator: ",")
  }
}
