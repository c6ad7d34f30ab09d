import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import SampleFilm
import TestSupport
import Testing

@Suite("Guidance: references and palettes") struct GuidanceReferenceTests {
  private static let network = Result {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/AutochromeKit/Resources/models/autochrome.onnx").path
    return try ColorNetwork(
      model: try Model(contentsOf: path), name: "autochrome", precision: .float32)
  }

  /// A frame of the sample film: its small L*, and its true colors on the grid.
  private struct Scene {
    let geometry: WorkingGeometry
    let lightness: FloatImage
    let ab: FloatImage

    init(frame number: Int, shot: SampleFilm.Shot) throws {
      var options = SampleFilm.Options()
      options.shots = [shot]
      let frame = SampleFilm(width: 192, height: 128, frameRate: 24, options: options).render(
        frame: number)
      let geometry = WorkingGeometry(width: 192, height: 128, shortSide: 128, stride: 32, scale: 4)
      let transfer = try TransferFunction(.iec61966_2_1)
      let primaries = try RGBPrimaries(.bt709)
      let lab = stride(from: 0, to: frame.rgb.count, by: 3).map { at in
        Lab.lab(
          relativeXYZ: primaries.relativeXYZ(
            SIMD3(
              transfer.linear(Double(frame.rgb[at]) / 255),
              transfer.linear(Double(frame.rgb[at + 1]) / 255),
              transfer.linear(Double(frame.rgb[at + 2]) / 255))))
      }
      self.geometry = geometry
      lightness = FloatImage(width: 192, height: 128) { out in
        for place in lab.indices { out[place] = Float(lab[place].x) }
      }
      let (columns, rows) = (geometry.gridWidth, geometry.gridHeight)
      ab = FloatImage(width: columns, height: rows, channels: 2) { out in
        for place in 0..<columns * rows {
          var sum = SIMD2<Double>()
          for y in 0..<4 {
            for x in 0..<4 {
              let color = lab[(place / columns * 4 + y) * 192 + place % columns * 4 + x]
              sum += SIMD2(color.y, color.z)
            }
          }
          (out[place], out[columns * rows + place]) = (Float(sum.x / 16), Float(sum.y / 16))
        }
      }
    }

    /// The mean distance of colors from the truth.
    func error(of other: FloatImage) -> Double {
      var sum = 0.0
      for place in 0..<ab.area {
        let (a, b) = (
          ab.channel(0)[place] - other.channel(0)[place],
          ab.channel(1)[place] - other.channel(1)[place]
        )
        sum += Double(a * a + b * b).squareRoot()
      }
      return sum / Double(ab.area)
    }

    func reference(_ network: ColorNetwork, weight: FloatImage? = nil) throws -> ReferencePicture {
      try ReferencePicture(
        lightness: lightness, ab: ab, weight: weight,
        features: try network.features(lightness: lightness, geometry: geometry),
        geometry: geometry)
    }

    func estimate(
      _ network: ColorNetwork, guidance: GuidanceField? = nil, palette: Palette? = nil
    ) throws -> CoarseEstimate {
      let decoder = try DistributionDecoder(
        network.description, look: Look(), palette: palette)
      return try network.run(lightness: lightness, geometry: geometry) { values in
        guard let guidance else { return decoder.estimate(values: values, geometry: geometry) }
        return try decoder.estimate(values: values, geometry: geometry, guidance: guidance)
      }
    }
  }

  // MARK: - Features

  @Test func featuresAreUnitVectorsOfTheGrid() throws {
    let network = try Self.network.get()
    let scene = try Scene(frame: 3, shot: .meadow)
    let features = try network.features(lightness: scene.lightness, geometry: scene.geometry)
    // What the head reads, and what the decoder enlarges at a half and a quarter of its size.
    #expect(features.channels == 64 + 128 + 192)
    #expect(features.width == 48 && features.height == 32)
    for (x, y) in [(0, 0), (47, 31), (20, 11)] {
      for part in [0..<64, 64..<192, 192..<384] {
        let sum = part.reduce(Float(0)) { $0 + features[$1, x, y] }
        let square = part.reduce(Float(0)) { $0 + features[$1, x, y] * features[$1, x, y] }
        #expect(abs(sum) < 1e-3 && abs(square - 1.0 / 3) < 1e-3)
      }
    }
  }

