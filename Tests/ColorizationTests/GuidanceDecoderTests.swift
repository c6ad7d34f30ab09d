import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

@Suite("Guidance: evidence in the decoder") struct GuidanceDecoderTests {
  /// 5 × 2 valid places of a padded 8 × 4 grid.
  private let geometry = WorkingGeometry(width: 20, height: 8, shortSide: 8, stride: 16, scale: 4)
  private let weights: [Float] = [0, 1, 0.5, 0.004, 0.95]

  /// Row 0 is guided by `weights`, row 1 not at all.
  private var guidance: GuidanceField {
    GuidanceField(
      ab: FloatImage(width: 5, height: 2, channels: 2) { out in
        for place in 0..<10 { (out[place], out[10 + place]) = (43.3, -27.7) }
      },
      weight: FloatImage(width: 5, height: 2) { out in
        for x in 0..<5 { (out[x], out[5 + x]) = (weights[x], 0) }
      })
  }

  private func values(_ random: inout SeededGenerator) -> [Float] {
    random.floats(8 * 4 * 313, in: -4...4)
  }

  @Test func whatIsNotGuidedStaysBitForBit() throws {
    var random = SeededGenerator()
    let logits = values(&random)
    let decoder = try DistributionDecoder()
    let plain = decoder.estimate(values: logits, geometry: geometry)
    let guided = try decoder.estimate(values: logits, geometry: geometry, guidance: guidance)
    for (x, y) in [(0, 0)] + (0..<5).map({ ($0, 1) }) {
      for c in 0..<2 {
        #expect(
          guided.ab[c, x, y].bitPattern == plain.ab[c, x, y].bitPattern, "seed \(random.seed)")
      }
      #expect(guided.certainty[0, x, y].bitPattern == plain.certainty[0, x, y].bitPattern)
    }
    #expect(guided.ab[0, 1, 0] == 43.3 && guided.ab[1, 1, 0] == -27.7)
    #expect(guided.certainty[0, 1, 0] == 1)
  }

  /// Against the formula, in double precision.
  @Test(arguments: [false, true]) func evidenceIsAddedToTheLogits(areProbabilities: Bool) throws {
    var random = SeededGenerator()
    let logits = values(&random)
    let decoder = try DistributionDecoder(
      temperature: 0.38, output: areProbabilities ? .probabilities : .logits)
    let given = areProbabilities ? logits.map { exp($0) } : logits
    let guided = try decoder.estimate(values: given, geometry: geometry, guidance: guidance)
    for x in 1..<5 {
      let beta = Double(weights[x])
      let log = (0..<313).map { q in
        let (da, db) = (
          Double(ColorBins.centers[q].x) - 43.3, Double(ColorBins.centers[q].y) + 27.7
        )
        return Double(logits[x * 313 + q]) - beta * (da * da + db * db) / (2 * 12 * 12)
      }
      let top = log.max() ?? 0
      let annealed = log.map { exp(($0 - top) / 0.38) }
      let sum = annealed.reduce(0, +)
      for (c, wanted) in [(0, 43.3), (1, -27.7)] {
        let mean =
          zip(annealed, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1[c]) } / sum
        let expected = mean * (1 - beta * beta) + wanted * beta * beta
        #expect(abs(Double(guided.ab[c, x, 0]) - expected) < 0.01, "seed \(random.seed), x \(x)")
      }
      let p = log.map { exp($0 - top) }
      let total = p.reduce(0, +)
      let entropy = -p.reduce(0) { $0 + $1 / total * Foundation.log(max($1 / total, 1e-30)) }
      let certainty = 1 - entropy / Foundation.log(313)
      let raised = certainty + (1 - certainty) * beta * beta
      #expect(abs(Double(guided.certainty[0, x, 0]) - raised) < 1e-3)
    }
  }

  @Test func aPlaceThatTheNetworkFailsAtTakesTheHint() throws {
    var logits = [Float](repeating: 0, count: 8 * 4 * 313)
    for q in 0..<2 * 313 { logits[q] = .nan }
    let guided = try DistributionDecoder().estimate(
      values: logits, geometry: geometry, guidance: guidance)
    #expect(guided.ab[0, 0, 0] == 0 && guided.certainty[0, 0, 0] == 0)
    #expect(guided.ab[0, 1, 0] == 43.3 && guided.certainty[0, 1, 0] == 1)
  }

  @Test func colorsAloneAreBlended() throws {
    let answer = [Float](repeating: 10, count: 8 * 4 * 2)
    let estimate = CoarseEstimate(ab: answer, geometry: geometry)
    let guided = try estimate.guided(by: guidance)
    #expect(guided.ab[0, 0, 0] == 10 && guided.ab[0, 2, 1] == 10)
    #expect(guided.ab[0, 1, 0] == 43.3 && guided.ab[1, 1, 0] == -27.7)
    #expect(abs(guided.ab[0, 2, 0] - (10 + 43.3) / 2) < 1e-4)
  }

  @Test func anotherSizeIsRefused() throws {
    let logits = [Float](repeating: 0, count: 8 * 4 * 313)
    let other = GuidanceField(emptyOfWidth: 4, height: 2)
    #expect(throws: ColorizationError.self) {
      try DistributionDecoder().estimate(values: logits, geometry: geometry, guidance: other)
    }
    #expect(throws: ColorizationError.self) {
      try CoarseEstimate(blankOfWidth: 5, height: 2).guided(by: other)
    }
  }
}
