import Colorization
import Foundation
import Imaging
import Testing

@Suite("Guidance: fields and hints") struct GuidanceFieldTests {
  /// One row of places.
  private func field(_ places: [(a: Float, b: Float, weight: Float)]) -> GuidanceField {
    GuidanceField(
      ab: FloatImage(width: places.count, height: 1, channels: 2) { out in
        for (x, place) in places.enumerated() {
          (out[x], out[places.count + x]) = (place.a, place.b)
        }
      },
      weight: FloatImage(width: places.count, height: 1) { out in
        for (x, place) in places.enumerated() { out[x] = place.weight }
      })
  }

  @Test func weightsStayInRangeAndNoNumberSaysNothing() {
    let made = field([(1, 2, 1.5), (3, 4, -1), (.nan, 4, 1), (5, 6, .infinity), (7, 8, 0.25)])
    #expect((0..<5).map { made.weight[0, $0, 0] } == [1, 0, 0, 0, 0.25])
    #expect(made.ab[0, 2, 0] == 0 && made.ab[1, 2, 0] == 0)
    #expect(made.ab[0, 4, 0] == 7 && made.ab[1, 4, 0] == 8)
    #expect(!made.isEmpty && GuidanceField(emptyOfWidth: 5, height: 2).isEmpty)
  }

  @Test func witnessesAddUp() throws {
    let one = field([(10, 0, 0.5), (10, 0, 1), (10, 0, 0), (10, 0, 1), (0, 0, 0)])
    let other = field([(20, 8, 0.8), (20, 8, 0.9), (20, 8, 0.4), (30, 4, 1), (9, 9, 0)])
    let sum = try #require(try GuidanceField.combined([one, other]))
    // Odds of 1 and 4.
    #expect(abs(sum.ab[0, 0, 0] - 18) < 1e-4 && abs(sum.ab[1, 0, 0] - 6.4) < 1e-4)
    #expect(abs(sum.weight[0, 0, 0] - 0.9) < 1e-6)
    // Who is certain has the last word; of two, the mean.
    #expect(sum.ab[0, 1, 0] == 10 && sum.ab[1, 1, 0] == 0 && sum.weight[0, 1, 0] == 1)
    #expect(sum.ab[0, 3, 0] == 20 && sum.ab[1, 3, 0] == 2 && sum.weight[0, 3, 0] == 1)
    #expect(abs(sum.ab[0, 2, 0] - 20) < 1e-4 && abs(sum.weight[0, 2, 0] - 0.4) < 1e-6)
    #expect(sum.weight[0, 4, 0] == 0)
    #expect(try GuidanceField.combined([]) == nil)
    #expect(throws: ColorizationError.self) {
      try GuidanceField.combined([one, GuidanceField(emptyOfWidth: 4, height: 1)])
    }
    let half = one.scaled(by: 0.5)
    #expect((0..<5).map { half.weight[0, $0, 0] } == [0.25, 0.5, 0, 0.5, 0])
  }

  @Test func fieldsTravelBitByBit() throws {
    let made = field([(1.1, -2.7, 0.3), (-80.25, 1e-7, 1)])
    let read = try JSONDecoder().decode(
      GuidanceField.self, from: try JSONEncoder().encode(made))
    for x in 0..<2 {
      for c in 0..<2 { #expect(read.ab[c, x, 0].bitPattern == made.ab[c, x, 0].bitPattern) }
      #expect(read.weight[0, x, 0].bitPattern == made.weight[0, x, 0].bitPattern)
    }
    let image = String(
      decoding: try JSONEncoder().encode(FloatImage(width: 1, height: 1) { $0[0] = 1 }),
      as: UTF8.self)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(
        GuidanceField.self, from: Data("{\"ab\":\(image),\"weight\":\(image)}".utf8))
    }
  }

  /// CIELAB of sRGB colors, as published for D65 (Lindbloom): red, green, blue.
  @Test(arguments: [
    ("#ff0000", 80.09, 67.20), ("#00FF00", -86.18, 83.18), ("#0000ff", 79.19, -107.86),
    ("#808080", 0, 0), ("#000000", 0, 0),
  ])
  func hexadecimalColors(text: String, a: Double, b: Double) throws {
    let color = try HintColor(hex: text)
    #expect(abs(Double(color.a) - a) < 0.05 && abs(Double(color.b) - b) < 0.05)
  }

  @Test(arguments: ["", "ff0000", "#ff000", "#ff00000", "#gg0000", "#+f0000", "#ff 000", "red"])
  func otherTextsAreNoColors(text: String) {
    #expect(throws: ColorizationError.self) { try HintColor(hex: text) }
  }

  @Test func hintsAreReadAsTheyAreWritten() throws {
    func read(_ text: String) throws -> Hint {
      try JSONDecoder().decode(Hint.self, from: Data(text.utf8))
    }
    let point = try read(##"{"at": [0.66, 0.42], "color": "#5b6b3a"}"##)
    #expect(point.points == [Hint.Point(x: 0.66, y: 0.42)] && point.radius == nil)
    #expect(point.color == (try HintColor(hex: "#5b6b3a")))
    let stroke = try read(
      ##"{"stroke": [[0, 1], [0.5, 0.5]], "color": [12.5, -3], "radius": 0.25}"##)
    #expect(stroke.points.count == 2 && stroke.points[1].y == 0.5 && stroke.radius == 0.25)
    #expect(stroke.color.a == 12.5 && stroke.color.b == -3)
    for hint in [point, stroke] {
      #expect(try JSONDecoder().decode(Hint.self, from: try JSONEncoder().encode(hint)) == hint)
    }
    for wrong in [
      ##"{"at": [0.6], "color": "#5b6b3a"}"##, ##"{"at": [0.6, 1.2], "color": "#5b6b3a"}"##,
      ##"{"color": "#5b6b3a"}"##, ##"{"at": [0.6, 1], "color": "olive"}"##,
      ##"{"at": [0.6, 1], "color": [1, 2, 3]}"##, ##"{"at": [0.6, 1], "color": [900, 0]}"##,
      ##"{"stroke": [], "color": "#5b6b3a"}"##, ##"{"at": [0, 0], "color": [0, 0], "radius": 0}"##,
      ##"{"at": [0, 0], "stroke": [[0, 0]], "color": [0, 0]}"##,
    ] {
      #expect(throws: DecodingError.self, "\(wrong)") { try read(wrong) }
    }
  }
}
