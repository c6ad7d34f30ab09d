import Foundation

/// Which of the colorings that a sampling network may give: the same numbers give the same one.
package struct SampleDraw: Hashable, Sendable {
  /// Of the random numbers.
  package var seed: UInt64
  /// Which of the samples of that seed, from 0.
  package var sample: Int
  /// By which logits are divided: 1 draws from the network's own distribution, 0 takes the mode.
  package var temperature: Float

  /// Wraps its parts.
  package init(seed: UInt64 = 0, sample: Int = 0, temperature: Float = 1) {
    (self.seed, self.sample, self.temperature) = (seed, sample, temperature)
  }

  /// The random number for a channel of a position, uniform in 0..<1: SplitMix64 (Steele, Lea and Flood 2014) at
  /// the counter sample·2³² + 2·position + channel, so that it depends on nothing else.
  /// - Parameters:
  ///   - position: row × width + column of the small picture.
  ///   - channel: 0 for Cr, 1 for Cb.
  package func uniform(position: Int, channel: Int) -> Double {
    let counter = UInt64(truncatingIfNeeded: sample) << 32 &+ UInt64(position * 2 + channel)
    var z = seed &+ 0x9E37_79B9_7F4A_7C15 &* (counter &+ 1)
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-53
  }

  /// The level that a number in 0..<1 chooses, by the inverse of the cumulative distribution in double precision:
  /// the first k whose cumulated probability is above it.
  /// - Returns: nil if a logit is no number.
  package func level(of logits: UnsafeBufferPointer<Float>, uniform: Double) -> Int? {
    guard let most = Self.largest(logits) else { return nil }
    guard temperature > 0 else { return logits.firstIndex(of: Float(most)) }
    func weight(_ logit: Float) -> Double { exp((Double(logit) - most) / Double(temperature)) }
    let wanted = uniform * logits.reduce(0) { $0 + weight($1) }
    var sum = 0.0
    for (level, logit) in logits.enumerated() {
      sum += weight(logit)
      if sum > wanted { return level }
    }
    return logits.count - 1
  }

  /// The natural logarithm of the probability of a level in the network's own distribution.
  /// - Returns: nil if a logit is no number.
  package static func logProbability(
    of level: Int, logits: UnsafeBufferPointer<Float>
  ) -> Double? {
    guard let most = largest(logits) else { return nil }
    return Double(logits[level]) - most - log(logits.reduce(0) { $0 + exp(Double($1) - most) })
  }

  private static func largest(_ logits: UnsafeBufferPointer<Float>) -> Double? {
    guard let most = logits.max(), logits.allSatisfy(\.isFinite) else { return nil }
    return Double(most)
  }
}

extension Look {
  /// Which coloring a sampling network gives in this look.
  package func draw(of network: ColorNetworkDescription) -> SampleDraw {
    SampleDraw(
      seed: UInt64(bitPattern: Int64(seed ?? 0)), sample: sample ?? 0,
      temperature: temperature(of: network))
  }
}
