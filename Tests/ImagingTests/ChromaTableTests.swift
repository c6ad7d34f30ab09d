import CKernels
import Imaging
import TestSupport
import Testing

@Suite("Chroma table")
struct ChromaTableTests {
  private static let settings: [ColorDescription] = [
    ColorDescription(primaries: .bt709, transfer: .bt709, matrix: .bt709),
    ColorDescription(primaries: .smpte170M, transfer: .smpte170M, matrix: .smpte170M),
    ColorDescription(primaries: .bt470BG, transfer: .smpte170M, matrix: .bt470BG),
    ColorDescription(primaries: .bt2020, transfer: .bt2020_10, matrix: .bt2020NonConstant),
    ColorDescription(primaries: .bt709, transfer: .gamma22, matrix: .bt709),
  ]

  private func lookUp(
    _ table: ChromaTable, luma: [Double], a: [Double], b: [Double]
  ) -> [(cb: Double, cr: Double)] {
    var cb = [Float](repeating: .nan, count: luma.count)
    var cr = cb
    withUnsafePointer(to: table.kernel) {
      ac_chroma_row(
        $0, luma.map { Float($0) }, a.map { Float($0) }, b.map { Float($0) }, &cb, &cr,
        Int32(luma.count))
    }
    return zip(cb, cr).map { (Double($0), Double($1)) }
  }

  /// Random colors of the whole cube, so more saturated than any film. Towards black and white, where
  /// all colors end in a point, a step of the table holds most of the gamut: of 4,000,000 colors each
  /// the largest error is 35, and about 2 in the rest of the cube.
  @Test(arguments: settings) func decodesToTheWantedColor(color: ColorDescription) throws {
    var random = SeededGenerator()
    let model = try ColorModel(color)
    let table = try ChromaTable.shared(for: color)
    let rgb = (0..<20000).map { _ in
      SIMD3<Double>.random(in: 0...1, using: &random)
    }
    let lab = rgb.map { model.lab(rgb: $0) }
    let luma = rgb.map { model.weights.luma($0) }
    let found = lookUp(table, luma: luma, a: lab.map(\.y), b: lab.map(\.z))
    var (sum, worst, worstModerate, count) = (0.0, 0.0, 0.0, 0)
    for index in rgb.indices where max(abs(lab[index].y), abs(lab[index].z)) <= 110 {
      let back = model.lab(luma: luma[index], cb: found[index].cb, cr: found[index].cr)
      let difference = SIMD2(back.y - lab[index].y, back.z - lab[index].z)
      let error = (difference * difference).sum().squareRoot()
      sum += error
      count += 1
      worst = max(worst, error)
      if rgb[index].min() > 0.1, luma[index] < 0.95 { worstModerate = max(worstModerate, error) }
    }
    let note: Comment = "seed \(random.seed)"
    #expect(sum / Double(count) < 0.25, note)
    #expect(worstModerate < 3, note)
    #expect(worst < 40, note)
  }

  @Test(arguments: settings) func neutralIsExactlyNeutral(color: ColorDescription) throws {
    let table = try ChromaTable.shared(for: color)
    let luma = (-20...1020).map { Double($0) / 1000 }
    let zeros = luma.map { _ in 0.0 }
    for chroma in lookUp(table, luma: luma, a: zeros, b: zeros) {
      #expect(chroma.cb == 0 && chroma.cr == 0)
    }
  }

  /// Everything that can be asked for, in gamut or not, decodes to R′, G′, B′ in 0…1 with the same Y′.
  @Test(arguments: settings) func nothingLeavesTheGamut(color: ColorDescription) throws {
    let weights = try LumaWeights(color.matrix)
    let table = try ChromaTable.shared(for: color)
    var (luma, a, b): ([Double], [Double], [Double]) = ([], [], [])
    for y in stride(from: 0.0, through: 1, by: 0.0217) {
      for u in stride(from: -170.0, through: 170, by: 13) {
        for v in stride(from: -170.0, through: 170, by: 13) {
          luma.append(y)
          a.append(u)
          b.append(v)
        }
      }
    }
    for (index, chroma) in lookUp(table, luma: luma, a: a, b: b).enumerated() {
      let rgb = weights.rgb(luma: luma[index], cb: chroma.cb, cr: chroma.cr)
      #expect(rgb.min() >= -2e-6 && rgb.max() <= 1 + 2e-6, "\(luma[index]) \(a[index]) \(b[index])")
      #expect(abs(weights.luma(rgb) - luma[index]) < 1e-9)
    }
  }

  /// Out of gamut the hue stays and the chroma is nearly the largest possible.
  @Test func tooMuchColorIsScaledTowardsNeutral() throws {
    let color = Self.settings[0]
    let model = try ColorModel(color)
    let table = try ChromaTable.shared(for: color)
    for luma in [0.2, 0.5, 0.85] {
      for (a, b) in [(100.0, 60.0), (-80, 80), (30, -100), (90, -80), (-80, 5), (5, 100)] {
        let exact = model.chroma(luma: luma, a: a, b: b)
        let wanted = model.lab(luma: luma, cb: exact.cb, cr: exact.cr)
        let chroma = lookUp(table, luma: [luma], a: [a], b: [b])[0]
        let found = model.lab(luma: luma, cb: chroma.cb, cr: chroma.cr)
        #expect(abs(wanted.y * b - wanted.z * a) < 1e-3, "the exact solution keeps the hue")
        let difference = SIMD2(found.y - wanted.y, found.z - wanted.z)
        let distance = (difference * difference).sum().squareRoot()
        #expect(distance < 10, "\(luma) \(a) \(b): \(found), \(wanted)")
      }
    }
  }

  @Test func exactSolutionIsExactInGamut() throws {
    let model = try ColorModel(Self.settings[0])
    let rgb = SIMD3(0.7, 0.45, 0.3)
    let lab = model.lab(rgb: rgb)
    let chroma = model.chroma(luma: model.weights.luma(rgb), a: lab.y, b: lab.z)
    let back = model.weights.rgb(luma: model.weights.luma(rgb), cb: chroma.cb, cr: chroma.cr) - rgb
    #expect((back * back).sum() < 1e-16)
  }

  @Test func isBuiltOncePerSetting() throws {
    let first = try ChromaTable.shared(for: Self.settings[0])
    var other = Self.settings[0]
    other.range = .full
    other.chromaLocation = .center
    #expect(try ChromaTable.shared(for: other) === first)
    #expect(try ChromaTable.shared(for: Self.settings[1]) !== first)
  }
}

extension SIMD3<Double> {
  fileprivate static func random(
    in range: ClosedRange<Double>, using generator: inout some RandomNumberGenerator
  ) -> SIMD3<Double> {
    SIMD3(
      Double.random(in: range, using: &generator), Double.random(in: range, using: &generator),
      Double.random(in: range, using: &generator))
  }
}
