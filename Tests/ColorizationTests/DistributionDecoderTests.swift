import Colorization
import Foundation
import Imaging
import Testing

@Suite("Distribution decoder")
struct DistributionDecoderTests {
  /// 3 × 2 valid positions of a padded 4 × 4 grid.
  private let geometry = WorkingGeometry(width: 12, height: 8, shortSide: 8, stride: 16, scale: 4)
  private let prior = (0..<313).map { exp(-Double($0 % 17)) }

  /// Numbers that tell positions and bins apart.
  private func values() -> [Float] {
    (0..<4 * 4 * 313).map { Float(sin(Double($0) * 1.7) * 4) }
  }

  @Test func softmaxOfTheValidPartTiltedByTheWeights() throws {
    let logits = values()
    for vividness in [0, 0.6, 1] {
      let decoder = try DistributionDecoder(vividness: vividness, prior: prior, lambda: 0.5)
      let estimate = decoder.probabilities(values: logits, geometry: geometry)
      #expect((estimate.width, estimate.height, estimate.channels) == (3, 2, 313))
      #expect(estimate.channelStride == 320)
      let weights = ColorBins.rebalancingWeights(prior: prior, lambda: 0.5)
      for y in 0..<2 {
        for x in 0..<3 {
          let raw = (0..<313).map { q in
            exp(Double(logits[(y * 4 + x) * 313 + q])) * pow(weights[q], vividness - 1)
          }
          let sum = raw.reduce(0, +)
          let exact = raw.map { $0 / sum }
          for q in 0..<313 {
            #expect(abs(Double(estimate[q, x, y]) - exact[q]) < 1e-6)
          }
          let entropy = -exact.reduce(0) { $0 + $1 * log($1) }
          #expect(abs(Double(estimate.certainty[0, x, y]) - (1 - entropy / log(313))) < 1e-4)
        }
      }
    }
  }

  @Test func probabilitiesAreTakenAsSuch() throws {
    let logits = values()
    var probabilities = logits.map { exp($0) }
    for position in 0..<16 {
      let range = position * 313..<(position + 1) * 313
      let sum = probabilities[range].reduce(0, +)
      for q in range { probabilities[q] /= sum }
    }
    let fromLogits = try DistributionDecoder(vividness: 0.3, prior: prior)
    let fromProbabilities = try DistributionDecoder(
      vividness: 0.3, prior: prior, output: .probabilities)
    let a = fromLogits.probabilities(values: logits, geometry: geometry)
    let b = fromProbabilities.probabilities(values: probabilities, geometry: geometry)
    for y in 0..<2 {
      for x in 0..<3 {
        for q in 0..<313 { #expect(abs(a[q, x, y] - b[q, x, y]) < 1e-5) }
      }
    }
  }

  @Test(arguments: [0.0, 0.38, 0.5, 1]) func annealedMeanIsThatOfThePaper(temperature: Double)
    throws
  {
    let decoder = try DistributionDecoder(temperature: temperature)
    let estimate = decoder.probabilities(values: values(), geometry: geometry)
    let ab = try decoder.annealedMean(estimate)
    #expect((ab.width, ab.height, ab.channels) == (3, 2, 2))
    for y in 0..<2 {
      for x in 0..<3 {
        let p = (0..<313).map { Double(estimate[$0, x, y]) }
        let top = p.max() ?? 0
        let weights = p.map { temperature == 0 ? ($0 == top ? 1 : 0) : pow($0, 1 / temperature) }
        let sum = weights.reduce(0, +)
        let a = zip(weights, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1.x) } / sum
        let b = zip(weights, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1.y) } / sum
        #expect(abs(Double(ab[0, x, y]) - a) < 0.01 && abs(Double(ab[1, x, y]) - b) < 0.01)
      }
    }
  }

  @Test func colorNetworksPassThrough() throws {
    let answer = (0..<32).map { Float($0) }
    let estimate = CoarseEstimate(ab: answer, unit: 2, geometry: geometry)
    let ab = try DistributionDecoder().annealedMean(estimate)
    #expect(ab[0, 0, 0] == 0 && ab[1, 0, 0] == 2)
    #expect(ab[0, 2, 1] == 24 && ab[1, 2, 1] == 26)
    #expect(estimate.certainty[0, 2, 1] == 1)
  }

  @Test func badSettingsAreNamed() throws {
    #expect(throws: ColorizationError.self) { try DistributionDecoder(temperature: 1.5) }
    #expect(throws: ColorizationError.self) { try DistributionDecoder(vividness: .nan) }
    #expect(
      throws: ColorizationError.unexpectedCount(what: "the prior", expected: 313, actual: 3)
    ) { try DistributionDecoder(prior: [1, 2, 3]) }
    #expect(throws: ColorizationError.self) {
      try DistributionDecoder(prior: [Double](repeating: 0, count: 313))
    }
    let odd = CoarseEstimate(width: 1, height: 1, channels: 3) { values, certainty in
      values.update(repeating: 0, count: 3)
      certainty[0] = 0
    }
    #expect(throws: ColorizationError.unsupportedChannels(actual: 3)) {
      try DistributionDecoder().annealedMean(odd)
    }
  }
}