  @Test func featuresAreTheValuesThatTheHeadReads() throws {
    // A 3 × 3 box of one channel, twice; the second is its negative.
    var builder = ModelBuilder()
    builder.input("L", [1, 1, -1, -2])
    builder.constant("w", [2, 1, 1, 1], [1, -1])
    builder.constant("head", [313, 2, 1, 1], [Float](repeating: 0.1, count: 626))
    builder.node("Conv", ["L", "w"], ["inner"])
    builder.node("Conv", ["inner", "head"], ["logits"])
    builder.output("logits")
    builder.metadata("autochrome.output", "bins313")
    builder.metadata("autochrome.scale", "1")
    builder.metadata("autochrome.stride", "4")
    let model = try builder.model()
    #expect(model.featureValues(of: "logits") == ["inner"])
    let network = try ColorNetwork(model: model, name: "small", backend: .openBLAS)
    let geometry = WorkingGeometry(width: 6, height: 5, shortSide: 5, stride: 4, scale: 1)
    let light = FloatImage(width: 6, height: 5) { out in
      for place in 0..<30 { out[place] = place == 7 ? 50 : Float(place) * 3 }
    }
    let features = try network.features(lightness: light, geometry: geometry)
    #expect(features.channels == 2 && features.width == 6 && features.height == 5)
    let half = Float(0.5).squareRoot()
    for place in 0..<30 {
      let (x, y) = (place % 6, place / 6)
      // (L − 50) ÷ 50 is 0 at place 7: all channels alike say nothing.
      let sign: Float = place == 7 ? 0 : Float(place) * 3 < 50 ? -1 : 1
      #expect(abs(features[0, x, y] - sign * half) < 1e-5)
      #expect(abs(features[1, x, y] + sign * half) < 1e-5)
    }
    #expect(throws: NetworkError.self) { try model.giving(["nothing"]) }
  }

  /// A deconvolution enlarges in networks of others.
  @Test func networksOfOthersHaveFeaturesToo() throws {
    let imported = try ModelImport(
      try ModelDocument(
        bytes: try ModelBuilder.eccv16(centers: ColorBins.centers).bytes(), name: "theirs.onnx"),
      options: .init())
    let output = try #require(imported.model.outputs.first?.name)
    #expect(imported.model.featureValues(of: output).count == 2)
    let network = try ColorNetwork(
      model: imported.model, name: "theirs", backend: .openBLAS)
    let geometry = WorkingGeometry(
      width: 64, height: 48, shortSide: 48, stride: network.description.stride,
      scale: network.description.scale)
    let light = FloatImage(width: 64, height: 48) { out in
      for place in 0..<64 * 48 { out[place] = Float(place * 37 % 101) }
    }
    let features = try network.features(lightness: light, geometry: geometry)
    #expect((features.channels, features.width, features.height) == (16, 16, 12))
    let norm = (0..<16).reduce(Float(0)) { $0 + features[$1, 5, 5] * features[$1, 5, 5] }
    #expect(abs(norm - 1) < 1e-3)
  }

