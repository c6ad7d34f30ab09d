import Foundation
import Imaging
import Quality
import TestSupport
import Testing

@Suite("Color accuracy")
struct ColorAccuracyTests {
  private func image(_ colors: [SIMD2<Float>]) -> LabImage {
    LabImage(width: colors.count, height: 1, values: colors.map { SIMD3(50, $0.x, $0.y) })
  }

  private func randomColors(_ count: Int, seed: UInt64) -> [SIMD2<Float>] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      SIMD2(.random(in: -90...100, using: &generator), .random(in: -110...100, using: &generator))
    }
  }

  @Test func countsThresholdsThatAreMet() throws {
    // Distances 0, 5, 149.5 and 200: met by 151, 146, 1 and no thresholds.
    var accuracy = ColorAccuracy()
    try accuracy.add(
      reference: image([SIMD2(0, 0), SIMD2(0, 0), SIMD2(0, 0), SIMD2(0, 0)]),
      result: image([SIMD2(0, 0), SIMD2(3, -4), SIMD2(149.5, 0), SIMD2(0, 200)]))
    let area = try #require(accuracy.area)
    #expect(abs(area - (151 + 146 + 1 + 0) / 151.0 / 4) < 1e-12)
  }

  @Test func matchesTheDefinitionOnRandomColors() throws {
    let (wanted, found) = (randomColors(500, seed: 1), randomColors(500, seed: 2))
    let prior = (0..<313).map { exp(-Double($0 % 29) / 3) }
    var accuracy = ColorAccuracy()
    try accuracy.add(reference: image(wanted), result: image(found))
    // As the paper puts it, threshold by threshold.
    let smooth = ColorBins.smoothed(prior: prior)
    let weights = wanted.map { color -> Double in
      let distances = ColorBins.centers.map { center in
        ((center - color) * (center - color)).sum()
      }
      let nearest = distances.indices.min { distances[$0] < distances[$1] } ?? 0
      return 1 / smooth[nearest]
    }
    func area(_ weights: [Double]) -> Double {
      var sum = 0.0
      for threshold in 0...150 {
        for (index, weight) in weights.enumerated() {
          let difference = wanted[index] - found[index]
          let distance = (difference * difference).sum().squareRoot()
          // Rounding must not tell equal colors apart.
          if distance <= Float(threshold) + 1e-4 { sum += weight }
        }
      }
      return sum / weights.reduce(0, +) / 151
    }
    let plain = try #require(accuracy.area)
    let rebalanced = try #require(try accuracy.rebalancedArea(prior: prior))
    #expect(abs(plain - area([Double](repeating: 1, count: 500))) < 1e-9)
    #expect(abs(rebalanced - area(weights)) < 1e-9)
    #expect(abs(plain - rebalanced) > 1e-3, "the weights must matter")
  }

  @Test func picturesPool() throws {
    let (wanted, found) = (randomColors(300, seed: 3), randomColors(300, seed: 4))
    var whole = ColorAccuracy()
    try whole.add(reference: image(wanted), result: image(found))
    var first = ColorAccuracy()
    var second = ColorAccuracy()
    try first.add(reference: image(Array(wanted[..<100])), result: image(Array(found[..<100])))
    try second.add(reference: image(Array(wanted[100...])), result: image(Array(found[100...])))
    second.add(first)
    #expect(second == whole)
  }

  @Test func unusableInputsAreRefused() throws {
    var accuracy = ColorAccuracy()
    #expect(accuracy.area == nil)
    #expect(throws: QualityError.self) {
      try accuracy.add(reference: image([SIMD2(0, 0)]), result: image([SIMD2(0, 0), SIMD2(0, 0)]))
    }
    #expect(throws: QualityError.self) { try accuracy.rebalancedArea(prior: [1, 2]) }
    #expect(throws: QualityError.self) {
      try accuracy.rebalancedArea(prior: [Double](repeating: 0, count: 313))
    }
  }
}
