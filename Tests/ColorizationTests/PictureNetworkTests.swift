import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Networks that are given the picture in R′G′B′, and such that give it: what goes in, what is taken of what
/// comes out, and how DDColor's and DeOldify's files are recognized.
@Suite struct PictureNetworkTests {
  // MARK: What goes in and comes out

  /// Three channels in, each channel out a weighted sum of them and a constant.
  private func mixer(_ weights: [[Float]], _ constants: [Float], size: [Int] = [-2, -3])
    -> ModelBuilder
  {
    var builder = ModelBuilder()
    builder.input("x", [1, 3] + size)
    builder.output("y")
    builder.constant("w", [weights.count, 3, 1, 1], weights.flatMap { $0 })
    builder.constant("b", [constants.count], constants)
    builder.node("Conv", ["x", "w", "b"], ["y"])
    return builder
  }

  private func network(_ builder: ModelBuilder, input: String, output: String) throws
    -> ColorNetwork
  {
    var builder = builder
    for (key, value) in ["input": input, "output": output, "stride": "4", "scale": "1"] {
      builder.metadata("autochrome.\(key)", value)
    }
    return try ColorNetwork(
      model: try builder.model(), name: "theirs", backend: .openBLAS, precision: .float32)
  }

  private let lightness = FloatImage(width: 8, height: 8) { out in
    for index in 0..<64 { out[index] = Float(index) * 100 / 63 }
  }

  /// The code of sRGB (IEC 61966-2-1) of the gray with this L\*, from the formulas.
  private func gray(_ lightness: Double) -> Double {
    let root = (lightness + 16) / 116
    let light = root > 6.0 / 29 ? root * root * root : 3 * 36 / 841 * (root - 4.0 / 29)
    return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
  }

  private func estimate(_ network: ColorNetwork) throws -> CoarseEstimate {
    let geometry = network.geometry(width: 8, height: 8, shortSide: 8)
    return try network.estimates(
      lightness: lightness, geometry: geometry, decoders: [try DistributionDecoder()])[0]
  }

  /// What a user gives is laid over the colors of a picture, too.
  @Test(arguments: ["ab", "RGB"]) func answersAreGuided(output: String) throws {
    let weights: [[Float]] =
      output == "ab" ? [[40, 0, 0], [0, 30, 0]] : [[0.9, 0, 0], [0, 0.6, 0], [0, 0, 0.3]]
    let colorizer = FrameColorizer(
      network: try network(
        mixer(weights, [Float](repeating: 0.05, count: weights.count)), input: "RGB",
        output: output), shortSide: 8)
    let survey = FrameSurvey(
      area: PictureArea(wholeOfWidth: 8, height: 8),
      geometry: colorizer.network.geometry(width: 8, height: 8, shortSide: 8),
      lightness: lightness)
    let own = try colorizer.analyze(survey, look: Look()).estimate
    // Nothing is said of the left half.
    let field = GuidanceField(
      ab: FloatImage(width: 8, height: 8, channels: 2) { out in
        for at in 0..<64 { (out[at], out[64 + at]) = (-20, 35) }
      },
      weight: FloatImage(width: 8, height: 8) { out in
        for at in 0..<64 { out[at] = at % 8 < 4 ? 0 : 1 }
      })
    let guided = try colorizer.analyze(
      survey, look: Look(), guidance: FrameGuidance(field: field)
    ).estimate
    for at in 0..<64 {
      let expected =
        at % 8 < 4 ? (own.ab.channel(0)[at], own.ab.channel(1)[at]) : (-20, 35)
      #expect((guided.ab.channel(0)[at], guided.ab.channel(1)[at]) == expected, "\(at)")
    }
    #expect(own.ab.channel(0)[40] != -20)
  }

