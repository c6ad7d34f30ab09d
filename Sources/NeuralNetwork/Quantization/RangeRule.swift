/// How the range of a value follows from the numbers that it took.
package enum RangeRule: String, Sendable, CaseIterable, Codable {
  /// From the least to the largest number.
  case max
  /// Such that one number in 10,000 lies beyond.
  case percentile
  /// Such that the mean square of the error, rounding and clipping together, is least.
  case mse
}
