import Foundation
import Imaging
import Quality
import Testing

/// Figures against their definitions, written out the slow way.
@Suite("Figures on pictures")
struct PictureFigureTests {
  private let reference = randomImage(width: 23, height: 17, seed: 5)
  private let result = randomImage(width: 23, height: 17, seed: 6)

  @Test func peakSignalToNoiseRatioIsThatOfTheMeanSquaredError() throws {
    var error = SquaredError()
    #expect(error.peakSignalToNoiseRatio == nil)
    try error.add(reference: reference, result: reference)
    #expect(error.peakSignalToNoiseRatio == .infinity)
    try error.add(reference: reference, result: result)
    let squares = zip(reference.codes, result.codes).map { pow(Double($0) - Double($1), 2) }
    let mean = squares.reduce(0, +) / Double(2 * squares.count)
    let ratio = try #require(error.peakSignalToNoiseRatio)
    #expect(abs(ratio - 10 * log10(65025 / mean)) < 1e-9)
  }

  @Test func aDifferenceOfOneEverywhereIs48Decibels() throws {
    var error = SquaredError()
    try error.add(
      reference: RGBImage(width: 2, height: 1, codes: [9, 9, 9, 9, 9, 9]),
      result: RGBImage(width: 2, height: 1, codes: [8, 10, 8, 10, 8, 10]))
    #expect(abs((error.peakSignalToNoiseRatio ?? 0) - 48.1308) < 1e-4)
  }

  @Test func structuralSimilarityMatchesTheDefinition() throws {
    func direct(_ x: RGBImage, _ y: RGBImage) -> Double {
      var weights: [[Double]] = []
      for v in -5...5 { weights.append((-5...5).map { exp(-Double($0 * $0 + v * v) / 4.5) }) }
      let total = weights.joined().reduce(0, +)
      var (sum, count) = (0.0, 0)
      for channel in 0..<3 {
        for top in 0...x.height - 11 {
          for left in 0...x.width - 11 {
            var (mx, my, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for v in 0..<11 {
              for u in 0..<11 {
                let weight = weights[v][u] / total
                let at = ((top + v) * x.width + left + u) * 3 + channel
                let (p, q) = (Double(x.codes[at]), Double(y.codes[at]))
                mx += weight * p
                my += weight * q
                xx += weight * p * p
                yy += weight * q * q
                xy += weight * p * q
              }
            }
            let (c1, c2) = (6.5025, 58.5225)
            sum +=
              (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
              / ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2))
            count += 1
          }
        }
      }
      return sum / Double(count)
    }
    let found = try StructuralSimilarity.of(reference: reference, result: result)
    #expect(abs(found - direct(reference, result)) < 1e-4)
    #expect(found < 0.9)
    let same = try StructuralSimilarity.of(reference: reference, result: reference)
    #expect(abs(same - 1) < 1e-6)
    let small = randomImage(width: 10, height: 40, seed: 7)
    #expect(throws: QualityError.self) {
      try StructuralSimilarity.of(reference: small, result: small)
    }
  }

  @Test func colorfulnessMatchesTheDefinition() {
    let pixels = stride(from: 0, to: reference.codes.count, by: 3).map {
      reference.codes[$0..<$0 + 3].map(Double.init)
    }
    let rg = pixels.map { $0[0] - $0[1] }
    let yb = pixels.map { ($0[0] + $0[1]) / 2 - $0[2] }
    func mean(_ list: [Double]) -> Double { list.reduce(0, +) / Double(list.count) }
    func variance(_ list: [Double]) -> Double { mean(list.map { pow($0 - mean(list), 2) }) }
    let expected =
      sqrt(variance(rg) + variance(yb)) + 0.3 * sqrt(pow(mean(rg), 2) + pow(mean(yb), 2))
    #expect(abs(Colorfulness.of(reference) - expected) < 1e-9)
    #expect(Colorfulness.of(RGBImage(width: 1, height: 2, codes: [7, 7, 7, 200, 200, 200])) == 0)
    // Red beside cyan: rg = ±255, yb = 127.5 and −127.5.
    let opposite = RGBImage(width: 2, height: 1, codes: [255, 0, 0, 0, 255, 255])
    #expect(abs(Colorfulness.of(opposite) - sqrt(255 * 255 + 127.5 * 127.5)) < 1e-9)
  }

  @Test func labOfKnownColors() throws {
    let image = RGBImage(
      width: 4, height: 1, codes: [255, 255, 255, 255, 0, 0, 0, 0, 255, 119, 119, 119])
    let lab = LabImage(
      image, transfer: try TransferFunction(.iec61966_2_1), primaries: try RGBPrimaries(.bt709))
    let expected: [SIMD3<Float>] = [
      SIMD3(100, 0, 0), SIMD3(53.24, 80.09, 67.20), SIMD3(32.30, 79.19, -107.86),
      SIMD3(50.03, 0, 0),
    ]
    for (found, wanted) in zip(lab.values, expected) {
      let difference = found - wanted
      #expect((difference * difference).sum() < 0.01, "\(found) instead of \(wanted)")
    }
  }

  @Test func figuresOfAPerfectResultAndOfGray() throws {
    let truth = picture(reference)
    let measured = try MeasuredPicture(truth)
    let perfect = try Figures(reference: measured, result: measured)
    #expect(perfect.accuracy.area == 1)
    #expect(perfect.squaredError.peakSignalToNoiseRatio == .infinity)
    #expect(abs(perfect.structuralSimilarity - 1) < 1e-6)
    #expect(perfect.colorDifference == 0)
    #expect(perfect.colorfulnessDifference == 0)
    let gray = try Figures(
      reference: measured, result: try MeasuredPicture(try truth.withoutColor()))
    #expect(gray.colorfulness == 0)
    #expect(gray.colorfulnessDifference == measured.colorfulness)
    #expect((gray.accuracy.area ?? 1) < 0.95)
    #expect(gray.colorDifference > 5)
  }

  @Test func picturesOfDifferentSizesAreRefused() throws {
    let other = try MeasuredPicture(picture(randomImage(width: 17, height: 23, seed: 8)))
    let measured = try MeasuredPicture(picture(reference))
    #expect(throws: QualityError.self) { try Figures(reference: measured, result: other) }
  }
}
