import Foundation

/// What a network says about itself in its metadata properties (`autochrome.*`).
package struct ColorNetworkDescription: Hashable, Sendable {
  /// What the network is given.
  package enum Input: Hashable, Sendable {
    /// One channel: L\*, 0…100.
    case lightness(ChannelScale)
    /// Three channels: R′, G′, B′ of sRGB, 0…1, of the gray that has this L\*.
    case gray(ChannelScale)
    /// One channel: the code Y′ of sRGB, 0…1, of the gray that has this L\*; R′, G′ and B′ are equal to it.
    case luma(ChannelScale)

    /// As the property `autochrome.input` says it.
    package var text: String {
      switch self {
      case .lightness(let scale): scale.text(of: "L")
      case .gray(let scale): scale.text(of: "RGB")
      case .luma(let scale): scale.text(of: "Y")
      }
    }

    /// 1 or 3.
    package var channels: Int {
      switch self {
      case .lightness, .luma: 1
      case .gray: 3
      }
    }
  }

  /// What the network puts out.
  package enum Output: Hashable, Sendable {
    /// Logits of the 313 bins.
    case bins313
    /// a and b in CIELAB units.
    case ab
    /// R′, G′, B′ of sRGB, 0…1, of which a and b are taken.
    case rgb(ChannelScale)
    /// U and V of Y′UV with the weights of BT.601, ±0.436 and ±0.615, of which a and b are taken with the Y′ that
    /// the input has.
    case uv(ChannelScale)
    /// Logits of two histograms, of hue and of chroma.
    case hueChroma(HueChromaBins)

    /// As the property `autochrome.output` says it.
    package var text: String {
      switch self {
      case .bins313: "bins313"
      case .ab: "ab"
      case .rgb(let scale): scale.text(of: "RGB")
      case .uv(let scale): scale.text(of: "uv")
      case .hueChroma: HueChromaBins.word
      }
    }

    /// 313, 2, 3, or the bins of hue and chroma together.
    package var channels: Int {
      switch self {
      case .bins313: 313
      case .ab, .uv: 2
      case .rgb: 3
      case .hueChroma(let bins): bins.hueCount + bins.chromas.count
      }
    }
  }

  /// How hints fill a frame, and reference pictures tell its colors.
  package enum Guidance: String, CaseIterable, Sendable {
    /// By what the network takes places for: ``HintSpread`` and ``ReferenceMatcher``. The rest is the network's.
    case features
    /// By luma alone: ``HintSpread/completeField(of:lightness:geometry:)`` (Levin 2004) and ``LumaMatcher`` (Welsh 2002).
    case luma
    /// By luma and its texture: Levin 2004, and ``MultimodalMatcher`` (Charpiat 2008).
    case multimodal
  }

  /// The name for people.
  package var name: String
  /// What the network is given.
  package var input: Input
  /// What the output holds.
  package var output: Output
  /// How it draws the chroma that its colors are made of; nil for a network that draws nothing.
  package var sampler: Sampler?
  /// Input heights and widths are multiples of this; for a network that samples, they are also multiples of
  /// the sampler's scale.
  package var stride: Int
  /// Input size ÷ output size.
  package var scale: Int
  /// The only input that the network takes, if it sees pictures in tiles; the stride does not matter then.
  package var tile: NetworkTile?
  /// The short side, in samples, below which the network does not know what it sees; nil for none.
  package var size: Int?
  /// The temperature of the annealed mean that suits the network.
  package var temperature: Float
  /// The vividness that suits the network.
  package var vividness: Float
  /// The λ that rebalanced the training; nil if it was not rebalanced.
  package var lambda: Double?
  /// The probabilities of the bins in the training data; nil if the model carries none.
  package var prior: [Double]?
  /// The values within the network that are its features, the finest first; empty for those that its
  /// form suggests.
  package var features: [String]
  /// How what the user gives tells colors. Other than by features, the network itself says nothing.
  package var guidance: Guidance

  /// Reads the metadata properties of the model called `name`.
  /// - Throws: `ColorizationError.metadata`, naming the property, what it says and what is expected.
  package init(name: String, metadata: [String: String]) throws(ColorizationError) {
    func number<T: LosslessStringConvertible>(
      _ key: String, default fallback: T
    ) throws(ColorizationError) -> T {
      try Self.number(key, of: name, metadata, default: fallback)
    }
    self.name = name
    guard let kind = metadata["autochrome.output"] else {
      throw .metadata(
        model: name, property: "autochrome.output", value: "nothing",
        expected: "\(Self.outputWords), to tell what the network's output means")
    }
    let output: Output
    if kind == HueChromaBins.word {
      output = .hueChroma(try HueChromaBins(model: name, metadata: metadata))
    } else if let simple = Self.output(kind) {
      output = simple
    } else {
      throw .metadata(
        model: name, property: "autochrome.output", value: kind, expected: Self.outputWords)
    }
    self.output = output
    let given = metadata["autochrome.input"] ?? "(L-50)/50"
    guard let input = Self.input(given) else {
      throw .metadata(
        model: name, property: "autochrome.input", value: given, expected: Self.inputWords)
    }
    self.input = input
    stride = try number("autochrome.stride", default: 16)
    scale = try number("autochrome.scale", default: 4)
    size = metadata["autochrome.size"] == nil ? nil : try number("autochrome.size", default: 0)
    if let size, !(16...1024).contains(size) {
      throw .metadata(
        model: name, property: "autochrome.size", value: "\(size)", expected: "16…1024")
    }
    temperature = try number(
      "autochrome.temperature", default: metadata["autochrome.sampler"] == nil ? 0.38 : 1)
    vividness = try number("autochrome.vividness", default: 1)
    lambda =
      metadata["autochrome.lambda"] == nil ? nil : try number("autochrome.lambda", default: 0)
    for (key, value) in [("autochrome.stride", stride), ("autochrome.scale", scale)]
    where !(1...256).contains(value) {
      throw .metadata(model: name, property: key, value: "\(value)", expected: "1…256")
    }
    let tile = try NetworkTile(model: name, metadata: metadata, scale: scale)
    self.tile = tile
    sampler = try Sampler(model: name, metadata: metadata, output: output, tile: tile)
    if let sampler { stride = leastCommonMultiple(stride, sampler.scale) }
    features = Self.words(metadata["autochrome.features"])
    let wantedGuidance = metadata["autochrome.guidance"] ?? Guidance.features.rawValue
    guard let guidance = Guidance(rawValue: wantedGuidance) else {
      throw .metadata(
        model: name, property: "autochrome.guidance", value: wantedGuidance,
        expected: Guidance.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self.guidance = guidance
    prior = try metadata["autochrome.prior"].map { text throws(ColorizationError) in
      guard let values = Self.prior(text) else {
        throw .metadata(
          model: name, property: "autochrome.prior", value: "\(text.prefix(40))…",
          expected: "313 non-negative numbers")
      }
      return values
    }
  }

  /// Reads the probabilities of the 313 bins, with spaces or commas between; nil if they are not 313
  /// numbers or any is negative.
  package static func prior(_ text: String) -> [Double]? {
    let words = text.split { $0.isWhitespace || $0 == "," }
    let values = words.compactMap { Double($0) }
    guard words.count == 313, values.count == 313, values.allSatisfy({ $0 >= 0 && $0.isFinite })
    else { return nil }
    return values
  }

  // MARK: Words

  /// What is between the spaces of a property; nothing if it is missing.
  static func words(_ text: String?) -> [String] {
    (text ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// Reads a number of the model called `name`.
  /// - Throws: `ColorizationError.metadata` if the property is there and no number.
  static func number<T: LosslessStringConvertible>(
    _ key: String, of name: String, _ metadata: [String: String], default fallback: T
  ) throws(ColorizationError) -> T {
    guard let text = metadata[key] else { return fallback }
    guard let value = T(text.trimmingCharacters(in: .whitespaces)) else {
      throw .metadata(model: name, property: key, value: text, expected: "a number")
    }
    return value
  }

  static let inputWords = "such as L, (L-50)/50, Y, Y*255, RGB or RGB*255"
  static let outputWords =
    "bins313, ab, huechroma, uv or RGB, the latter two also scaled, such as RGB*255"

  /// Reads `L`, `L/100`, `(L-50)/50`, `Y`, `Y*255`, or for three channels `RGB`, `RGB*255`, `(RGB-0.5)/0.5`,
  /// `(RGB-[0.485,0.456,0.406])/[0.229,0.224,0.225]`; nil if it is none of these.
  package static func input(_ text: String) -> Input? {
    ChannelScale(text, of: "L", channels: 1).map { .lightness($0) }
      ?? ChannelScale(text, of: "Y", channels: 1).map { .luma($0) }
      ?? ChannelScale(text, of: "RGB", channels: 3).map { .gray($0) }
  }

  /// Reads `bins313`, `ab`, or `RGB` or `uv` with an offset and a scale like ``input(_:)``; nil if it is none of
  /// these. `huechroma` needs its bins beside it: ``HueChromaBins``.
  package static func output(_ text: String) -> Output? {
    switch text {
    case "bins313": .bins313
    case "ab": .ab
    default:
      ChannelScale(text, of: "RGB", channels: 3).map { .rgb($0) }
        ?? ChannelScale(text, of: "uv", channels: 2).map { .uv($0) }
    }
  }
}
