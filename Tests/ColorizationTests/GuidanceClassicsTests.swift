import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// Against the papers' algorithms as `Benchmarks/guidance_classics.py` has them.
@Suite("Guidance: without a network") struct GuidanceClassicsTests {
  private struct Fixture: Decodable {
    var width: Int
    var height: Int
    var target: [Float]
    var reference: [Float]
    var ab: [Float]
    /// Column and row on the grid, a and b.
    var hints: [[Double]]
    var swatches: [SwatchPair]
    var levin: [Float]
    var welsh: [Float]
    var charpiat: [Float]
    var welshSwatches: [Float]

    static func read() throws -> Fixture {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Benchmarks/guidance_classics.json")
      return try JSONDecoder().decode(Fixture.self, from: try Data(contentsOf: file))
    }

    var geometry: WorkingGeometry {
      WorkingGeometry(width: width, height: height, shortSide: height, stride: 32, scale: 4)
    }

    func image(_ values: [Float], channels: Int = 1, of part: Int = 1) -> FloatImage {
      FloatImage(width: width / part, height: height / part, channels: channels) { out in
        for (index, value) in values.enumerated() { out[index] = value }
      }
    }
  }

  /// The largest and the mean distance of colors.
  private func difference(_ field: GuidanceField, _ wanted: [Float]) -> (most: Float, mean: Float) {
    var (most, sum): (Float, Float) = (0, 0)
    for place in 0..<2 * field.area {
      let difference = abs(field.ab.channel(0)[place] - wanted[place])
      most = max(most, difference)
      sum += difference
    }
    return (most, sum / Float(2 * field.area))
  }

  @Test func levinColorsFromHintsAlone() throws {
    let fixture = try Fixture.read()
    let geometry = fixture.geometry
    let hints = try fixture.hints.map {
      try Hint(
        points: [
          .init(
            x: ($0[0] + 0.5) / Double(geometry.gridWidth),
            y: ($0[1] + 0.5) / Double(geometry.gridHeight))
        ], color: try HintColor(a: Float($0[2]), b: Float($0[3])))
    }
    let field = try HintSpread.completeField(
      of: hints, lightness: fixture.image(fixture.target), geometry: geometry)
    #expect(difference(field, fixture.levin).most < 0.01)
    #expect((0..<field.area).allSatisfy { field.weight.channel(0)[$0] == 1 })
    // Another hint is another picture.
    let fewer = try HintSpread.completeField(
      of: Array(hints.dropLast()), lightness: fixture.image(fixture.target), geometry: geometry)
    #expect(difference(fewer, fixture.levin).most > 1)
    #expect(
      try HintSpread.completeField(
        of: [], lightness: fixture.image(fixture.target), geometry: geometry
      ).isEmpty)
  }

  @Test(arguments: [false, true]) func welshTakesTheMostSimilarSamples(hasSwatches: Bool) throws {
    let fixture = try Fixture.read()
    let reference = try ReferencePicture(
      lightness: fixture.image(fixture.reference),
      ab: fixture.image(fixture.ab, channels: 2, of: 4), geometry: fixture.geometry)
    let field = try LumaMatcher().field(
      lightness: fixture.image(fixture.target), geometry: fixture.geometry, reference: reference,
      swatches: hasSwatches ? fixture.swatches : [])
    let (wanted, other) =
      hasSwatches
      ? (fixture.welshSwatches, fixture.welsh) : (fixture.welsh, fixture.welshSwatches)
    // Single precision may choose the other of two samples that are equally similar.
    #expect(difference(field, wanted).mean < 0.02)
    #expect(difference(field, other).mean > 1)
  }

  @Test func charpiatChoosesColorsTogether() throws {
    let fixture = try Fixture.read()
    let reference = try ReferencePicture(
      lightness: fixture.image(fixture.reference),
      ab: fixture.image(fixture.ab, channels: 2, of: 4), geometry: fixture.geometry)
    let target = fixture.image(fixture.target)
    let field = try MultimodalMatcher().field(
      lightness: target, geometry: fixture.geometry, reference: reference)
    // A likelihood that rounds the other way may move a place to another color.
    #expect(difference(field, fixture.charpiat).mean < 0.1)
    var alone = MultimodalMatcher()
    alone.coherence = 0
    let incoherent = try alone.field(
      lightness: target, geometry: fixture.geometry, reference: reference)
    #expect(difference(incoherent, fixture.charpiat).mean > 0.5)
    #expect(changes(incoherent) > changes(field))
  }

  /// How many neighbours differ.
  private func changes(_ field: GuidanceField) -> Int {
    (1..<field.area).count {
      field.ab.channel(0)[$0] != field.ab.channel(0)[$0 - 1]
    }
  }

  /// Against all divisions of small graphs.
  @Test func cutsAreMinimal() {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let count = Int.random(in: 1...7, using: &random)
      let gains = (0..<count).map { _ in Int.random(in: -9...9, using: &random) }
      let pairs = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        (
          from: Int.random(in: 0..<count, using: &random),
          to: Int.random(in: 0..<count, using: &random), cost: Int.random(in: 0...6, using: &random)
        )
      }
      func cost(_ moved: [Bool]) -> Int {
        zip(gains, moved).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
          + pairs.reduce(0) { $0 + (!moved[$1.from] && moved[$1.to] ? $1.cost : 0) }
      }
      var cut = MinimumCut(count: count)
      for (node, gain) in gains.enumerated() { cut.addCost(node, ofMoving: gain) }
      for pair in pairs where pair.from != pair.to {
        cut.addCost(from: pair.from, to: pair.to, pair.cost)
      }
      let found = cut.moved()
      let all = (0..<1 << count).map { bits in (0..<count).map { bits >> $0 & 1 == 1 } }
      let least = all.map(cost).min() ?? 0
      #expect(cost(found) == least, "seed \(random.seed)")
      let fewest = all.filter { cost($0) == least }.map { $0.count { $0 } }.min() ?? 0
      #expect(found.count { $0 } == fewest, "seed \(random.seed)")
    }
  }
}
