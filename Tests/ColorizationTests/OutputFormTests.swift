import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Networks that give U and V, or histograms of hue and of chroma: their decoders against the definitions in double
/// precision, and what they must say about themselves.
@Suite struct OutputFormTests {
  /// What is expected at a position.
  private struct Color {
    var a = 0.0
    var b = 0.0
    var certainty = 0.0
  }

  /// Where an estimate is not what is expected, in words; nil if nowhere.
  private func problem(
    _ estimate: CoarseEstimate, _ expected: [Color], tolerance: Double
  ) -> String? {
    guard estimate.area == expected.count else {
      return "\(estimate.area) positions, expected \(expected.count)"
    }
    for (at, color) in expected.enumerated() {
      let (x, y) = (at % estimate.width, at / estimate.width)
      let found = [estimate.ab[0, x, y], estimate.ab[1, x, y], estimate.certainty[0, x, y]]
      let differences = zip(found, [color.a, color.b, color.certainty]).map {
        abs(Double($0) - $1)
      }
      // Also where a difference is no number.
      guard max(differences[0], differences[1]) <= tolerance, differences[2] <= 1e-4 else {
        return "(\(x), \(y)): \(found), expected \(color)"
      }
    }
    return nil
  }

  /// 2 or more positions of padding on each side.
  private func geometry(scale: Int) -> WorkingGeometry {
    WorkingGeometry(width: 20 * scale, height: 12 * scale, shortSide: 256, stride: 16, scale: scale)
  }

  // MARK: U and V

  /// a and b of R′, G′, B′ of sRGB, from the standards' formulas.
  private func color(_ rgb: [Double]) -> Color {
    let linear = rgb.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
    let rows = [
      [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
      [0.0193339, 0.1191920, 0.9503041],
    ]
    let roots = zip(rows, [0.95047, 1, 1.08883]).map { row, white -> Double in
      let t = zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 } / white
      return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116
    }
    return Color(a: 500 * (roots[0] - roots[1]), b: 200 * (roots[1] - roots[2]), certainty: 1)
  }

  /// The code of sRGB of the gray with this L\*.
  private func gray(_ lightness: Double) -> Double {
    let root = (lightness + 16) / 116
    let light = root > 6.0 / 29 ? root * root * root : 3 * 36 / 841 * (root - 4.0 / 29)
    return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
  }

  /// R′, G′, B′ of Y′UV, with the weights of BT.601.
  private func rgb(_ y: Double, u: Double, v: Double) -> [Double] {
    let (red, blue) = (y + 0.701 / 0.615 * v, y + 0.886 / 0.436 * u)
    return [red, (y - 0.299 * red - 0.114 * blue) / 0.587, blue]
  }

