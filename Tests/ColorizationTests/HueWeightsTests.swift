import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// Evidence on hues, from the weights to the estimate.
@Suite struct HueWeightsTests {
  private let geometry = WorkingGeometry(width: 80, height: 64, shortSide: 64, stride: 16, scale: 4)
  private let prior = (0..<313).map { exp(-Double($0 % 17)) }

  private func color(_ angle: Double, chroma: Double = 40) -> (a: Double, b: Double) {
    (chroma * cos(angle * .pi / 180), chroma * sin(angle * .pi / 180))
  }

  private func weight(_ weights: HueWeights, _ angle: Double, chroma: Double = 40) -> Double {
    let (a, b) = color(angle, chroma: chroma)
    return weights.weight(a: a, b: b)
  }

  /// Logits of all positions, with a few likely bins in each.
  private func logits(_ generator: inout SeededGenerator) -> [Float] {
    var values = generator.floats(
      geometry.paddedGridWidth * geometry.paddedGridHeight * 313, in: -3...3)
    for start in stride(from: 0, to: values.count, by: 313) {
      for _ in 0..<3 { values[start + Int.random(in: 0..<313, using: &generator)] += 6 }
    }
    return values
  }

  private func colors(_ estimate: CoarseEstimate) -> [SIMD2<Float>] {
    (0..<estimate.area).map { index in
      let (x, y) = (index % estimate.width, index / estimate.width)
      return SIMD2(estimate.ab[0, x, y], estimate.ab[1, x, y])
    }
  }

  private func angle(_ color: SIMD2<Float>) -> Double {
    let angle = Double(atan2(color.y, color.x)) * 180 / .pi
    return angle < 0 ? angle + 360 : angle
  }

  private func chroma(_ color: SIMD2<Float>) -> Float { (color * color).sum().squareRoot() }

