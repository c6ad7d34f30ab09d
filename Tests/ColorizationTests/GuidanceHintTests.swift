import CKernels
import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

@Suite("Guidance: hints in space", .serialized) struct GuidanceHintTests {
  @Test func aHintFillsItsObjectAndStopsAtEdges() throws {
    let geometry = HintScene.geometry(24, 16)
    // A disc on a ground.
    func isInside(_ x: Int, _ y: Int) -> Bool { (x - 11) * (x - 11) + (y - 8) * (y - 8) < 30 }
    let light = HintScene.lightness(geometry) { isInside($0, $1) ? 70 : 25 }
    let field = try HintSpread(reach: nil).field(
      of: [try HintScene.hint(11, 8, of: geometry, a: 40, b: -20)], lightness: light,
      geometry: geometry)
    for y in 0..<16 {
      for x in 0..<24 {
        if isInside(x, y) {
          #expect(field.weight[0, x, y] > 0.9)
          #expect(abs(field.ab[0, x, y] - 40) < 1e-3 && abs(field.ab[1, x, y] + 20) < 1e-3)
        } else {
          #expect(field.weight[0, x, y] < 0.15)
        }
      }
    }
    #expect(field.weight[0, 11, 8] == 1 && field.ab[0, 11, 8] == 40)
  }

