import CKernels
import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// The shipped `HintReach`, by itself and as it spreads hints.
@Suite("Guidance: the learned reach of hints", .serialized) struct HintReachTests {
  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources/AutochromeKit/Resources/guidance/hint-reach.json")

  private static func shipped() throws -> HintReach {
    try HintReach(json: Data(contentsOf: file))
  }

  /// The file read once more, for the definition.
  private struct Stored: Codable {
    struct Layer: Codable {
      var weight: [[Double]]
      var bias: [Double]
    }
    struct Examples: Codable {
      var pairs: [[Double]]
      var pairScores: [Double]
      var doubts: [Double]
      var ownScores: [Double]
    }
    var format: Int
    var largest: Double
    var numbers: [String]
    var pair: [Layer]
    var own: [Layer]
    var examples: Examples

    init() throws { self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file)) }

    static func score(_ numbers: [Double], by layers: [Layer]) -> Double {
      var values = numbers
      for (index, layer) in layers.enumerated() {
        values = zip(layer.weight, layer.bias).map { row, bias in
          let sum = zip(row, values).reduce(bias) { $0 + $1.0 * $1.1 }
          return index < layers.count - 1 ? max(sum, 0) : sum
        }
      }
      return values[0]
    }
  }

  /// Rows of pairs as planes.
  private func scores(_ pairs: [[Float]], by reach: HintReach, isPlain: Bool = false) -> [Float] {
    let planes = (0..<9).flatMap { number in pairs.map { $0[number] } }
    return TemporalKernelTests.guarded(pairs.count) { out in
      if isPlain {
        reach.write(plainScoresOf: planes, stride: pairs.count, count: pairs.count, to: out)
      } else {
        reach.write(scoresOf: planes, stride: pairs.count, count: pairs.count, to: out)
      }
    }
  }

  // MARK: - Scores

  @Test func scoresAreThoseOfTheTraining() throws {
    let (reach, stored) = (try Self.shipped(), try Stored())
    #expect(
      stored.numbers == [
        "signature", "path", "path²", "distance", "lightness", "choice", "surprise", "offer",
        "stroke",
      ])
    let found = scores(stored.examples.pairs.map { $0.map { Float($0) } }, by: reach)
    for (one, other) in zip(found, stored.examples.pairScores) {
      #expect(abs(Double(one) - other) < 1e-4 * (1 + abs(other)))
    }
    for (doubt, score) in zip(stored.examples.doubts, stored.examples.ownScores) {
      #expect(abs(Double(reach.ownScore(doubt: Float(doubt))) - score) < 1e-4 * (1 + abs(score)))
    }
    #expect(found.count == 24 && Set(found).count > 20)
  }

  @Test func vectorKernelsMatchThePlainOne() throws {
    var random = SeededGenerator()
    let reach = try Self.shipped()
    for count in [1, 15, 16, 17, 100] {
      var pairs = (0..<count).map { _ in random.floats(9, in: 0...6) }
      pairs[0][3] = .nan
      pairs[count - 1][1] = .infinity
      let wanted = scores(pairs, by: reach, isPlain: true)
      #expect(wanted.allSatisfy { $0.isFinite })
      func isRight(_ found: [Float]) -> Bool {
        zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-4 * (1 + abs($1)) }
      }
      for mask in TemporalKernelTests.masks + [0] {
        let found = TemporalKernelTests.limited(to: mask) { scores(pairs, by: reach) }
        #expect(isRight(found), "\(count), seed \(random.seed)")
      }
      // What is above the largest number counts as that.
      #expect(isRight(scores(pairs.map { $0.map { min($0, 4) } }, by: reach)))
      #expect(!isRight(wanted.map { $0 * 1.01 + 0.01 }))
      pairs[0][0] = pairs[0][0] < 2 ? 4 : 0
      #expect(!isRight(scores(pairs, by: reach)), "\(count), seed \(random.seed)")
    }
  }

  @Test func damagedFilesAreRefused() throws {
    let text = try String(contentsOf: Self.file, encoding: .utf8)
    for broken in [
      "", "{}", text.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 2"),
      text.replacingOccurrences(
        of: "\"pair\": [{\"weight\": [[", with: "\"pair\": [{\"weight\": [[1.5, "),
      text.replacingOccurrences(
        of: "\"own\": [{\"weight\": [", with: "\"own\": [{\"weight\": [[1], "),
    ] {
      #expect(broken != text)
      #expect(throws: DecodingError.self) { try HintReach(json: Data(broken.utf8)) }
    }
  }

  // MARK: - Fields

  /// Signatures of places that the network takes for one of several kinds of things.
  private func signature(
    _ width: Int, _ height: Int, _ random: inout SeededGenerator, kind: (_ x: Int, _ y: Int) -> Int
  ) -> FloatImage {
    var vectors: [[Float]] = []
    for place in 0..<width * height {
      let center = 15 + 25 * kind(place % width, place / width)
      let shares = (0..<88).map { cell in
        exp(-Float((cell - center) * (cell - center)) / 30)
          + Float.random(in: 0...0.01, using: &random)
      }
      let sum = shares.reduce(0, +)
      vectors.append(shares.map { ($0 / sum).squareRoot() })
    }
    return FloatImage(width: width, height: height, channels: 88) { out in
      for cell in 0..<88 {
        for place in vectors.indices { out[cell * vectors.count + place] = vectors[place][cell] }
      }
    }
  }

  @Test func whatTheNetworkTellsApartIsToldApart() throws {
    var random = SeededGenerator(seed: 3)
    let geometry = HintScene.geometry(20, 10)
    let light = HintScene.lightness(geometry) { _, _ in 50 }
    let field = try HintSpread(reach: Self.shipped()).field(
      of: [try HintScene.hint(3, 5, of: geometry, a: 40, b: 10)], lightness: light,
      geometry: geometry, signature: signature(20, 10, &random) { x, _ in x < 10 ? 0 : 1 })
    let own = (0..<10).flatMap { y in (0..<10).map { field.weight[0, $0, y] } }
    let others = (0..<10).flatMap { y in (10..<20).map { field.weight[0, $0, y] } }
    #expect(own.reduce(0, +) / 100 > 0.6)
    #expect(others.reduce(0, +) / 100 < 0.25)
    #expect(field.weight[0, 3, 5] == 1 && field.ab[0, 3, 5] == 40 && field.ab[1, 3, 5] == 10)
  }

  @Test func aRadiusEndsAHint() throws {
    var random = SeededGenerator(seed: 3)
    let geometry = HintScene.geometry(40, 20)
    let light = HintScene.lightness(geometry) { _, _ in 50 }
    let field = try HintSpread(reach: Self.shipped()).field(
      of: [try HintScene.hint(20, 10, of: geometry, a: 30, radius: 0.25)], lightness: light,
      geometry: geometry, signature: signature(40, 20, &random) { _, _ in 0 })
    #expect(field.weight[0, 20, 10] == 1 && field.weight[0, 21, 10] > 0.5)
    for y in 0..<20 {
      for x in 0..<40 where (x - 20) * (x - 20) + (y - 10) * (y - 10) >= 25 {
        #expect(field.weight[0, x, y] == 0 && field.ab[0, x, y] == 0)
      }
    }
  }

  /// The field by the definition, in double precision; no numbers where rounding decides.
  private func reference(
    _ hints: [Hint], places: [[Int]], light: [Double], signature: FloatImage
  ) throws -> [(a: Double, b: Double, weight: Double)] {
    let stored = try Stored()
    let (width, area) = (signature.width, signature.area)
    let vectors = (0..<area).map { place in
      (0..<88).map { Double(signature[$0, place % width, place / width]) }
    }
    var cells: [SIMD2<Int>: Int] = [:]
    var bins = [[SIMD2<Double>]](repeating: [], count: 88)
    for center in ColorBins.centers {
      let corner = SIMD2(
        Int((center.x + 10) / 20 + 100) - 100, Int((center.y + 10) / 20 + 100) - 100)
      let cell = cells[corner] ?? cells.count
      cells[corner] = cell
      bins[cell].append(SIMD2(Double(center.x), Double(center.y)))
    }
    let colors = bins.map { $0.reduce(.zero, +) / Double($0.count) }
    func length(_ v: SIMD2<Double>) -> Double { (v * v).sum().squareRoot() }
    let means = vectors.map { vector in
      let weights = vector.map { $0 * $0 * $0 }
      return zip(weights, colors).reduce(SIMD2<Double>.zero) { $0 + $1.0 * $1.1 }
        / weights.reduce(0, +)
    }
    let paths = places.map {
      HintScene.ways(from: $0, light: light, width: width, height: area / width)
    }
    return (0..<area).map { place in
      if let last = places.lastIndex(where: { $0.contains(place) }) {
        return (Double(hints[last].color.a), Double(hints[last].color.b), 1)
      }
      func product(_ other: Int) -> Double {
        zip(vectors[place], vectors[other]).reduce(0) { $0 + $1.0 * $1.1 }
      }
      // Of two that are as like, rounding decides which counts.
      let isUndecided = places.contains { stroke in
        let likest = Array(stroke.map(product).sorted().suffix(2))
        return likest.count == 2 && likest[1] - likest[0] < 1e-5
      }
      guard !isUndecided else { return (.nan, .nan, .nan) }
      let scores = hints.indices.map { k -> Double in
        func far(_ other: Int) -> Double {
          length(
            SIMD2(Double(place % width - other % width), Double(place / width - other / width)))
        }
        let best = places[k].max { product($0) < product($1) } ?? 0
        let color = SIMD2(Double(hints[k].color.a), Double(hints[k].color.b))
        let path = paths[k][place] / 7
        let numbers = [
          (2 - 2 * product(best)) / 0.49, path, path * path,
          (places[k].map(far).min() ?? 0) / Double(area).squareRoot(),
          abs(light[place] - light[best]) / 20, length(means[place] - means[best]) / 20,
          length(color - means[best]) / 20, length(color - means[place]) / 20,
          log(Double(places[k].count)),
        ]
        return Stored.score(numbers.map { min($0, stored.largest) }, by: stored.pair)
      }
      let doubt = -log(vectors[place].reduce(0) { $0 + $1 * $1 * $1 * $1 }) / 3
      let own = exp(Stored.score([doubt], by: stored.own))
      let shares = scores.map { exp($0) }
      let sum = shares.reduce(0, +)
      return (
        zip(shares, hints).reduce(0) { $0 + $1.0 * Double($1.1.color.a) } / sum,
        zip(shares, hints).reduce(0) { $0 + $1.0 * Double($1.1.color.b) } / sum, sum / (sum + own)
      )
    }
  }

  @Test func theFieldIsThatOfTheDefinition() throws {
    var random = SeededGenerator()
    for (width, height) in [(1, 1), (13, 9), (40, 30)] {
      let geometry = HintScene.geometry(width, height)
      let (columns, rows) = (geometry.gridWidth, geometry.gridHeight)
      var light = random.floats(columns * rows, in: 40...52).map(Double.init)
      for place in light.indices where place % columns > columns / 2 { light[place] += 30 }
      let image = HintScene.lightness(geometry) { Float(light[$1 * columns + $0]) }
      let signature = signature(columns, rows, &random) { x, y in (x / 6 + y / 5) % 3 }
      func place(_ index: Int) -> Hint.Point {
        Hint.Point(
          x: (Double(index % columns) + 0.5) / Double(columns),
          y: (Double(index / columns) + 0.5) / Double(rows))
      }
      var hints: [Hint] = []
      var places: [[Int]] = []
      for index in 0..<6 {
        // Every other one is a stroke of up to five places.
        let at = Int.random(in: 0..<columns * rows, using: &random)
        let length = min(index % 2 == 0 ? 1 : 5, columns - at % columns)
        places.append(Array(at..<at + length))
        hints.append(
          try Hint(
            points: length == 1 ? [place(at)] : [place(at), place(at + length - 1)],
            color: try HintColor(
              a: Float.random(in: -60...60, using: &random),
              b: Float.random(in: -60...60, using: &random)), radius: nil))
      }
      let field = try HintSpread(reach: Self.shipped()).field(
        of: hints, lightness: image, geometry: geometry, signature: signature)
      let wanted = try reference(hints, places: places, light: light, signature: signature)
      #expect(HintScene.difference(field, wanted) < 1, "\(columns)×\(rows), seed \(random.seed)")
      guard columns > 1 else { continue }
      // What compares tells wrong results: another hint's color, a shifted row.
      var other = hints
      other[0] = try Hint(
        points: hints[0].points,
        color: try HintColor(a: hints[0].color.a + 1, b: hints[0].color.b), radius: nil)
      #expect(
        HintScene.difference(
          field, try reference(other, places: places, light: light, signature: signature)) > 1)
      #expect(
        HintScene.difference(
          field, Array(wanted.dropFirst(columns)) + Array(wanted.prefix(columns))) > 1)
    }
  }

  @Test func manyHintsOnALargeGridAreQuick() throws {
    var random = SeededGenerator(seed: 4)
    let geometry = HintScene.geometry(224, 160)
    let light = HintScene.lightness(geometry) { x, y in
      50 + 30 * sin(Float(x) / 9) * cos(Float(y) / 7)
    }
    let signature = signature(224, 160, &random) { x, y in (x / 40 + y / 40) % 3 }
    let hints = try (0..<50).map { _ in
      try HintScene.hint(
        Int.random(in: 0..<224, using: &random), Int.random(in: 0..<160, using: &random),
        of: geometry, a: 20)
    }
    let spread = HintSpread(reach: try Self.shipped())
    let clock = ContinuousClock()
    let times = try (0..<5).map { _ in
      try clock.measure {
        _ = try spread.field(of: hints, lightness: light, geometry: geometry, signature: signature)
      }
    }
    print("50 hints on 224×160 places: \(times.min() ?? .zero)")
    #expect((times.min() ?? .zero) < .seconds(1))
  }
}