  @Test(arguments: [1, 2, 4], ["uv", "uv/0.436", "(uv-0.1)/[0.436,0.615]", "uv*255"])
  func colorsAreTakenOfYUV(scale: Int, form: String) throws {
    var random = SeededGenerator()
    let seed = random.seed
    let geometry = geometry(scale: scale)
    let description = try ColorNetworkDescription(
      name: "theirs", metadata: ["autochrome.output": form, "autochrome.scale": "\(scale)"])
    guard case .uv(let channelScale) = description.output else {
      Issue.record("\(description.output)")
      return
    }
    #expect(description.output.text == form)
    let numbers: (offset: [Double], scale: [Double]) =
      switch form {
      case "uv": ([0, 0], [1, 1])
      case "uv/0.436": ([0, 0], [0.436, 0.436])
      case "uv*255": ([0, 0], [1 / 255.0, 1 / 255.0])
      default: ([0.1, 0.1], [0.436, 0.615])
      }
    let (width, height) = (geometry.workingWidth, geometry.workingHeight)
    let lights = random.floats(width * height, in: 0...100)
    let lightness = FloatImage(width: width, height: height) {
      for index in lights.indices { $0[index] = lights[index] }
    }
    // A good part of these leaves 0…1.
    let count = geometry.paddedGridWidth * geometry.paddedGridHeight
    let u = random.floats(count, in: -0.3...0.3)
    let v = random.floats(count, in: -0.3...0.3)
    let values = (0..<count).flatMap { at in
      [
        Float((Double(u[at]) - numbers.offset[0]) / numbers.scale[0]),
        Float((Double(v[at]) - numbers.offset[1]) / numbers.scale[1]),
      ]
    }
    func expected(
      _ convert: (_ y: Double, _ u: Double, _ v: Double) -> [Double], bounded: Bool = true,
      block: Int? = nil
    ) -> [Color] {
      (0..<geometry.gridWidth * geometry.gridHeight).map { place in
        let (x, y) = (place % geometry.gridWidth, place / geometry.gridWidth)
        let side = block ?? scale
        let samples = (0..<side * side).map {
          Double(lights[(y * scale + $0 / side) * width + x * scale + $0 % side])
        }
        let light = samples.reduce(0, +) / Double(samples.count)
        let at = y * geometry.paddedGridWidth + x
        let rgb = convert(gray(light), Double(u[at]), Double(v[at]))
        return color(bounded ? rgb.map { min(max($0, 0), 1) } : rgb)
      }
    }
    let estimate = CoarseEstimate(
      uv: values, scale: channelScale, lightness: lightness, geometry: geometry)
    let right = expected { rgb($0, u: $1, v: $2) }
    #expect(
      problem(estimate, right, tolerance: 0.1) == nil,
      "seed \(seed): \(problem(estimate, right, tolerance: 0.1) ?? "")")
    // What is nearly right is rejected.
    for wrong in [
      expected { rgb($0, u: $2, v: $1) },
      expected({ rgb($0, u: $1, v: $2) }, bounded: false),
      expected { rgb($0, u: $1 * 0.872, v: $2 * 1.23) },
      expected { rgb(0.5, u: $1 + 0 * $0, v: $2) },
    ] + (scale == 1 ? [] : [expected({ rgb($0, u: $1, v: $2) }, block: 1)]) {
      #expect(problem(estimate, wrong, tolerance: 0.1) != nil, "seed \(seed)")
    }
  }

  @Test func whatIsNoNumberIsNoColor() {
    let geometry = geometry(scale: 1)
    let lightness = FloatImage(width: 20, height: 12) { $0.update(repeating: 50, count: 240) }
    var values = [Float](
      repeating: 0.1, count: 2 * geometry.paddedGridWidth * geometry.paddedGridHeight)
    (values[0], values[3]) = (.nan, .infinity)
    let estimate = CoarseEstimate(
      uv: values, scale: ChannelScale(channels: 2), lightness: lightness, geometry: geometry)
    let colored = color(rgb(gray(50), u: Double(Float(0.1)), v: Double(Float(0.1))))
    #expect(colored.a > 10)
    var expected = [Color](repeating: colored, count: 240)
    (expected[0], expected[1]) = (Color(), Color())
    #expect(problem(estimate, expected, tolerance: 0.1) == nil)
  }

  // MARK: Hue and chroma

  /// How a distribution might be decoded.
  private enum Decoding: CaseIterable {
    case right, meanChroma, noFading, hueAtEdges, oneEntropy
  }

  /// The decoding by its definition.
  private func decoded(_ logits: [Float], _ bins: HueChromaBins, as decoding: Decoding = .right)
    -> Color
  {
    func softmax(_ part: ArraySlice<Float>) -> [Double] {
      let most = Double(part.max() ?? 0)
      let powers = part.map { exp(Double($0) - most) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    let hues = softmax(logits[..<bins.hueCount])
    let chromas = softmax(logits[bins.hueCount...])
    let centers = bins.chromas.map(Double.init)
    var (real, imaginary) = (0.0, 0.0)
    for (bin, share) in hues.enumerated() {
      let middle = decoding == .hueAtEdges ? 0 : 0.5
      let angle = 2 * Double.pi * (Double(bin) + middle) / Double(hues.count)
      real += share * cos(angle)
      imaginary += share * sin(angle)
    }
    // The probability up to a chroma, by a search for ½.
    func probability(upTo chroma: Double) -> Double {
      var (sum, last) = (chromas[0] / 2, centers[0])
      for bin in 1..<centers.count {
        let next = sum + chromas[bin - 1] / 2 + chromas[bin] / 2
        if chroma <= centers[bin] {
          return sum + (next - sum) * (chroma - last) / (centers[bin] - last)
        }
        (sum, last) = (next, centers[bin])
      }
      return sum
    }
    var (low, high) = (centers[0], centers[centers.count - 1])
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if probability(upTo: middle) < 0.5 { low = middle } else { high = middle }
    }
    let chroma =
      decoding == .meanChroma ? zip(chromas, centers).reduce(0) { $0 + $1.0 * $1.1 } : high
    let fading =
      decoding == .noFading
      ? 1 : min(1, (real * real + imaginary * imaginary).squareRoot() / 0.03)
    let angle = atan2(imaginary, real)
    let joint =
      decoding == .oneEntropy ? hues : hues.flatMap { hue in chromas.map { hue * $0 } }
    let entropy = -joint.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }
    return Color(
      a: chroma * fading * cos(angle), b: chroma * fading * sin(angle),
      certainty: 1 - entropy / log(Double(joint.count)))
  }

  private func estimate(_ logits: [[Float]], _ bins: HueChromaBins, _ geometry: WorkingGeometry)
    -> CoarseEstimate
  {
    let channels = bins.hueCount + bins.chromas.count
    var values = [Float](
      repeating: 7, count: geometry.paddedGridWidth * geometry.paddedGridHeight * channels)
    for (place, own) in logits.enumerated() {
      let (x, y) = (place % geometry.gridWidth, place / geometry.gridWidth)
      let at = (y * geometry.paddedGridWidth + x) * channels
      values.replaceSubrange(at..<at + channels, with: own)
    }
    return CoarseEstimate(hueChroma: values, bins: bins, geometry: geometry)
  }

  @Test(arguments: [2, 7, 32, 256], [3, 5, 32])
  func histogramsAreDecodedAsDefined(hueCount: Int, chromaCount: Int) throws {
    var random = SeededGenerator()
    let seed = random.seed
    var center: Float = random.pick([0, 2])
    let chromas = (0..<chromaCount).map { _ in
      defer { center += Float.random(in: 0.5...6, using: &random) }
      return center
    }
    let bins = HueChromaBins(hueCount: hueCount, chromas: chromas)
    let geometry = geometry(scale: 2)
    let count = geometry.gridWidth * geometry.gridHeight
    let logits = (0..<count).map { _ in
      // From nearly even distributions, whose hue fades, to nearly certain ones.
      let spread: Float = random.pick([0.01, 0.1, 1, 5, 40])
      return random.floats(hueCount + chromaCount, in: -spread...spread)
    }
    let estimate = estimate(logits, bins, geometry)
    for decoding in Decoding.allCases {
      let expected = logits.map { decoded($0, bins, as: decoding) }
      let problem = problem(estimate, expected, tolerance: 1e-3)
      #expect(
        (problem == nil) == (decoding == .right), "seed \(seed), \(decoding): \(problem ?? "")")
    }
  }

  @Test func extremeHistograms() {
    let bins = HueChromaBins(hueCount: 4, chromas: [2, 6, 20])
    let geometry = geometry(scale: 1)
    let no = -Float.infinity
    let cases: [([Float], Color)] = [
      // One hue, one chroma: its center, although the bins' widths differ.
      (
        [9, no, no, no, no, 3, no],
        Color(a: 6 * 0.5.squareRoot(), b: 6 * 0.5.squareRoot(), certainty: 1)
      ),
      (
        [no, no, 90, no, no, no, 0],
        Color(a: -20 * 0.5.squareRoot(), b: -20 * 0.5.squareRoot(), certainty: 1)
      ),
      (
        [no, no, no, 1, 0, no, no],
        Color(a: 2 * 0.5.squareRoot(), b: -2 * 0.5.squareRoot(), certainty: 1)
      ),
      // Two opposite hues have no mean.
      (
        [0, no, 0, no, no, 0, no],
        Color(certainty: 1 - log(2) / log(12))
      ),
      ([0, 0, 0, 0, 0, 0, 0], Color(certainty: 0)),
      ([.nan, 0, 0, 0, 0, 0, 0], Color()), ([0, 0, 0, 0, 0, 0, .nan], Color()),
      ([.infinity, 0, 0, 0, 0, 0, 0], Color()), ([0, 0, 0, 0, no, no, no], Color()),
    ]
    let logits = (0..<240).map { cases[$0 % cases.count].0 }
    let expected = (0..<240).map { cases[$0 % cases.count].1 }
    #expect(problem(estimate(logits, bins, geometry), expected, tolerance: 1e-5) == nil)
  }

  // MARK: What networks say about themselves

  private let histograms = [
    "autochrome.output": "huechroma", "autochrome.hue-bins": "32",
    "autochrome.chroma-bins": "2 6,10",
  ]
  private let tiles = [
    "autochrome.output": "uv", "autochrome.scale": "2", "autochrome.tile": " 64",
    "autochrome.margin": "4",
  ]

  @Test func propertiesAreRead() throws {
    let own = try ColorNetworkDescription(name: "theirs", metadata: histograms)
    #expect(own.output == .hueChroma(HueChromaBins(hueCount: 32, chromas: [2, 6, 10])))
    #expect(own.output.channels == 35 && own.output.text == "huechroma" && own.tile == nil)
    let tiled = try ColorNetworkDescription(name: "theirs", metadata: tiles)
    #expect(tiled.tile == NetworkTile(size: 64, margin: 4) && tiled.output.channels == 2)
    #expect(tiled.tile?.answerSize(scale: 2) == 28)
    var plain = tiles
    plain["autochrome.margin"] = nil
    #expect(
      try ColorNetworkDescription(name: "theirs", metadata: plain).tile
        == NetworkTile(size: 64, margin: 0))
  }

  @Test(
    arguments: [
      ("hue-bins", [nil, "", "1", "257", "-3", "x", "8.5", "99999999999999999999"]),
      (
        "chroma-bins",
        [
          nil, "", "2", "2 2 3", "6 2", "2 nan 6", "2 inf", "-1 2", "2 201", "a b", "2;3",
          (0..<257).map { "\(Double($0) / 2)" }.joined(separator: " "),
        ]
      ),
      ("tile", ["", "0", "1", "1025", "-64", "x", "99999999999999999999", "65", nil]),
      ("margin", ["", "-1", "32", "40", "x", "99999999999999999999"]),
    ] as [(String, [String?])])
  func propertiesThatCannotBeRightAreRefused(property: String, values: [String?]) throws {
    for value in values {
      var metadata = property.hasSuffix("bins") ? histograms : tiles
      metadata["autochrome.\(property)"] = value
      do {
        let taken = try ColorNetworkDescription(name: "theirs", metadata: metadata)
        Issue.record("\(property) \(value ?? "nothing") was taken: \(taken)")
      } catch {
        // A margin without a tile is the margin's fault.
        let named = property == "tile" && value == nil ? "margin" : property
        guard case .metadata("theirs", "autochrome.\(named)", _, _) = error else {
          Issue.record("\(property) \(value ?? "nothing"): \(error)")
          continue
        }
      }
    }
  }

  /// As many channels as are asked for, of a convolution; `declared` says them in the file too.
  private func network(_ metadata: [String: String], channels: Int, declared: Bool) throws
    -> ColorNetwork
  {
    var builder = ModelBuilder()
    builder.input("x", [1, 1, -1, -2])
    builder.output("y")
    if declared {
      builder.proto.graph.output = [ModelBuilder.value("y", [1, channels, -1, -2], .float32)]
    }
    builder.constant("w", [channels, 1, 1, 1], [Float](repeating: 0.1, count: channels))
    builder.node("Conv", ["x", "w"], ["y"])
    for (key, value) in metadata { builder.metadata(key, value) }
    builder.metadata("autochrome.scale", "1")
    return try ColorNetwork(
      model: try builder.model(), name: "theirs", backend: .openBLAS, precision: .float32)
  }

  @Test(arguments: ["uv", "huechroma"]) func asManyChannelsAsBins(output: String) throws {
    var metadata = histograms
    metadata["autochrome.output"] = output
    metadata["autochrome.input"] = "Y"
    let right = output == "uv" ? 2 : 35
    let lightness = FloatImage(width: 4, height: 4) { $0.update(repeating: 40, count: 16) }
    func run(_ network: ColorNetwork) throws -> CoarseEstimate {
      try network.estimates(
        lightness: lightness, geometry: network.geometry(width: 4, height: 4, shortSide: 4),
        decoders: [try DistributionDecoder()])[0]
    }
    #expect(try run(network(metadata, channels: right, declared: true)).width == 4)
    for channels in [right - 1, right + 1] {
      for declared in [true, false] {
        do {
          _ = try run(network(metadata, channels: channels, declared: declared))
          Issue.record("\(channels) channels were taken")
        } catch let error as ColorizationError {
          #expect(error.description.contains("\(right)"), "\(error)")
          #expect(error.description.contains("\(channels)"), "\(error)")
        }
      }
    }
  }

  @Test func settingsOfTheBinsAreRefused() throws {
    let colorizer = FrameColorizer(
      network: try network(histograms, channels: 35, declared: true), shortSide: 64)
    try colorizer.prepare(for: Look())
    for (look, setting) in [
      (Look(vividness: 0.5), "vividness"), (Look(temperature: 0.5), "the temperature"),
      (Look(hues: HueWeights([.red: 0])), "weights of hues"),
    ] {
      #expect(
        throws: ColorizationError.needsDistribution(setting: setting, model: "theirs")
      ) { try colorizer.prepare(for: look) }
    }
  }

  // MARK: Y′

  @Test(
    arguments: [("Y", 0, 1), ("Y*255", 0, 1 / 255), ("(Y-0.5)/0.5", 0.5, 0.5)]
      as [(String, Double, Double)])
  func grayCodesAreGiven(form: String, offset: Double, scale: Double) throws {
    let input = try #require(ColorNetworkDescription.input(form))
    #expect(input.text == form && input.channels == 1)
    let lightness = FloatImage(width: 11, height: 3) { out in
      for index in 0..<33 { out[index] = Float(index) * 100 / 32 }
    }
    let geometry = WorkingGeometry(width: 11, height: 3, shortSide: 3, stride: 1, scale: 1)
    let values = try NetworkInput(input).tensorValues(lightness: lightness, geometry: geometry)
    #expect(values.channels == 1)
    for index in 0..<33 {
      let expected = (gray(Double(index) * 100 / 32) - offset) / scale
      let found = Double(values[0, index % 11, index / 11])
      #expect(abs(found - expected) < 5e-4 / scale, "\(form), \(index): \(found)")
    }
    #expect(ColorNetworkDescription.input("YUV") == nil)
    #expect(ColorNetworkDescription.output("Y") == nil)
    #expect(ColorNetworkDescription.output("UV") == nil)
  }
}
