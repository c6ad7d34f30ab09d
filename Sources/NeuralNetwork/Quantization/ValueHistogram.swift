/// How often a value took each number, to the precision of bf16: enough to choose a range from, and
/// the same whatever the order of the pictures.
struct ValueHistogram {
  /// By the upper half of the number's bits.
  private var counts = [UInt64](repeating: 0, count: 1 << 16)
  private(set) var low = Float.infinity
  private(set) var high = -Float.infinity
  private(set) var isFinite = true

  mutating func add(_ numbers: UnsafeBufferPointer<Float>) {
    var (least, largest) = (low, high)
    counts.withUnsafeMutableBufferPointer { counts in
      for number in numbers {
        counts[Int(number.bitPattern >> 16)] += 1
        least = min(least, number)
        largest = max(largest, number)
      }
    }
    (low, high) = (least, largest)
    let exponent = UInt32(0x7F80)
    isFinite =
      isFinite
      && !counts.indices.contains {
        UInt32($0) & exponent == exponent && counts[$0] > 0
      }
  }

  /// The range by a rule; nil without numbers or when any is not finite.
  func range(_ rule: RangeRule) -> ValueRanges.Range? {
    guard isFinite, low <= high else { return nil }
    let (signed, magnitudes) = (low < 0, magnitudes())
    let largest = max(-low, high)
    let limit: Float
    switch rule {
    case .max: limit = largest
    case .percentile: limit = min(largest, Self.percentile(magnitudes, beyond: 1e-4))
    case .mse:
      limit = min(
        largest, Self.leastError(magnitudes, largest: largest, steps: signed ? 127 : 255))
    }
    // A maximum with 0 gives 0 or −0, by the instructions that take it; the file says 0.
    return ValueRanges.Range(low: max(low, -limit) + 0, high: min(high, limit) + 0)
  }

  /// The numbers' magnitudes with their counts, the smallest first.
  private func magnitudes() -> [(magnitude: Float, count: Double)] {
    (0..<(1 << 15)).compactMap { index in
      let count = counts[index] + counts[index | 1 << 15]
      guard count > 0 else { return nil }
      // The middle of what shares the upper half; zero is zero.
      let bits = UInt32(index) << 16 | (index == 0 ? 0 : 1 << 15)
      return (Float(bitPattern: bits), Double(count))
    }
  }

  private static func percentile(
    _ magnitudes: [(magnitude: Float, count: Double)], beyond share: Double
  ) -> Float {
    var left = magnitudes.reduce(0) { $0 + $1.count } * share
    for (magnitude, count) in magnitudes.reversed() {
      left -= count
      if left < 0 { return magnitude }
    }
    return 0
  }

  /// The limit of least mean square error among 100 of them: s²/12 for what is rounded to steps of s,
  /// all of it for what rounds to 0, the distance from the limit for what lies beyond.
  private static func leastError(
    _ magnitudes: [(magnitude: Float, count: Double)], largest: Float, steps: Float
  ) -> Float {
    var best = (limit: largest, error: Double.infinity)
    for hundredth in (1...100).reversed() {
      let limit = largest * Float(hundredth) / 100
      let step = Double(limit / steps)
      var error = 0.0
      for (magnitude, count) in magnitudes {
        let number = Double(magnitude)
        let distance =
          magnitude > limit
          ? (number - Double(limit)) * (number - Double(limit))
          : number < step / 2 ? number * number : step * step / 12
        error += count * distance
      }
      if error < best.error { best = (limit, error) }
    }
    return best.limit
  }
}
