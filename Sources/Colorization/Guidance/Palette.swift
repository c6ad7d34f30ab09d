import Foundation
package import Imaging

/// The colors of a picture, without their places: how often each of the 313 bins occurs. As evidence, it is a
/// hint for the whole picture (Zhang et al. 2017, *Real-time user-guided image colorization*, global hints).
package struct Palette: Hashable, Sendable {
  /// How often each bin occurs; adds up to 1.
  package let shares: [Double]

  /// How much of the evidence counts. docs/decisions/0035-guidance-in-space.md has the figures.
  private static let strength = 0.6
  /// The share of the uniform distribution that stands for what the picture might have shown as well.
  private static let uniformShare = 0.3

  /// The palette of a picture.
  /// - Parameter ab: a and b, 2 × height × width, CIELAB units; what is no number is left out.
  /// - Throws: `ColorizationError.settingOutOfRange` if no color is left.
  package init(ab: FloatImage) throws(ColorizationError) {
    precondition(ab.channels == 2, "\(ab.channels) channels are not a and b")
    var counts = [Double](repeating: 0, count: ColorBins.count)
    let (a, b) = (ab.channel(0), ab.channel(1))
    for place in 0..<ab.area where a[place].isFinite && b[place].isFinite {
      counts[ColorBins.nearest(a: a[place], b: b[place])] += 1
    }
    withExtendedLifetime(ab) {}
    try self.init(shares: counts)
  }

  /// - Parameter shares: how often each of the 313 bins occurs; any sum.
  /// - Throws: `ColorizationError` if they are not 313 numbers, none negative, not all 0.
  package init(shares: [Double]) throws(ColorizationError) {
    guard shares.count == ColorBins.count else {
      throw .unexpectedCount(
        what: "a palette", expected: ColorBins.count, actual: shares.count)
    }
    let sum = shares.reduce(0, +)
    guard shares.allSatisfy({ $0 >= 0 }), sum > 0, sum.isFinite else {
      throw .settingOutOfRange(
        name: "a palette", expected: "non-negative numbers that are not all 0",
        actual: "\(shares.min() ?? 0)…\(shares.max() ?? 0)")
    }
    // What was divided once stays as it is, so that a palette is read as it was written.
    self.shares = abs(sum - 1) < 1e-9 ? shares : shares.map { $0 / sum }
  }

  /// The evidence for each bin: ln of how many times as often it occurs as in `prior`, both smoothed over
  /// neighbouring bins and mixed with the uniform distribution; nil for a uniform prior.
  func evidence(against prior: [Double]?) -> [Double] {
    let uniform = 1 / Double(ColorBins.count)
    func mixed(_ shares: [Double]) -> [Double] {
      ColorBins.smoothed(prior: shares).map {
        (1 - Self.uniformShare) * $0 + Self.uniformShare * uniform
      }
    }
    let usual = prior.map(mixed) ?? [Double](repeating: uniform, count: ColorBins.count)
    return zip(mixed(shares), usual).map { Self.strength * log($0 / $1) }
  }
}

extension Palette: Codable {
  /// Reads the 313 numbers.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let shares = try container.decode([Double].self)
    do { try self.init(shares: shares) } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(shares)
  }
}