  @Test func hintsCompete() throws {
    let geometry = HintScene.geometry(21, 9)
    let light = HintScene.lightness(geometry) { x, _ in x < 10 ? 40 : 60 }
    let field = try HintSpread(reach: nil).field(
      of: [
        try HintScene.hint(2, 4, of: geometry, a: 30),
        try HintScene.hint(18, 4, of: geometry, a: -30),
        try HintScene.hint(18, 4, of: geometry, a: 0, b: 5),
      ], lightness: light, geometry: geometry)
    for y in 0..<9 {
      for x in 0..<10 { #expect(field.ab[0, x, y] > 29) }
    }
    // Of two hints at one place, the last holds there; around, they share.
    #expect(field.ab[0, 18, 4] == 0 && field.ab[1, 18, 4] == 5 && field.weight[0, 18, 4] == 1)
    #expect(abs(field.ab[0, 16, 4] + 15) < 0.5)
  }

  /// So large that paths are found on fewer places.
  @Test func objectsOfLargeGridsAreFilledToo() throws {
    let geometry = HintScene.geometry(160, 100)
    func isInside(_ x: Int, _ y: Int) -> Bool {
      (x - 70) * (x - 70) + (y - 50) * (y - 50) < 900
    }
    let light = HintScene.lightness(geometry) { isInside($0, $1) ? 70 : 25 }
    let field = try HintSpread(reach: nil).field(
      of: [try HintScene.hint(80, 45, of: geometry, a: 40)], lightness: light, geometry: geometry)
    for y in 0..<100 {
      for x in 0..<160 {
        let square = (x - 70) * (x - 70) + (y - 50) * (y - 50)
        if square < 700 { #expect(field.weight[0, x, y] > 0.85) }
        if square > 1200 { #expect(field.weight[0, x, y] < 0.15) }
      }
    }
  }

  @Test func aRadiusEndsAHint() throws {
    let geometry = HintScene.geometry(40, 20)
    let light = HintScene.lightness(geometry) { _, _ in 50 }
    let field = try HintSpread(reach: nil).field(
      of: [try HintScene.hint(20, 10, of: geometry, a: 30, radius: 0.25)], lightness: light,
      geometry: geometry)
    #expect(field.weight[0, 20, 10] == 1 && field.weight[0, 22, 10] > 0.8)
    for y in 0..<20 {
      for x in 0..<40 where (x - 20) * (x - 20) + (y - 10) * (y - 10) >= 25 {
        #expect(field.weight[0, x, y] == 0)
      }
    }
  }

  @Test func strokesHoldAlongTheirLine() throws {
    let geometry = HintScene.geometry(30, 20)
    let light = HintScene.lightness(geometry) { x, y in Float((x * 7 + y * 13) % 90) }
    let stroke = try Hint(
      points: [.init(x: 0, y: 0), .init(x: 1, y: 1), .init(x: 1, y: 0.5)],
      color: try HintColor(a: -12, b: 34))
    let field = try HintSpread(reach: nil).field(of: [stroke], lightness: light, geometry: geometry)
    for x in 0..<30 {
      let y = min(Int((Double(x) + 0.5) / 30 * 20), 19)
      #expect(field.weight[0, x, y] == 1 && field.ab[0, x, y] == -12 && field.ab[1, x, y] == 34)
    }
    for y in 10..<20 { #expect(field.weight[0, 29, y] == 1) }
  }

  @Test func nothingSaidIsNothing() throws {
    let geometry = HintScene.geometry(6, 4)
    let light = HintScene.lightness(geometry) { _, _ in 50 }
    #expect(try HintSpread(reach: nil).field(of: [], lightness: light, geometry: geometry).isEmpty)
    // What is no number spreads nothing and breaks nothing.
    let broken = HintScene.lightness(geometry) { x, _ in x == 3 ? .nan : 50 }
    let field = try HintSpread(reach: nil).field(
      of: [try HintScene.hint(0, 0, of: geometry, a: 9)], lightness: broken, geometry: geometry)
    #expect(field.weight[0, 0, 0] == 1 && field.weight[0, 5, 0].isFinite)
    #expect(throws: ColorizationError.self) {
      try HintSpread(reach: nil).field(
        of: [], lightness: FloatImage(width: 3, height: 3) { _ in }, geometry: geometry)
    }
    #expect(throws: ColorizationError.self) {
      try HintSpread(reach: nil).field(
        of: [try HintScene.hint(0, 0, of: geometry, a: 9)], lightness: light, geometry: geometry,
        signature: FloatImage(width: 5, height: 4, channels: 2) { _ in })
    }
  }

  // MARK: - Against the formulas

  /// The field by the definition: shortest ways by Bellman and Ford, everything in double precision.
  private func reference(
    _ hints: [(x: Int, y: Int, a: Double, b: Double)], light: [Double], width: Int, height: Int
  ) -> [(a: Double, b: Double, weight: Double)] {
    let area = width * height
    let far = hints.map {
      HintScene.ways(from: [$0.y * width + $0.x], light: light, width: width, height: height)
    }
    return (0..<area).map { place in
      if let own = hints.last(where: { $0.y * width + $0.x == place }) {
        return (own.a, own.b, 1)
      }
      let squares = far.map { $0[place] * $0[place] / 16 }
      let least = squares.min() ?? .infinity
      let weight = exp(-pow(least, 2.3 / 2))
      let shares = squares.map { exp(-($0 - least) / 0.15) }
      let sum = shares.reduce(0, +)
      return (
        zip(shares, hints).reduce(0) { $0 + $1.0 * $1.1.a } / sum,
        zip(shares, hints).reduce(0) { $0 + $1.0 * $1.1.b } / sum, weight < 1.0 / 256 ? 0 : weight
      )
    }
  }

  @Test func theFieldIsThatOfTheDefinition() throws {
    var random = SeededGenerator()
    for (width, height) in [(1, 1), (13, 9), (24, 17), (9, 30)] {
      let geometry = HintScene.geometry(width, height)
      let (columns, rows) = (geometry.gridWidth, geometry.gridHeight)
      var light = random.floats(columns * rows, in: 40...52).map(Double.init)
      for place in light.indices where place % columns > columns / 2 { light[place] += 30 }
      let image = HintScene.lightness(geometry) { Float(light[$1 * columns + $0]) }
      let places = (0..<7).map { _ in
        (
          x: Int.random(in: 0..<columns, using: &random),
          y: Int.random(in: 0..<rows, using: &random),
          a: Double(Float.random(in: -60...60, using: &random)),
          b: Double(Float.random(in: -60...60, using: &random))
        )
      }
      let hints = try places.map {
        try HintScene.hint($0.x, $0.y, of: geometry, a: Float($0.a), b: Float($0.b))
      }
      let field = try HintSpread(reach: nil).field(
        of: hints, lightness: image, geometry: geometry)
      let wanted = reference(places, light: light, width: columns, height: rows)
      #expect(HintScene.difference(field, wanted) < 1, "\(columns)×\(rows), seed \(random.seed)")
      guard columns > 1 else { continue }
      // What compares tells wrong results: another hint's color, a shifted row, weights of nothing.
      var other = places
      other[0].a += 1
      #expect(
        HintScene.difference(
          field,
          reference(other, light: light, width: columns, height: rows)) > 1)
      #expect(
        HintScene.difference(
          field, Array(wanted.dropFirst(columns)) + Array(wanted.prefix(columns))) > 1)
      #expect(HintScene.difference(GuidanceField(emptyOfWidth: columns, height: rows), wanted) > 1)
    }
  }

