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

  @Test(arguments: [0.0, 0.6, 1], [0.0, 0.38, 0.5, 1])
  func annealedMeanOfTheTiltedDistribution(vividness: Double, temperature: Double) throws {
    let logits = values()
    let decoder = try DistributionDecoder(
      temperature: temperature, vividness: vividness, prior: prior, lambda: 0.5)
    let estimate = decoder.estimate(values: logits, geometry: geometry)
    #expect((estimate.width, estimate.height, estimate.ab.channels) == (3, 2, 2))
    let tilt = ColorBins.rebalancingWeights(prior: prior, lambda: 0.5)
    for y in 0..<2 {
      for x in 0..<3 {
        let raw = (0..<313).map { q in
          exp(Double(logits[(y * 4 + x) * 313 + q])) * pow(tilt[q], vividness - 1)
        }
        let p = raw.map { $0 / raw.reduce(0, +) }
        let top = p.max() ?? 0
        let weights = p.map { temperature == 0 ? ($0 == top ? 1 : 0) : pow($0, 1 / temperature) }
        let sum = weights.reduce(0, +)
        let a = zip(weights, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1.x) } / sum
        let b = zip(weights, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1.y) } / sum
        #expect(abs(Double(estimate.ab[0, x, y]) - a) < 0.01)
        #expect(abs(Double(estimate.ab[1, x, y]) - b) < 0.01)
        let entropy = -p.reduce(0) { $0 + $1 * log($1) }
        #expect(abs(Double(estimate.certainty[0, x, y]) - (1 - entropy / log(313))) < 1e-4)
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
    let a = fromLogits.estimate(values: logits, geometry: geometry)
    let b = fromProbabilities.estimate(values: probabilities, geometry: geometry)
    for y in 0..<2 {
      for x in 0..<3 {
        for c in 0..<2 { #expect(abs(a.ab[c, x, y] - b.ab[c, x, y]) < 1e-3) }
        #expect(abs(a.certainty[0, x, y] - b.certainty[0, x, y]) < 1e-5)
      }
    }
  }

  @Test func colorNetworksPassThrough() {
    var answer = (0..<32).map { Float($0) }
    (answer[2], answer[5]) = (.nan, .infinity)
    let estimate = CoarseEstimate(ab: answer, geometry: geometry)
    #expect(estimate.ab[0, 0, 0] == 0 && estimate.ab[1, 0, 0] == 1)
    #expect(estimate.ab[0, 2, 1] == 12 && estimate.ab[1, 2, 1] == 13)
    #expect(estimate.certainty[0, 2, 1] == 1)
    // What is no number is no color.
    for x in 1...2 {
      #expect(estimate.ab[0, x, 0] == 0 && estimate.ab[1, x, 0] == 0)
      #expect(estimate.certainty[0, x, 0] == 0)
    }
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
  }
}
