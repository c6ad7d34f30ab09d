import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import Testing

/// One colorizer, many looks.
@Suite struct LookTests {
  private let network: ColorNetwork
  private let frame: Frame

  init() throws {
    var options = ModelImport.Options()
    options.prior = (0..<313).map { 1 / Double(1 + $0) }
    options.temperature = 0.7
    options.vividness = 0.4
    let builder = ModelBuilder.eccv16(centers: ColorBins.centers)
    let imported = try ModelImport(
      try ModelDocument(bytes: try builder.bytes(), name: "theirs.onnx"), options: options)
    network = try ColorNetwork(model: imported.model, name: "theirs", backend: .openBLAS)
    frame = Frame(
      index: 0,
      picture: ColorFixtures.gray(96, 64) { x, y in 30 + 2 * x + (x / 24 + y / 16) % 2 * 20 },
      presentationTime: 0)
  }

  private func colorizer() -> FrameColorizer { FrameColorizer(network: network, shortSide: 64) }

  private func values(_ image: FloatImage) -> [Float] {
    withExtendedLifetime(image) {
      (0..<image.channels).flatMap {
        Array(UnsafeBufferPointer(start: image.channel($0), count: image.area))
      }
    }
  }

  /// What the network says of the frame in each look, asked for at once.
  private func estimates(_ colorizer: FrameColorizer, _ looks: [Look]) throws -> [[Float]] {
    try colorizer.analyze(colorizer.survey(frame), looks: looks).map {
      values($0.estimate.ab) + values($0.estimate.certainty)
    }
  }

  private func colored(_ colorizer: FrameColorizer, _ look: Look) throws -> Picture {
    try colorizer.colorize(
      frame, analysis: colorizer.analyze(colorizer.survey(frame), look: look), look: look,
      format: .yuv444(8), wanted: ColorDescription())
  }

  @Test func eachLookIsWhatAColorizerOfItsOwnGives() throws {
    let looks = [
      Look(), Look(vividness: 0), Look(vividness: 1), Look(temperature: 0.2),
      Look(vividness: 1, temperature: 0.2), Look(hues: HueWeights([.red: 0.5, .green: 2])),
    ]
    let together = try estimates(colorizer(), looks)
    #expect(together.count == looks.count && Set(together).count == looks.count)
    for (look, estimate) in zip(looks, together) {
      let alone = colorizer()
      let analysis = try alone.analyze(alone.survey(frame), look: look)
      #expect(values(analysis.estimate.ab) + values(analysis.estimate.certainty) == estimate)
    }
  }

  @Test func whatIsLeftOpenIsTheNetworksOwn() throws {
    let given = Look(vividness: 0.4, temperature: 0.7)
    let estimates = try estimates(colorizer(), [Look(), given])
    #expect(estimates[0] == estimates[1])
    let description = network.description
    #expect(Look().vividness(of: description) == 0.4 && Look().temperature(of: description) == 0.7)
    let other = Look(vividness: 0.1, temperature: 0.2)
    #expect(other.vividness(of: description) == 0.1 && other.temperature(of: description) == 0.2)
  }

  @Test func moreLooksThanAreKeptAreRightToo() throws {
    let colorizer = colorizer()
    let looks = (0..<100).map { Look(vividness: Float($0) / 100) }
    let first = try estimates(colorizer, looks)
    #expect(try estimates(colorizer, looks.reversed()) == first.reversed())
    #expect(Set(first).count == looks.count)
  }

  @Test func saturationShiftAndRefinementAreThoseOfTheCall() throws {
    let colorizer = colorizer()
    let usual = try colored(colorizer, Look())
    let gray = try colored(colorizer, Look(saturation: 0))
    let strong = try colored(colorizer, Look(saturation: 1.5))
    let plain = try colored(colorizer, Look(refine: .bilinear))
    func distance(_ picture: Picture) -> Int {
      picture.planes[1...].reduce(0) { sum, plane in
        (0..<64).reduce(sum) { sum, y in
          (0..<96).reduce(sum) { $0 + abs(plane[$1, y] - 128) }
        }
      }
    }
    #expect(distance(gray) == 0 && distance(usual) > 0 && distance(strong) > distance(usual))
    let warm = try colored(colorizer, Look(warmth: 10))
    let green = try colored(colorizer, Look(tint: -10))
    for other in [gray, strong, plain, warm, green] {
      #expect(other.luma.hasSameSamples(as: usual.luma))
      #expect(!zip(other.planes, usual.planes).allSatisfy { $0.hasSameSamples(as: $1) })
    }
    // Nothing of the calls before is left.
    for (one, other) in zip(try colored(colorizer, Look()).planes, usual.planes) {
      #expect(one.hasSameSamples(as: other))
    }
  }