  @Test(
    arguments: [
      ("RGB", [0, 0, 0], [1, 1, 1]), ("RGB*255", [0, 0, 0], [1 / 255, 1 / 255, 1 / 255]),
      ("(RGB-0.5)/0.5", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
      ("(RGB*4-2)/2", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
      (
        "( RGB - [0.485, 0.456, 0.406] ) / [0.229, 0.224, 0.225]", [0.485, 0.456, 0.406],
        [0.229, 0.224, 0.225]
      ),
    ] as [(String, [Double], [Double])])
  func grayIsGivenAsAsked(form: String, offsets: [Double], scales: [Double]) throws {
    // Each channel by itself is a, so that all three are seen.
    for channel in 0..<3 {
      var weights: [[Float]] = [[0, 0, 0], [0, 0, 0]]
      weights[0][channel] = 1
      let network = try network(mixer(weights, [0, 7]), input: form, output: "ab")
      let estimate = try estimate(network)
      for index in 0..<64 {
        let gray = gray(Double(index) * 100 / 63)
        let expected = (gray - offsets[channel]) / scales[channel]
        let found = Double(estimate.ab.channel(0)[index])
        #expect(
          abs(found - expected) < 5e-4 / scales[channel], "\(form), \(channel), \(index): \(found)")
        #expect(estimate.ab.channel(1)[index] == 7)
        #expect(estimate.certainty.channel(0)[index] == 1)
      }
    }
  }

  @Test(arguments: ["RGB", "RGB*255", "(RGB-[0.485,0.456,0.406])/[0.229,0.224,0.225]"])
  func colorsAreTakenOfPictures(form: String) throws {
    // What a network gives: the gray times a tint, which leaves 0…1 for the brightest.
    let tint: [Float] = [1.4, 0.9, 0.3]
    let scale: ([Float], [Float]) =
      switch form {
      case "RGB": ([0, 0, 0], [1, 1, 1])
      case "RGB*255": ([0, 0, 0], [1.0 / 255, 1.0 / 255, 1.0 / 255])
      default: ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
      }
    let weights = (0..<3).map { channel in
      (0..<3).map { $0 == channel ? tint[channel] / scale.1[channel] : 0 }
    }
    let network = try network(
      mixer(weights, (0..<3).map { -scale.0[$0] / scale.1[$0] }), input: "RGB", output: form)
    let estimate = try estimate(network)
    for index in stride(from: 0, to: 64, by: 3) {
      let gray = gray(Double(index) * 100 / 63)
      // sRGB to X, Y, Z ÷ D65's and to a and b, from the standards' formulas.
      let linear = tint.map { factor -> Double in
        let code = min(max(Double(factor) * gray, 0), 1)
        return code <= 0.04045 ? code / 12.92 : pow((code + 0.055) / 1.055, 2.4)
      }
      let rows = [
        [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
      ]
      let white = [0.95047, 1, 1.08883]
      let roots = (0..<3).map { axis -> Double in
        let t = zip(rows[axis], linear).reduce(0) { $0 + $1.0 * $1.1 } / white[axis]
        return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116
      }
      let (a, b) = (500 * (roots[0] - roots[1]), 200 * (roots[1] - roots[2]))
      #expect(abs(Double(estimate.ab.channel(0)[index]) - a) < 0.1, "\(form), \(index)")
      #expect(abs(Double(estimate.ab.channel(1)[index]) - b) < 0.1, "\(form), \(index)")
    }
    #expect(estimate.ab.channel(0)[42] > 20)
  }

  @Test func whatIsNoNumberIsNoColor() throws {
    let network = try network(
      mixer([[.infinity, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0]), input: "RGB", output: "RGB")
    let estimate = try estimate(network)
    #expect(estimate.certainty.channel(0)[5] == 0)
    #expect(estimate.ab.channel(0)[5] == 0 && estimate.ab.channel(1)[5] == 0)
  }

  @Test func formsThatCannotBeReadAreRefused() throws {
    for (key, text) in [
      ("input", "RBG"), ("input", "(RGB-[1,2])/3"), ("input", "RGB/0"), ("input", "(RGB-0.5"),
      ("input", "(RGB*0-1)/2"), ("input", "(RGB*255-127/128"), ("input", "RGB*2-1/2"),
      ("input", "RGB-0.5/0.5"), ("input", "L/[1,2,3]"), ("output", "rgb"), ("output", "RGB*x"),
      ("output", "(RGB-[1,2,3,4])"), ("input", "RGB/nan"), ("output", ""),
    ] {
      var metadata = ["autochrome.input": "RGB", "autochrome.output": "RGB"]
      metadata["autochrome.\(key)"] = text
      do {
        _ = try ColorNetworkDescription(name: "theirs", metadata: metadata)
        Issue.record("\(key) \(text) was taken")
      } catch { #expect("\(error)".contains("autochrome.\(key)"), "\(error)") }
    }
    // What the network's file says of its input and what its property says must fit.
    #expect(throws: ColorizationError.self) {
      try network(mixer([[1, 0, 0], [0, 1, 0]], [0, 0]), input: "L", output: "ab")
    }
  }

  @Test func formsAreWrittenAsTheyAreRead() throws {
    for text in [
      "L", "L/100", "(L-50)/50", "RGB", "RGB*255", "(RGB-0.5)/0.5", "(RGB-0.5)",
      "(RGB-[0.485,0.456,0.406])/[0.229,0.224,0.225]",
    ] {
      #expect(ColorNetworkDescription.input(text)?.text == text)
      if text.contains("RGB") { #expect(ColorNetworkDescription.output(text)?.text == text) }
    }
  }

  // MARK: Sizes

  @Test func aFixedSizeIsWhatPicturesAreStretchedTo() throws {
    let network = try network(
      mixer([[1, 0, 0], [0, 1, 0]], [0, 0], size: [48, 64]), input: "RGB", output: "ab")
    #expect(network.fixedSize == WorkingGeometry.FixedSize(width: 64, height: 48))
    for (width, height) in [(640, 360), (90, 160), (20, 10)] {
      let geometry = network.geometry(width: width, height: height, shortSide: 160)
      #expect(geometry.workingWidth == 64 && geometry.workingHeight == 48)
      #expect(geometry.paddedWidth == 64 && geometry.paddedGridHeight == 48)
      let colorizer = FrameColorizer(network: network, shortSide: 160)
      let picture = ColorFixtures.gray(width, height) { x, y in x < width / 2 ? 40 : 200 }
      let frame = Frame(index: 0, picture: picture, presentationTime: 0)
      let analysis = try colorizer.analyze(try colorizer.survey(frame), look: Look())
      let a = analysis.estimate.ab.channel(0)
      #expect(abs(a[24 * 64 + 8] - 40.0 / 255) < 2e-3 && abs(a[24 * 64 + 56] - 200.0 / 255) < 2e-3)
    }
    #expect(throws: ColorizationError.self) {
      try self.network(
        mixer([[1, 0, 0], [0, 1, 0]], [0, 0], size: [48, -3]), input: "RGB", output: "ab")
    }
  }

  @Test func aNetworkMayNeedMoreThanIsAskedFor() throws {
    var builder = mixer([[1, 0, 0], [0, 1, 0]], [0, 0])
    builder.metadata("autochrome.size", "96")
    let network = try network(builder, input: "RGB", output: "ab")
    #expect(network.geometry(width: 400, height: 200, shortSide: 64).workingHeight == 96)
    #expect(network.geometry(width: 400, height: 200, shortSide: 128).workingHeight == 128)
    #expect(network.geometry(width: 400, height: 80, shortSide: 64).workingHeight == 80)
  }

  // MARK: Import

  private func imported(
    _ builder: ModelBuilder, _ change: (inout ModelImport.Options) -> Void = { _ in }
  ) throws -> ModelImport {
    var options = ModelImport.Options()
    change(&options)
    return try ModelImport(
      try ModelDocument(bytes: try builder.bytes(), name: "theirs.onnx"), options: options)
  }

  private func run(_ model: Model, _ input: Tensor) throws -> [Float] {
    let session = try Session(model: model, backend: .openBLAS)
    let results = try session.run([model.inputs[0].name: input])
    return try #require(results[model.outputs[0].name]).floats
  }

  private func picture(range: Float, height: Int = 64, width: Int = 64) throws -> Tensor {
    try Tensor(
      shape: [1, 3, height, width],
      floats: (0..<3 * height * width).map { Float($0 * 37 % 101) / 100 * range })
  }

  @Test(arguments: [false, true]) func ddColorIsRecognized(isFixed: Bool) throws {
    let builder = ModelBuilder.ddColor(isFixed: isFixed)
    let result = try imported(builder)
    let description = result.description
    #expect(description.input == .gray(ChannelScale(channels: 3)) && description.output == .ab)
    #expect(description.scale == 1)
    #expect(result.findings.contains { $0.contains("DDColor") })
    let network = try ColorNetwork(model: result.model, name: "theirs", backend: .openBLAS)
    if isFixed {
      #expect(network.fixedSize == WorkingGeometry.FixedSize(width: 64, height: 64))
      #expect(description.size == nil)
      #expect(result.findings.contains { $0.contains("64×64, to which pictures are stretched") })
    } else {
      #expect(network.fixedSize == nil && description.stride == 4 && description.size == 512)
      #expect(try imported(builder) { $0.size = 256 }.description.size == 256)
    }
    let input = try picture(range: 1)
    let theirs = try run(try builder.model(), input)
    #expect(try run(result.model, input) == theirs)
    #expect(theirs.contains { abs($0) > 1 })
  }

  @Test(arguments: [false, true], [false, true])
  func deOldifyIsRecognized(takesBytes: Bool, isFixed: Bool) throws {
    let builder = ModelBuilder.deOldify(takesBytes: takesBytes, isFixed: isFixed)
    let result = try imported(builder)
    let scale = takesBytes ? ChannelScale(scale: 1 / 255, channels: 3) : .imageNet
    #expect(result.description.input.text == (takesBytes ? "RGB*255" : scale.imageNetText))
    #expect(result.description.output.text == result.description.input.text)
    #expect(result.findings.contains { $0.contains("DeOldify") })
    let network = try ColorNetwork(model: result.model, name: "theirs", backend: .openBLAS)
    #expect((network.fixedSize != nil) == isFixed)
    #expect(network.description.size == (isFixed ? nil : 336))
    if !isFixed { #expect(network.description.stride == 2) }
    let input = try picture(range: takesBytes ? 255 : 1)
    let theirs = try run(try builder.model(), input)
    #expect(try run(result.model, input) == theirs)
    // The colors are those of the picture that the network itself gives for this gray.
    let geometry = network.geometry(width: 64, height: 64, shortSide: 64)
    let lightness = FloatImage(
      width: geometry.workingWidth, height: geometry.workingHeight
    ) { out in
      for index in 0..<geometry.workingWidth * geometry.workingHeight {
        out[index] = Float(index % 64) * 100 / 63
      }
    }
    let estimate = try network.estimates(
      lightness: lightness, geometry: geometry, decoders: [try DistributionDecoder()])[0]
    let given = try Tensor(
      shape: [1, 3, 64, 64],
      floats: (0..<3).flatMap { channel in
        (0..<4096).map { index in
          let gray = Float(gray(Double(index % 64) * 100 / 63))
          return takesBytes
            ? gray * 255
            : (gray - ModelBuilder.imageNet.mean[channel])
              / ModelBuilder.imageNet.deviation[channel]
        }
      })
    let answer = try run(try builder.model(), given)
    for index in stride(from: 0, to: 4096, by: 97) {
      let rgb = SIMD3<Double>(
        (0..<3).map { channel in
          let number = Double(answer[channel * 4096 + index])
          return min(
            max(
              takesBytes
                ? number / 255
                : number * Double(ModelBuilder.imageNet.deviation[channel])
                  + Double(ModelBuilder.imageNet.mean[channel]), 0), 1)
        })
      let lab = ColorModel.sRGB.lab(rgb: rgb)
      #expect(abs(Double(estimate.ab.channel(0)[index]) - lab.y) < 0.2)
      #expect(abs(Double(estimate.ab.channel(1)[index]) - lab.z) < 0.2)
    }
  }

  @Test func othersArePicturesIfTheUserSaysSo() throws {
    var builder = mixer([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0])
    builder.proto.graph.output[0].name = "z"
    builder.node("Tanh", ["y"], ["z"])
    let result = try imported(builder) {
      $0.input = ColorNetworkDescription.input("(RGB-0.5)/0.5")
      $0.output = ColorNetworkDescription.output("(RGB-0.5)/0.5")
    }
    #expect(result.model.metadata["autochrome.input"] == "(RGB-0.5)/0.5")
    #expect(result.model.metadata["autochrome.output"] == "(RGB-0.5)/0.5")
    #expect(result.description.stride == 1 && result.model.outputs[0].name == "rgb")
  }

  @Test func aDistributionIsNotToBeHad() throws {
    let imported = try imported(.deOldify())
    let colorizer = FrameColorizer(
      network: try ColorNetwork(model: imported.model, name: "theirs", backend: .openBLAS),
      shortSide: 64)
    #expect(
      throws: ColorizationError.needsDistribution(setting: "weights of hues", model: "theirs")
    ) {
      try colorizer.prepare(for: Look(hues: HueWeights([.red: 0])))
    }
    #expect(throws: ColorizationError.self) {
      try self.imported(.ddColor()) { $0.output = .bins313 }
    }
  }
}

extension ChannelScale {
  fileprivate var imageNetText: String {
    "(RGB-[0.485,0.456,0.406])/[0.229,0.224,0.225]"
  }
}
