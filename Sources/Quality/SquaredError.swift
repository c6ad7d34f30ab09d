import Foundation
package import Imaging

/// Squared differences of 8-bit R′G′B′ codes, and the peak signal-to-noise ratio that follows:
/// 10·log₁₀(255² ÷ MSE), the mean taken over all pixels and channels of all pictures added.
package struct SquaredError: Hashable, Sendable {
  /// Added up over channels and pixels.
  package private(set) var sum = 0
  /// Channels × pixels.
  package private(set) var count = 0

  /// Of no pictures.
  package init() {}

  /// Adds a picture.
  /// - Throws: `QualityError.sizesDiffer`.
  package mutating func add(reference: RGBImage, result: RGBImage) throws(QualityError) {
    try Pair.check(
      reference: (reference.width, reference.height), result: (result.width, result.height))
    for (wanted, found) in zip(reference.codes, result.codes) {
      let difference = Int(wanted) - Int(found)
      sum += difference * difference
    }
    count += reference.codes.count
  }

  /// Adds other pictures.
  package mutating func add(_ other: SquaredError) {
    sum += other.sum
    count += other.count
  }

  /// In decibels; infinite where nothing differs, nil without pictures.
  package var peakSignalToNoiseRatio: Double? {
    guard count > 0 else { return nil }
    return 10 * log10(255 * 255 * Double(count) / Double(sum))
  }
}
