/// How many of some trials came out one way, and between which shares the truth lies, in percent.
package struct Proportion: Codable, Hashable, Sendable {
  /// Trials that came out this way.
  package let count: Int
  /// All trials.
  package let total: Int
  /// `count` of `total` in percent; 0 of no trials.
  package let share: Double
  /// The lower end of the 95 % interval, in percent.
  package let low: Double
  /// The upper end of the 95 % interval, in percent.
  package let high: Double

  /// The quantile of the normal distribution that leaves 2.5 % above it.
  private static let quantile = 1.959963984540054

  /// The interval is Wilson's (*Probable inference, the law of succession, and statistical inference*, Journal of the
  /// American Statistical Association 22, 1927): unlike share ± 1.96 deviations, it holds for few trials and for shares
  /// near 0 and 100 %. It takes trials as independent of each other.
  ///
  /// - Precondition: 0 ≤ `count` ≤ `total`.
  package init(_ count: Int, of total: Int) {
    precondition(0 <= count && count <= total, "\(count) of \(total)")
    self.count = count
    self.total = total
    guard total > 0 else {
      (share, low, high) = (0, 0, 100)
      return
    }
    let (n, p) = (Double(total), Double(count) / Double(total))
    let square = Self.quantile * Self.quantile
    let center = (p + square / (2 * n)) / (1 + square / n)
    let half =
      Self.quantile * (p * (1 - p) / n + square / (4 * n * n)).squareRoot() / (1 + square / n)
    share = 100 * p
    // Where all or none came out this way, one end is the share itself.
    low = 100 * max(0, min(p, center - half))
    high = 100 * min(1, max(p, center + half))
  }
}
