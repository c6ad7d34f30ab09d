import Foundation
import Imaging
import Testing

@Suite("Color bins")
struct ColorBinsTests {
  private let prior = (0..<313).map { exp(-Double($0 % 29) / 3) }

  @Test func areThe313InPublishedOrder() {
    #expect(ColorBins.count == 313)
    #expect(ColorBins.centers[0] == SIMD2(-90, 50))
    #expect(ColorBins.centers[4] == SIMD2(-90, 90))
    #expect(ColorBins.centers[5] == SIMD2(-80, 20))
    #expect(ColorBins.centers[312] == SIMD2(100, 0))
    #expect(ColorBins.centers.contains(SIMD2(0, 0)))
    #expect(Set(ColorBins.centers.map { "\($0)" }).count == 313)
    for (before, after) in zip(ColorBins.centers, ColorBins.centers.dropFirst()) {
      #expect(before.x < after.x || (before.x == after.x && before.y < after.y))
    }
  }

  @Test func everyCenterIsItsOwnNearest() {
    for (bin, center) in ColorBins.centers.enumerated() {
      #expect(ColorBins.nearest(a: center.x + 4.9, b: center.y - 4.9) == bin || bin > 0)
      #expect(ColorBins.nearest(a: center.x, b: center.y) == bin)
    }
  }

  @Test func theNearestIsTheFirstOfTheNearestOnes() {
    // Borders of cells and places outside of all cells included.
    for a in stride(from: Float(-130), through: 130, by: 2.5) {
      for b in stride(from: Float(-130), through: 130, by: 2.5) {
        let distances = ColorBins.centers.map { center in
          let difference = center - SIMD2(a, b)
          return (difference * difference).sum()
        }
        let first = distances.firstIndex(of: distances.min() ?? 0)
        #expect(ColorBins.nearest(a: a, b: b) == first, "(\(a), \(b))")
      }
    }
  }

  @Test func softEncodingIsAGaussianOverTheFiveNearest() {
    // (3, 0) has its bin (0, 0), then (10, 0), (0, ±10), (−10, 0) at distances 3, 7, √109, 13 …;
    // of these the nearest five are (0,0), (10,0), (0,10), (0,−10), (10,±10) at √149 > √109.
    let shares = ColorBins.softEncoding(a: 3, b: 0)
    let centers = shares.map { ColorBins.centers[$0.bin] }
    #expect(shares.count == 5)
    #expect(centers[0] == SIMD2(0, 0) && centers[1] == SIMD2(10, 0))
    #expect(Set(centers[2...3].map { $0.y }) == [-10, 10])
    let weights = centers.map { exp(-Double((($0 - SIMD2(3, 0)) * ($0 - SIMD2(3, 0))).sum()) / 50) }
    let sum = weights.reduce(0, +)
    for (share, weight) in zip(shares, weights) {
      #expect(abs(Double(share.weight) - weight / sum) < 1e-6)
    }
    #expect(abs(shares.map(\.weight).reduce(0, +) - 1) < 1e-6)
  }

  @Test func farColorsStillHaveAnEncoding() {
    let shares = ColorBins.softEncoding(a: 500, b: 500)
    #expect(abs(shares.map(\.weight).reduce(0, +) - 1) < 1e-6)
  }

  @Test func smoothingMatchesTheDirectSum() {
    let smooth = ColorBins.smoothed(prior: prior)
    var direct = [Double](repeating: 0, count: 313)
    for q in 0..<313 {
      for r in 0..<313 {
        let d = ColorBins.centers[q] - ColorBins.centers[r]
        direct[q] += prior[r] * exp(-Double(d.x * d.x + d.y * d.y) / 50)
      }
    }
    let sum = direct.reduce(0, +)
    #expect(abs(smooth.reduce(0, +) - 1) < 1e-12)
    for q in 0..<313 { #expect(abs(smooth[q] - direct[q] / sum) < 1e-12) }
  }

  @Test(arguments: [0, 0.5, 1]) func weightsAverageToOne(lambda: Double) {
    let smooth = ColorBins.smoothed(prior: prior)
    let weights = ColorBins.rebalancingWeights(prior: prior, lambda: lambda)
    #expect(abs(zip(smooth, weights).reduce(0) { $0 + $1.0 * $1.1 } - 1) < 1e-12)
    // w is proportional to the inverse of the mixture.
    let products = zip(smooth, weights).map { ((1 - lambda) * $0 + lambda / 313) * $1 }
    for product in products { #expect(abs(product / products[0] - 1) < 1e-9) }
  }
}