  @Test func aNetworkWithoutConvolutionHasNoFeatures() throws {
    var builder = ModelBuilder()
    builder.input("L", [1, 1, -1, -2])
    builder.node("Concat", ["L", "L"], ["ab"], ["axis": .int(1)])
    builder.output("ab")
    builder.metadata("autochrome.output", "ab")
    builder.metadata("autochrome.scale", "1")
    let network = try ColorNetwork(
      model: try builder.model(), name: "plain", backend: .openBLAS)
    let geometry = WorkingGeometry(width: 16, height: 16, shortSide: 16, stride: 16, scale: 1)
    #expect(throws: ColorizationError.needsFeatures(model: "plain")) {
      try network.features(
        lightness: FloatImage(width: 16, height: 16) { $0.update(repeating: 9, count: 256) },
        geometry: geometry)
    }
  }

  // MARK: - References

  @Test func aReferenceOfTheSameSceneGivesItsColors() throws {
    let network = try Self.network.get()
    for shot in SampleFilm.Shot.allCases {
      let scene = try Scene(frame: 40, shot: shot)
      let reference = try Scene(frame: 2, shot: shot).reference(network)
      let field = try ReferenceMatcher().field(
        features: try network.features(lightness: scene.lightness, geometry: scene.geometry),
        reference: reference)
      let plain = scene.error(of: try scene.estimate(network).ab)
      let guided = scene.error(of: try scene.estimate(network, guidance: field).ab)
      #expect(guided < 0.6 * plain, "\(shot): \(plain) → \(guided)")
    }
  }

  /// Of a frame with hints, only some places have colors.
  @Test func whatHasNoColorInTheReferenceGivesNone() throws {
    let network = try Self.network.get()
    let scene = try Scene(frame: 3, shot: .meadow)
    let (width, height) = (scene.geometry.gridWidth, scene.geometry.gridHeight)
    let features = try network.features(lightness: scene.lightness, geometry: scene.geometry)
    func field(_ weight: (_ at: Int) -> Float) throws -> GuidanceField {
      try ReferenceMatcher().field(
        features: features,
        reference: try scene.reference(
          network,
          weight: FloatImage(width: width, height: height) { out in
            for at in 0..<width * height { out[at] = weight(at) }
          }))
    }
    let whole = try ReferenceMatcher().field(
      features: features, reference: try scene.reference(network))
    // All in full is as if no weights were given.
    let full = try field { _ in 1 }
    for at in 0..<width * height {
      #expect(full.weight.channel(0)[at] == whole.weight.channel(0)[at])
      #expect(full.ab.channel(0)[at] == whole.ab.channel(0)[at])
    }
    #expect(try field { _ in 0 }.isEmpty)
    // Half as much everywhere: the same colors, which count half as much.
    let half = try field { _ in 0.5 }
    for at in 0..<width * height {
      #expect(abs(half.weight.channel(0)[at] - whole.weight.channel(0)[at] / 2) < 1e-5)
      #expect(abs(half.ab.channel(1)[at] - whole.ab.channel(1)[at]) < 1e-3)
    }
    // The left half alone: the places there match themselves, and take nothing from the right.
    let left = try field { $0 % width < width / 2 ? 1 : 0 }
    let sums = [0..<width / 2, width / 2..<width].map { columns in
      (0..<width * height).reduce(Float(0)) {
        columns.contains($1 % width) ? $0 + left.weight.channel(0)[$1] : $0
      }
    }
    #expect(sums[1] < 0.5 * sums[0], "\(sums)")
  }

  @Test func aReferenceOfAnotherKindChangesNothing() throws {
    let network = try Self.network.get()
    let scene = try Scene(frame: 10, shot: .sea)
    // Noise is like nothing.
    var random = SeededGenerator(seed: 5)
    let noise = FloatImage(width: 192, height: 128) { out in
      for place in 0..<192 * 128 { out[place] = Float.random(in: 0...100, using: &random) }
    }
    let red = FloatImage(width: 48, height: 32, channels: 2) {
      $0.update(repeating: 60, count: 2 * 48 * 32)
    }
    let field = try ReferenceMatcher().field(
      features: try network.features(lightness: scene.lightness, geometry: scene.geometry),
      reference: try ReferencePicture(
        lightness: noise, ab: red,
        features: try network.features(lightness: noise, geometry: scene.geometry),
        geometry: scene.geometry))
    let plain = try scene.estimate(network)
    let guided = try scene.estimate(network, guidance: field)
    #expect(scene.error(of: guided.ab) <= 1.01 * scene.error(of: plain.ab))
  }

  /// Two kinds of places, and a reference with each in its half.
  @Test func swatchesSayWhatBelongsTogether() throws {
    let geometry = WorkingGeometry(width: 32, height: 16, shortSide: 16, stride: 4, scale: 4)
    func features(_ kind: (_ x: Int) -> Int) -> FloatImage {
      FloatImage(width: 8, height: 4, channels: 4) { out in
        for c in 0..<4 {
          for place in 0..<32 { out[c * 32 + place] = kind(place % 8) == c ? 1 : 0 }
        }
      }
    }
    let reference = try ReferencePicture(
      lightness: FloatImage(width: 32, height: 16) { $0.update(repeating: 50, count: 512) },
      ab: FloatImage(width: 8, height: 4, channels: 2) { out in
        for place in 0..<32 {
          out[place] = place % 8 < 4 ? 20 : -20
          out[32 + place] = 5
        }
      }, features: features { $0 < 4 ? 0 : 1 }, geometry: geometry)
    // By likeness: left as the reference's left; the last columns are like nothing.
    let target = features { $0 < 3 ? 0 : $0 < 6 ? 1 : 2 }
    // A quarter of the picture is like nothing: as a whole it is not like enough to count in full.
    #expect(
      try ReferenceMatcher().field(features: target, reference: reference).weight[0, 0, 0] < 0.6)
    var lenient = ReferenceMatcher()
    lenient.pictureLikeness = 0.5...0.7
    let plain = try lenient.field(features: target, reference: reference)
    #expect(plain.ab[0, 0, 0] == 20 && plain.ab[0, 4, 3] == -20 && plain.ab[1, 4, 3] == 5)
    #expect(plain.weight[0, 0, 0] > 0.9 && plain.weight[0, 7, 0] == 0)
    // Crossed by swatches: the left of the target is the reference's right.
    let crossed = try ReferenceMatcher().field(
      features: target, reference: reference,
      swatches: [
        SwatchPair(
          target: try .init(left: 0, top: 0, right: 0.25, bottom: 0.5),
          reference: try .init(left: 0.5, top: 0, right: 1, bottom: 1)),
        SwatchPair(
          target: try .init(left: 0.75, top: 0, right: 1, bottom: 1),
          reference: try .init(left: 0, top: 0, right: 0.5, bottom: 1)),
      ])
    #expect(crossed.ab[0, 1, 1] == -20 && crossed.weight[0, 1, 1] == 1)
    // Like the swatch, outside of it.
    #expect(crossed.ab[0, 2, 3] == -20 && crossed.weight[0, 2, 3] > 0.9)
    #expect(crossed.ab[0, 7, 2] == 20 && crossed.weight[0, 7, 2] == 1)
    // Like no swatch.
    #expect(crossed.weight[0, 4, 2] == 0)
    #expect(throws: ColorizationError.self) {
      try SwatchPair.Rectangle(left: 0.5, top: 0, right: 0.5, bottom: 1)
    }
    #expect(throws: ColorizationError.self) {
      try ReferenceMatcher().field(
        features: FloatImage(width: 8, height: 4, channels: 3) { _ in }, reference: reference)
    }
    let text = ##"{"target":[0,0,0.25,0.5],"reference":[0.5,0,1,1]}"##
    let pair = try JSONDecoder().decode(SwatchPair.self, from: Data(text.utf8))
    #expect(pair.reference.left == 0.5 && pair.target.bottom == 0.5)
    #expect(try JSONDecoder().decode(SwatchPair.self, from: JSONEncoder().encode(pair)) == pair)
  }

  // MARK: - Palettes

  @Test func aPaletteIsEvidenceAgainstThePrior() throws {
    let prior = (0..<313).map { exp(-Double($0 % 17)) }
    let ab = FloatImage(width: 4, height: 1, channels: 2) { out in
      for x in 0..<4 { (out[x], out[4 + x]) = x == 3 ? (.nan, 0) : (40, -20) }
    }
    let palette = try Palette(ab: ab)
    let bin = ColorBins.nearest(a: 40, b: -20)
    #expect(palette.shares[bin] == 1 && palette.shares.reduce(0, +) == 1)
    // ln of (0.7·smoothed + 0.3 ÷ 313) of both, times 0.6, added to the logits.
    let geometry = WorkingGeometry(width: 4, height: 4, shortSide: 4, stride: 4, scale: 4)
    let logits = (0..<313).map { Float(sin(Double($0) * 1.7) * 4) }
    let found = try DistributionDecoder(
      temperature: 1, prior: prior, palette: palette
    ).estimate(values: logits, geometry: geometry)
    let (picture, usual) = (
      ColorBins.smoothed(prior: palette.shares), ColorBins.smoothed(prior: prior)
    )
    let weights = (0..<313).map { q in
      exp(Double(logits[q]))
        * pow((0.7 * picture[q] + 0.3 / 313) / (0.7 * usual[q] + 0.3 / 313), 0.6)
    }
    let sum = weights.reduce(0, +)
    for c in 0..<2 {
      let mean =
        zip(weights, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1[c]) } / sum
      #expect(abs(Double(found.ab[c, 0, 0]) - mean) < 0.01)
    }
    #expect(
      try JSONDecoder().decode(Palette.self, from: try JSONEncoder().encode(palette)) == palette)
    #expect(throws: ColorizationError.self) { try Palette(shares: [1, 2]) }
    #expect(throws: ColorizationError.self) {
      try Palette(shares: [Double](repeating: 0, count: 313))
    }
  }

  @Test func aPictureComesNearerToItsOwnPalette() throws {
    let network = try Self.network.get()
    let scene = try Scene(frame: 10, shot: .corn)
    let plain = scene.error(of: try scene.estimate(network).ab)
    let guided = scene.error(
      of: try scene.estimate(network, palette: try Palette(ab: scene.ab)).ab)
    #expect(guided < 0.95 * plain, "\(plain) → \(guided)")
  }
}
