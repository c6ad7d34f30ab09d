extension ModelBuilder {
  /// What is wrong with a ``pixelCNN(seed:levels:features:layers:mistake:)``.
  package enum SamplingMistake: CaseIterable, Sendable {
    /// The convolution "layer0.wide" sees the position to the right.
    case looksAhead
    /// The convolution "stem" sees the position itself.
    case seesItself
    /// The convolution "layer0.wide" has stride 2 before an enlargement.
    case stride
    /// The features pass through a mean over the whole picture, "mean".
    case mean
    /// Cr is drawn from what knows Cr: the two outputs are exchanged.
    case order
  }

  /// PixelCNN on gray in small, with a refinement: gated masked convolutions, some of them dilated, that know L at a
  /// quarter of its size; logits of Cr, and those of Cb that see Cr; then ab at half the size of L, of L and the
  /// chroma.
  package static func pixelCNN(
    seed: UInt32, levels: Int = 8, features: Int = 8, layers: Int = 3,
    mistake: SamplingMistake? = nil
  ) -> ModelBuilder {
    var builder = ModelBuilder()
    var seed = seed
    let exchanged = mistake == .order
    builder.input("L", [1, 1, -2, -3])
    builder.input("chroma", [1, 2, -4, -5])
    for name in ["ab", "first", "second"] { builder.output(name) }
    builder.metadata("autochrome.output", "ab")
    builder.metadata("autochrome.sampler", "chroma")
    builder.metadata("autochrome.levels", "\(levels)")
    builder.metadata("autochrome.sampler-scale", "4")
    builder.metadata("autochrome.sampler-outputs", exchanged ? "second first" : "first second")
    builder.metadata("autochrome.size", "32")
    builder.metadata("autochrome.stride", "4")
    builder.metadata("autochrome.scale", "2")

    // What depends on L alone.
    builder.constant(
      "condition.weight", [features, 1, 4, 4], numbers(features * 16, scale: 0.5, seed: &seed))
    builder.node(
      "Conv", ["L", "condition.weight"], ["condition.sum"], ["strides": .ints([4, 4])])
    builder.node("Tanh", ["condition.sum"], ["condition"])

    builder.masked(
      "stem", "chroma", 2, features, kernel: 5, scale: 1, seed: &seed,
      seesItself: mistake == .seesItself)
    var last = "stem"
    for layer in 0..<layers {
      let name = "layer\(layer)"
      builder.masked(
        "\(name).wide", last, features, 2 * features, kernel: 3, dilation: layer % 2 + 1,
        scale: 0.6, seed: &seed, seesItself: true,
        looksAhead: mistake == .looksAhead && layer == 0,
        stride: mistake == .stride && layer == 0 ? 2 : 1)
      var wide = "\(name).wide"
      if mistake == .stride, layer == 0 {
        builder.constant("\(name).scales", [4], [1, 1, 2, 2])
        builder.node("Resize", [wide, "", "\(name).scales"], ["\(name).enlarged"])
        wide = "\(name).enlarged"
      }
      builder.pointwise("\(name).condition", "condition", features, 2 * features, seed: &seed)
      builder.node("Add", [wide, "\(name).condition"], ["\(name).both"])
      builder.node(
        "Split", ["\(name).both"], ["\(name).value", "\(name).gate"], ["axis": .int(1)])
      builder.node("Tanh", ["\(name).value"], ["\(name).tanh"])
      builder.node("Sigmoid", ["\(name).gate"], ["\(name).sigmoid"])
      builder.node("Mul", ["\(name).tanh", "\(name).sigmoid"], ["\(name).gated"])
      builder.pointwise("\(name).narrow", "\(name).gated", features, features, seed: &seed)
      builder.node("Add", [last, "\(name).narrow"], [name])
      last = name
    }
    if mistake == .mean {
      builder.node("GlobalAveragePool", [last], ["mean"])
      builder.node("Add", [last, "mean"], ["shifted"])
      last = "shifted"
    }

    // Logits, those of Cb with Cr of the position; ELU of x and −x as in PixelCNN++.
    builder.node("Relu", [last], ["features"])
    builder.pointwise("first", "features", features, levels, scale: 3, seed: &seed)
    builder.constant("slice.starts", [0])
    builder.constant("slice.ends", [1])
    builder.constant("slice.axes", [1])
    builder.node("Slice", ["chroma", "slice.starts", "slice.ends", "slice.axes"], ["cr"])
    builder.node("Concat", ["features", "cr"], ["joined"], ["axis": .int(1)])
    builder.pointwise("mixed", "joined", features + 1, features, scale: 2, seed: &seed)
    builder.node("Neg", ["mixed"], ["negative"])
    builder.node("Concat", ["mixed", "negative"], ["pair"], ["axis": .int(1)])
    builder.node("Elu", ["pair"], ["elu"])
    builder.pointwise("second", "elu", 2 * features, levels, scale: 3, seed: &seed)

    // The refinement.
    builder.constant("detail.weight", [4, 1, 2, 2], numbers(16, scale: 0.5, seed: &seed))
    builder.node("Conv", ["L", "detail.weight"], ["detail"], ["strides": .ints([2, 2])])
    builder.constant("color.scales", [4], [1, 1, 2, 2])
    builder.node(
      "Resize", ["chroma", "", "color.scales"], ["large"],
      ["mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel")])
    builder.node("Concat", ["large", "detail"], ["seen"], ["axis": .int(1)])
    builder.constant("refine.weight", [2, 6, 1, 1], numbers(12, scale: 60, seed: &seed))
    builder.node("Conv", ["seen", "refine.weight"], ["ab"])
    return builder
  }

  /// A square convolution whose later taps are 0, and its middle one unless it sees itself.
  private mutating func masked(
    _ name: String, _ input: String, _ from: Int, _ to: Int, kernel: Int, dilation: Int = 1,
    scale: Float, seed: inout UInt32, seesItself: Bool, looksAhead: Bool = false, stride: Int = 1
  ) {
    let middle = kernel / 2
    var weights = Self.numbers(to * from * kernel * kernel, scale: scale, seed: &seed)
    for index in weights.indices {
      let (y, x) = (index / kernel % kernel, index % kernel)
      let isOwn = y == middle && x == middle
      let isLater = y > middle || y == middle && x > middle
      if isLater && !(looksAhead && y == middle && x == middle + 1) || isOwn && !seesItself {
        weights[index] = 0
      }
    }
    constant("\(name).weight", [to, from, kernel, kernel], weights)
    constant("\(name).bias", [to], Self.numbers(to, scale: 0.2, seed: &seed))
    let padding = Int64(middle * dilation)
    node(
      "Conv", [input, "\(name).weight", "\(name).bias"], [name],
      [
        "pads": .ints([padding, padding, padding, padding]),
        "dilations": .ints([Int64(dilation), Int64(dilation)]),
        "strides": .ints([Int64(stride), Int64(stride)]),
      ])
  }

  private mutating func pointwise(
    _ name: String, _ input: String, _ from: Int, _ to: Int, scale: Float = 1,
    seed: inout UInt32
  ) {
    constant(
      "\(name).weight", [to, from, 1, 1],
      Self.numbers(to * from, scale: scale / Float(from).squareRoot(), seed: &seed))
    node("Conv", [input, "\(name).weight"], [name])
  }
}