  @Test func aRangeHoldsAroundItsCenterAndMeetsTheNextHalfWay() {
    let weights = HueWeights([.red: 0, .green: 3, .purple: 0.5])
    for angle in [15.5, 30, 37] { #expect(weight(weights, angle) == 0) }
    for angle in [52.6, 60, 92, 102, 195, 270] { #expect(abs(weight(weights, angle) - 1) < 1e-9) }
    for angle in [125.0, 135, 149] { #expect(abs(weight(weights, angle) - 3) < 1e-9) }
    #expect(abs(weight(weights, 45) - 0.5) < 1e-9)
    #expect(abs(weight(weights, 113.5) - 2) < 1e-9)
    // From purple to red, over 0°.
    #expect(abs(weight(weights, 0) - 0.25) < 1e-9 && abs(weight(weights, 360) - 0.25) < 1e-9)
    #expect(abs(weight(weights, 344) - 0.5) < 1e-9)
  }

  @Test func weightsHaveNoSteps() {
    var generator = SeededGenerator()
    let weights = HueWeights(
      Dictionary(
        uniqueKeysWithValues: HueRange.allCases.map {
          ($0, Float.random(in: 0...4, using: &generator))
        }))
    for tenth in 0..<3600 {
      let (one, next) = (Double(tenth) / 10, Double(tenth + 1) / 10)
      #expect(abs(weight(weights, one) - weight(weights, next)) < 0.06, "seed \(generator.seed)")
    }
    for range in HueRange.allCases {
      #expect(abs(weight(weights, range.center) - Double(weights[range])) < 1e-9)
      // Towards gray all weights go to 1.
      let along = (0...40).map { abs(weight(weights, range.center, chroma: Double($0)) - 1) }
      #expect(along[0] == 0 && zip(along, along.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(along[20] == along[40])
    }
  }

  @Test(arguments: [DistributionDecoder.Output.logits, .probabilities])
  func theEstimateIsThatOfTheWeightedDistribution(output: DistributionDecoder.Output) throws {
    var generator = SeededGenerator()
    let weights = HueWeights(
      Dictionary(
        uniqueKeysWithValues: HueRange.allCases.map { ($0, generator.pick([0, 0.3, 1, 2.5, 4])) }))
    let temperature = Double.random(in: 0.3...1, using: &generator)
    let vividness = Double.random(in: 0...1, using: &generator)
    var values = logits(&generator)
    let estimate = try DistributionDecoder(
      temperature: temperature, vividness: vividness, prior: prior, hues: weights
    )
    .estimate(values: values, geometry: geometry)
    let tilt = ColorBins.rebalancingWeights(prior: prior, lambda: 0.5)
    for y in 0..<estimate.height {
      for x in 0..<estimate.width {
        let start = (y * geometry.paddedGridWidth + x) * 313
        let raw = ColorBins.centers.enumerated().map { q, center in
          exp(Double(values[start + q])) * pow(tilt[q], vividness - 1)
            * weights.weight(a: Double(center.x), b: Double(center.y))
        }
        let p = raw.map { $0 / raw.reduce(0, +) }
        let annealed = p.map { pow($0, 1 / temperature) }
        let sum = annealed.reduce(0, +)
        let a = zip(annealed, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1.x) } / sum
        let b = zip(annealed, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1.y) } / sum
        let entropy = -p.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }
        #expect(
          abs(Double(estimate.ab[0, x, y]) - a) < 0.02
            && abs(Double(estimate.ab[1, x, y]) - b) < 0.02
            && abs(Double(estimate.certainty[0, x, y]) - (1 - entropy / log(313))) < 1e-4,
          "\(weights), T \(temperature), seed \(generator.seed)")
      }
    }
    guard output == .probabilities else { return }
    for index in values.indices { values[index] = exp(values[index]) }
    let other = try DistributionDecoder(
      temperature: temperature, vividness: vividness, prior: prior, hues: weights, output: output
    ).estimate(values: values, geometry: geometry)
    for (one, other) in zip(colors(estimate), colors(other)) {
      #expect(chroma(one - other) < 0.02, "seed \(generator.seed)")
    }
  }

  /// The mode is a bin, so that it shows which ones there are.
  @Test(arguments: HueRange.allCases) func whatIsExcludedIsNowhere(range: HueRange) throws {
    var generator = SeededGenerator()
    let values = logits(&generator)
    func modes(_ hues: HueWeights) throws -> [SIMD2<Float>] {
      colors(
        try DistributionDecoder(temperature: 0, hues: hues)
          .estimate(values: values, geometry: geometry))
    }
    func count(_ colors: [SIMD2<Float>]) -> Int {
      colors.count { color in
        let distance = abs(angle(color) - range.center)
        return chroma(color) >= 20 && min(distance, 360 - distance) < 7
      }
    }
    let usual = try modes(HueWeights())
    let excluded = try modes(HueWeights([range: 0]))
    #expect(count(excluded) == 0, "seed \(generator.seed)")
    // All else is as it was.
    for (one, other) in zip(usual, excluded) where one != other {
      #expect(HueWeights([range: 0]).weight(a: Double(one.x), b: Double(one.y)) < 1)
    }
    let favored = try modes(HueWeights([range: 4]))
    #expect(count(favored) >= count(usual))
  }

  /// A red of which the network is sure becomes the next likely color, not a duller red.
  @Test func whatWasLessLikelyTakesThePlaceOfWhatIsExcluded() throws {
    var values = [Float](
      repeating: -10, count: geometry.paddedGridWidth * geometry.paddedGridHeight * 313)
    for start in stride(from: 0, to: values.count, by: 313) {
      values[start + ColorBins.nearest(a: 50, b: 30)] = 4
      values[start + ColorBins.nearest(a: -30, b: 30)] = 1
    }
    let usual = try DistributionDecoder().estimate(values: values, geometry: geometry)
    let without = try DistributionDecoder(hues: HueWeights([.red: 0]))
      .estimate(values: values, geometry: geometry)
    #expect(usual.ab[0, 0, 0] > 49 && abs(usual.ab[1, 0, 0] - 30) < 1)
    #expect(abs(without.ab[0, 0, 0] + 30) < 1 && abs(without.ab[1, 0, 0] - 30) < 1)
  }

  @Test func weightsOfOneGiveTheSameBits() throws {
    var generator = SeededGenerator()
    let values = logits(&generator)
    let ones = HueWeights(
      Dictionary(uniqueKeysWithValues: HueRange.allCases.map { ($0, Float(1)) }))
    #expect(ones.areNeutral && HueWeights().areNeutral && !HueWeights([.red: 0.9]).areNeutral)
    let one = try DistributionDecoder(vividness: 0.3, prior: prior)
      .estimate(values: values, geometry: geometry)
    let other = try DistributionDecoder(vividness: 0.3, prior: prior, hues: ones)
      .estimate(values: values, geometry: geometry)
    #expect(colors(one) == colors(other), "seed \(generator.seed)")
    for y in 0..<one.height {
      for x in 0..<one.width { #expect(one.certainty[0, x, y] == other.certainty[0, x, y]) }
    }
  }

  @Test func ofAllExcludedWhatIsNearGrayRemains() throws {
    var generator = SeededGenerator()
    var values = logits(&generator)
    // As far away as logits get.
    for start in stride(from: 0, to: values.count, by: 313) {
      values[start + ColorBins.nearest(a: 0, b: 0)] = -200
    }
    let none = HueWeights(
      Dictionary(uniqueKeysWithValues: HueRange.allCases.map { ($0, Float(0)) }))
    for temperature in [0, 0.38, 0.5, 1] {
      let estimate = try DistributionDecoder(
        temperature: temperature, vividness: 0.5, prior: prior, hues: none
      ).estimate(values: values, geometry: geometry)
      for color in colors(estimate) {
        #expect(chroma(color) < 14.5, "\(color), seed \(generator.seed)")
      }
    }
  }

  @Test(arguments: [-0.1, 4.1, Float.nan, .infinity]) func wrongWeightsAreNamed(weight: Float) {
    let error = #expect(throws: ColorizationError.self) {
      try DistributionDecoder(hues: HueWeights([.cyan: weight]))
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("cyan") && text.contains("0…4"), "\(text)")
  }
}