  @Test(arguments: [Look(vividness: 1.5), Look(temperature: -0.1), Look(temperature: .nan)])
  func whatIsOutOfRangeIsRefused(look: Look) throws {
    let colorizer = colorizer()
    #expect(throws: ColorizationError.self) { try colorizer.prepare(for: look) }
    let survey = try colorizer.survey(frame)
    #expect(throws: ColorizationError.self) {
      try colorizer.analyze(survey, looks: [Look(), look])
    }
    try colorizer.prepare(for: Look())
  }

  /// A frame for which colors are given is shown to the network but once, and nothing else comes of it.
  @Test func anAnswerThatWasKeptIsTheNetworksOwn() throws {
    let colorizer = colorizer()
    let survey = try colorizer.survey(frame)
    let (width, height) = (survey.geometry.gridWidth, survey.geometry.gridHeight)
    let field = GuidanceField(
      ab: FloatImage(width: width, height: height, channels: 2) { out in
        for at in 0..<2 * width * height { out[at] = 20 }
      },
      weight: FloatImage(width: width, height: height) { out in
        for at in 0..<width * height { out[at] = at % width < width / 2 ? 0.3 : 0 }
      })
    let answer = try #require(try colorizer.answer(survey))
    let kinds = KnownKinds(
      signature: answer.signature, lightness: survey.lightness, geometry: survey.geometry,
      field: field)
    func estimate(_ survey: FrameSurvey, _ answer: NetworkAnswer?) throws -> [Float] {
      let estimate = try colorizer.analyze(
        survey, look: Look(),
        guidance: FrameGuidance(field: field, kinds: [kinds], answer: answer)
      ).estimate
      return values(estimate.ab) + values(estimate.certainty)
    }
    #expect(try estimate(survey, answer) == estimate(survey, nil))
    // That of another part of the frame does not count.
    let part = try colorizer.survey(
      frame,
      area: PictureArea(
        frameWidth: 96, frameHeight: 64, left: 0, top: 8, width: 96, height: 48))
    #expect(!answer.isOf(part))
    #expect(answer.isOf(survey))
  }

  /// From memory, from disk, or asked again: what is known of a frame is the same.
  @Test func answersThatAreKeptAreThoseOfTheirFrames() throws {
    let surveys = try (0..<12).map { number in
      try colorizer().survey(
        Frame(
          index: number,
          picture: ColorFixtures.gray(96, 64) { x, y in
            20 + x + (x / 24 + y / 16 + number) % 12 * 7
          },
          presentationTime: 0))
    }
    let plain = colorizer()
    let expected = try surveys.map { try values(plain.analyze($0, look: Look()).estimate.ab) }
    #expect(Set(expected).count == expected.count)
    let one = try #require(try plain.answer(surveys[0])).byteCount + 4 * surveys[0].lightness.area
    // Of no, of one, of five, of all.
    for (memory, disk) in [(0, 0), (0, one), (3 * one, 5 * one), (0, 12 * one), (12 * one, 0)] {
      let colorizer = FrameColorizer(
        network: network, shortSide: 64, answers: (memory: memory, disk: disk))
      for pass in 0..<3 {
        for (survey, wanted) in zip(surveys, expected) {
          let found = try values(colorizer.analyze(survey, look: Look()).estimate.ab)
          #expect(found == wanted, "pass \(pass), \(memory) bytes of memory, \(disk) of disk")
        }
      }
      // All of them are known where there is room for all: nothing is copied anew.
      let isKnown = surveys.map { colorizer.hasAnswer(for: $0) }
      #expect(isKnown.count { $0 } >= min(12, max(1, max(memory, disk) / one)))
    }
  }

  @Test func aNetworkWithoutADistributionTakesNoHues() throws {
    let builder = ModelBuilder.siggraph17()
    let imported = try ModelImport(
      try ModelDocument(bytes: try builder.bytes(), name: "theirs.onnx"),
      options: ModelImport.Options())
    let colorizer = FrameColorizer(
      network: try ColorNetwork(model: imported.model, name: "theirs", backend: .openBLAS),
      shortSide: 64)
    let look = Look(hues: HueWeights([.red: 0]))
    let survey = try colorizer.survey(frame)
    for refused in [
      { try colorizer.prepare(for: look) }, { _ = try colorizer.analyze(survey, look: look) },
    ] {
      #expect(
        throws: ColorizationError.needsDistribution(setting: "weights of hues", model: "theirs")
      ) { try refused() }
    }
    let neutral = Look(warmth: 5, tint: -5, hues: HueWeights([.red: 1]))
    try colorizer.prepare(for: neutral)
    #expect(
      values(try colorizer.analyze(survey, look: neutral).estimate.ab)
        == values(try colorizer.analyze(survey, look: Look()).estimate.ab))
  }

  @Test func aLookIsSpelledLikeTheSettings() throws {
    let look = Look(
      vividness: 0.5, saturation: 1.5, warmth: 3, hues: HueWeights([.red: 0.5]), refine: .bilinear)
    let data = try JSONEncoder().encode(look)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      Set(object.keys) == [
        "vividness", "saturation", "warmth", "tint", "hues", "stability", "refine",
      ])
    #expect(object["hues"] as? [String: Double] == ["red": 0.5])
    #expect(object["refine"] as? String == "bilinear")
    #expect(try JSONDecoder().decode(Look.self, from: data) == look)
  }
}
