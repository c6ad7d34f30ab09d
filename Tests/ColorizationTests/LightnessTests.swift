import Colorization
import Imaging
import Testing

@Suite("Small lightness and the network's input")
struct LightnessTests {
  /// L\* of the exact area average, in double precision.
  private func expected(
    _ picture: Picture, _ geometry: WorkingGeometry, x: Int, y: Int
  ) throws -> Double {
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    let model = try ColorModel(color)
    let scale = CodeScale(bitDepth: picture.format.bitDepth, range: color.range)
    func shares(_ index: Int, _ from: Int, _ to: Int) -> [(Int, Double)] {
      let length = Double(from) / Double(to)
      let (start, end) = (Double(index) * length, Double(index + 1) * length)
      return (0..<from).compactMap {
        let share = min(Double($0 + 1), end) - max(Double($0), start)
        return share > 1e-9 ? ($0, share / length) : nil
      }
    }
    var sum = 0.0
    for (v, down) in shares(y, picture.height, geometry.workingHeight) {
      for (u, across) in shares(x, picture.width, geometry.workingWidth) {
        let luma =
          picture.format.model == .rgb
          ? model.weights.luma(
            SIMD3(
              scale.luma(Double(picture.planes[0][u, v])),
              scale.luma(Double(picture.planes[1][u, v])),
              scale.luma(Double(picture.planes[2][u, v]))))
          : scale.luma(Double(picture.planes[0][u, v]))
        sum += luma * down * across
      }
    }
    return min(max(model.lightness(luma: min(max(sum, 0), 1)), 0), 100)
  }

  private func check(_ picture: Picture, shortSide: Int) throws {
    let geometry = WorkingGeometry(
      width: picture.width, height: picture.height, shortSide: shortSide, stride: 16, scale: 4)
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    let small = try LightnessReducer(color: color, geometry: geometry).reduce(picture)
    #expect((small.width, small.height) == (geometry.workingWidth, geometry.workingHeight))
    for y in 0..<small.height {
      for x in 0..<small.width {
        let exact = try expected(picture, geometry, x: x, y: y)
        #expect(
          abs(Double(small[0, x, y]) - exact) < 0.01, "\(picture.format) (\(x), \(y)): \(exact)")
      }
    }
  }

  /// A field's rows stand in for those of the other one.
  @Test(arguments: [54, 53]) func looksAtOneField(height: Int) throws {
    func code(_ x: Int, _ y: Int) -> Int { (x * 7919 + y * 104729) % 256 }
    let color = ColorDescription().resolved(width: 91, height: height, format: .gray(8))
    let geometry = WorkingGeometry(width: 91, height: height, shortSide: 16, stride: 16, scale: 4)
    let reducer = try LightnessReducer(color: color, geometry: geometry)
    let whole = ColorFixtures.gray(91, height, color: color, code: code)
    for field in 0...1 {
      let alone = ColorFixtures.gray(91, height, color: color) { x, y in
        code(x, min(y - y % 2 + field, height - 1))
      }
      let (given, expected) = (
        try reducer.reduce(whole, field: field), try reducer.reduce(alone)
      )
      let both = try reducer.reduce(whole)
      var unlike = 0
      for y in 0..<given.height {
        for x in 0..<given.width {
          #expect(given[0, x, y] == expected[0, x, y], "(\(x), \(y))")
          if abs(given[0, x, y] - both[0, x, y]) > 0.5 { unlike += 1 }
        }
      }
      #expect(unlike > given.area / 4)
    }
  }

  @Test(arguments: [8, 10, 12, 16]) func averagesTheArea(bitDepth: Int) throws {
    for range in [ColorRange.limited, .full] {
      let picture = ColorFixtures.gray(
        91, 53, bitDepth: bitDepth, color: ColorDescription(range: range)
      ) { x, y in (x * 7919 + y * 104729) % (1 << bitDepth) }
      try check(picture, shortSide: 16)
    }
  }

  @Test func tinyPicturesKeepTheirSamples() throws {
    try check(ColorFixtures.gray(5, 3) { x, y in 40 * x + 10 * y }, shortSide: 256)
    try check(ColorFixtures.gray(1, 1) { _, _ in 77 }, shortSide: 256)
  }

  @Test func rgbGivesItsLuma() throws {
    let planes = (0..<3).map { c in
      ColorFixtures.plane(40, 30) { x, y in (x * (5 + c) + y * (11 - 3 * c)) % 256 }
    }
    let picture = Picture(
      width: 40, height: 30, format: .rgb(8), color: ColorDescription(), planes: planes)
    try check(picture, shortSide: 12)
  }

  @Test func anotherSizeIsRefused() throws {
    let geometry = WorkingGeometry(width: 64, height: 64, shortSide: 256, stride: 16, scale: 4)
    let color = ColorDescription().resolved(width: 64, height: 64, format: .gray(8))
    let reducer = try LightnessReducer(color: color, geometry: geometry)
    let picture = ColorFixtures.gray(32, 64) { _, _ in 0 }
    #expect(
      throws: ColorizationError.unexpectedSize(
        what: "the picture", expected: "64×64", actual: "32×64")
    ) { try reducer.reduce(picture) }
  }

  @Test func inputIsNormalizedAndPaddedByReflection() throws {
    let geometry = WorkingGeometry(width: 12, height: 8, shortSide: 8, stride: 16, scale: 4)
    let lightness = FloatImage(width: 12, height: 8) { out in
      for index in 0..<96 { out[index] = Float(index) }
    }
    let form = ColorNetworkDescription.Input.lightness(
      ChannelScale(offset: 50, scale: 50, channels: 1))
    let input = try NetworkInput(form).tensorValues(lightness: lightness, geometry: geometry)
    #expect((input.width, input.height) == (16, 16))
    // Columns 12…15 mirror 10…7, rows 8…15 mirror 6…0, then 1 again.
    let columns = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 10, 9, 8, 7]
    let rows = [0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1, 0, 1]
    for y in 0..<16 {
      for x in 0..<16 {
        #expect(input[0, x, y] == (Float(rows[y] * 12 + columns[x]) - 50) / 50)
      }
    }
    let dot = WorkingGeometry(width: 1, height: 1, shortSide: 256, stride: 16, scale: 1)
    let one = FloatImage(width: 1, height: 1) { $0[0] = 100 }
    let padded = try NetworkInput(form).tensorValues(lightness: one, geometry: dot)
    #expect(padded[0, 15, 15] == 1)
  }
}
