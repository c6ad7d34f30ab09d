import Colorization
import Foundation
import Imaging
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
}