  // MARK: - Kernel

  @Test func innerProductsMatchThePlainOnes() {
    var random = SeededGenerator()
    for (channels, count, vectors) in [
      (1, 1, 1), (3, 17, 5), (88, 100, 9), (64, 33, 4), (7, 16, 3),
    ] {
      let stride = count + 3
      let planes = random.floats(channels * stride)
      let given = random.floats(channels * vectors)
      func products(_ mask: UInt32?) -> [Float] {
        TemporalKernelTests.guarded(vectors * count) { out in
          if let mask {
            TemporalKernelTests.limited(to: mask) {
              ac_inner_products(
                planes, Int64(stride), Int32(channels), Int32(count), given, Int32(vectors), out,
                Int64(count))
            }
          } else {
            ac_inner_products_ref(
              planes, Int64(stride), Int32(channels), Int32(count), given, Int32(vectors), out,
              Int64(count))
          }
        }
      }
      let wanted = products(nil)
      func isRight(_ found: [Float]) -> Bool {
        zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-5 * (1 + abs($1)) * Float(channels) }
      }
      for mask in TemporalKernelTests.masks + [0] {
        #expect(
          isRight(products(mask)), "\(channels), \(count), \(vectors), seed \(random.seed)")
      }
      #expect(!isRight(wanted.map { $0 + 1 }))
      if count > 1 { #expect(!isRight(Array(wanted.dropFirst()) + [wanted[0] + 1])) }
    }
  }

  // MARK: - Signatures

  @Test func signaturesAreRootsOfDistributions() throws {
    var random = SeededGenerator()
    let geometry = WorkingGeometry(width: 20, height: 8, shortSide: 8, stride: 16, scale: 4)
    var logits = random.floats(8 * 4 * 313, in: -5...5)
    for q in 0..<313 { logits[313 * 4 + q] = .nan }
    let image = ColorSignature.image(values: logits, geometry: geometry)
    #expect(image.channels == 88 && image.width == 5 && image.height == 2)
    for y in 0..<2 {
      for x in 0..<5 {
        let norm = (0..<88).reduce(Float(0)) { $0 + image[$1, x, y] * image[$1, x, y] }
        #expect(abs(norm - 1) < 1e-4)
      }
    }
    // A cell joins the bins of 20 × 20: their probabilities add up.
    let p = (0..<313).map { exp(Double(logits[$0])) }
    let sum = p.reduce(0, +)
    var cells: [SIMD2<Int>: Double] = [:]
    for (q, center) in ColorBins.centers.enumerated() {
      let cell = SIMD2(
        Int(((center.x + 10) / 20).rounded(.down)), Int(((center.y + 10) / 20).rounded(.down)))
      cells[cell, default: 0] += p[q] / sum
    }
    let found = (0..<88).map { Double(image[$0, 0, 0]) * Double(image[$0, 0, 0]) }.sorted()
    for (one, other) in zip(found, cells.values.sorted()) { #expect(abs(one - other) < 1e-5) }
    let same = ColorSignature.image(
      values: logits.map { exp($0) }, geometry: geometry, output: .probabilities)
    for c in 0..<88 { #expect(abs(image[c, 2, 1] - same[c, 2, 1]) < 1e-5) }
    for _ in 0..<20 {
      let isWanted = (0..<10).map { _ in Bool.random(using: &random) }
      let some = ColorSignature.image(values: logits, geometry: geometry, where: isWanted)
      for (at, isWanted) in isWanted.enumerated() {
        let (x, y) = (at % 5, at / 5)
        #expect(
          (0..<88).allSatisfy { some[$0, x, y] == (isWanted ? image[$0, x, y] : 0) },
          "place \(at), seed \(random.seed)")
      }
    }
  }
}
