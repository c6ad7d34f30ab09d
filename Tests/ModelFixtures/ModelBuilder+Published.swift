import Foundation

extension ModelBuilder {
  /// ECCV16 in small, in the shape in which PyTorch exports it: three convolutions of stride 2, a
  /// deconvolution, 313 logits, softmax, mean over the bins, enlargement.
  /// - Parameters:
  ///   - centers: (a, b) of each bin, as the weights of the mean have them.
  ///   - isEnlarged: whether the enlargement is there.
  ///   - isFixed: whether the sizes are fixed to 64 × 96.
  package static func eccv16(
    centers: [SIMD2<Float>], isEnlarged: Bool = true, isFixed: Bool = false
  ) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("input", isFixed ? [1, 1, 64, 96] : [-1, 1, -2, -3])
    builder.output("output")
    builder.constant("fifty", [], [50])
    builder.constant("hundred", [], [100])
    builder.constant("unit", [], [110])
    builder.node("Sub", ["input", "fifty"], ["centered"])
    builder.node("Div", ["centered", "hundred"], ["normalized"])
    var seed: UInt32 = 1
    builder.convolution("conv1", "normalized", 1, 64, seed: &seed, stride: 2)
    builder.convolution("conv2", "conv1", 64, 8, seed: &seed, stride: 2)
    builder.convolution("conv3", "conv2", 8, 8, seed: &seed, stride: 2)
    builder.deconvolution("up", "conv3", 8, 8, seed: &seed)
    builder.constant("logits.weight", [313, 8, 1, 1], numbers(313 * 8, scale: 2, seed: &seed))
    builder.node("Conv", ["up", "logits.weight"], ["head"])
    builder.node("Softmax", ["head"], ["probabilities"], ["axis": .int(1)])
    builder.constant(
      "mean.weight", [2, 313, 1, 1], centers.map { $0.x / 110 } + centers.map { $0.y / 110 })
    builder.node("Conv", ["probabilities", "mean.weight"], ["mean"])
    if isEnlarged {
      builder.constant("scales", [4], [1, 1, 4, 4])
      builder.node(
        "Resize", ["mean", "", "scales"], ["enlarged"],
        [
          "mode": .string("linear"),
          "coordinate_transformation_mode": .string("half_pixel"),
        ])
    }
    builder.node("Mul", [isEnlarged ? "enlarged" : "mean", "unit"], ["output"])
    return builder
  }

  /// SIGGRAPH17 in small: L, hints and mask, three halvings, three deconvolutions with shortcuts, tanh.
  /// - Parameters:
  ///   - isJoined: whether L, hints and mask are one input of 4 channels, normalized.
  ///   - unit: what the tanh is multiplied by; 1 leaves that out.
  package static func siggraph17(isJoined: Bool = false, unit: Float = 110) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.output("output")
    if isJoined {
      builder.input("joined", [-1, 4, -2, -3])
    } else {
      builder.input("input_A", [-1, 1, -2, -3])
      builder.input("input_B", [-1, 2, -2, -3])
      builder.input("mask_B", [-1, 1, -2, -3])
      builder.constant("fifty", [1], [50])
      builder.constant("hundred", [1], [100])
      builder.constant("range", [1], [110])
      builder.node("Sub", ["input_A", "fifty"], ["centered"])
      builder.node("Div", ["centered", "hundred"], ["normalized"])
      builder.node("Div", ["input_B", "range"], ["hints"])
      builder.node("Concat", ["normalized", "hints", "mask_B"], ["joined"], ["axis": .int(1)])
    }
    var seed: UInt32 = 2
    builder.convolution("one", "joined", 4, 64, seed: &seed)
    var last = "one"
    for (name, channels) in [("two", 64), ("three", 8), ("four", 8)] {
      builder.constant("\(name).starts", [0, 0] as [Int64])
      builder.constant("\(name).ends", [Int64.max, Int64.max])
      builder.constant("\(name).axes", [2, 3] as [Int64])
      builder.constant("\(name).steps", [2, 2] as [Int64])
      builder.node(
        "Slice", [last] + ["starts", "ends", "axes", "steps"].map { "\(name).\($0)" },
        ["\(name).half"])
      builder.convolution(name, "\(name).half", channels, 8, seed: &seed)
      last = name
    }
    for (name, shortcut, channels) in [("up8", "three", 8), ("up9", "two", 8), ("up10", "one", 64)]
    {
      builder.deconvolution(name, last, 8, 8, seed: &seed)
      builder.convolution("\(name).short", shortcut, channels, 8, seed: &seed)
      builder.node("Add", [name, "\(name).short"], ["\(name).sum"])
      last = "\(name).sum"
    }
    builder.constant("color.weight", [2, 8, 1, 1], numbers(16, scale: 1, seed: &seed))
    builder.node("Conv", [last, "color.weight"], ["color"])
    builder.node("Tanh", ["color"], [unit == 1 ? "output" : "tanh"])
    if unit != 1 {
      builder.constant("unit", [1], [unit])
      builder.node("Mul", ["tanh", "unit"], ["output"])
    }
    return builder
  }

  /// DDColor in small: the picture normalized as ImageNet's, a block of ConvNeXt, pixel shuffle, color queries
  /// as maps, and a last convolution that sees the maps and the picture.
  /// - Parameter isFixed: whether the sizes are fixed to 64 × 64, by the input and by a reshape.
  package static func ddColor(isFixed: Bool = false) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("input", isFixed ? [1, 3, 64, 64] : [-1, 3, -2, -3])
    builder.output("output")
    builder.constant("mean", [1, 3, 1, 1], imageNet.mean)
    builder.constant("deviation", [1, 3, 1, 1], imageNet.deviation)
    builder.node("Sub", ["input", "mean"], ["centered"])
    builder.node("Div", ["centered", "deviation"], ["normalized"])
    var seed: UInt32 = 3
    builder.constant("stem.weight", [8, 3, 4, 4], numbers(384, scale: 0.3, seed: &seed))
    builder.node("Conv", ["normalized", "stem.weight"], ["stem"], ["strides": .ints([4, 4])])
    builder.node("Transpose", ["stem"], ["last"], ["perm": .ints([0, 2, 3, 1])])
    builder.constant("norm.weight", [8], numbers(8, scale: 1, seed: &seed))
    builder.constant("norm.bias", [8], numbers(8, scale: 0.1, seed: &seed))
    builder.node("LayerNormalization", ["last", "norm.weight", "norm.bias"], ["norm"])
    builder.constant("wide.weight", [8, 16], numbers(128, scale: 0.5, seed: &seed))
    builder.constant("narrow.weight", [16, 8], numbers(128, scale: 0.5, seed: &seed))
    for (name, value) in [("root", Float(2).squareRoot()), ("one", 1), ("half", 0.5)] {
      builder.constant(name, [], [value])
    }
    builder.node("MatMul", ["norm", "wide.weight"], ["wide"])
    builder.node("Div", ["wide", "root"], ["gelu1"])
    builder.node("Erf", ["gelu1"], ["gelu2"])
    builder.node("Add", ["gelu2", "one"], ["gelu3"])
    builder.node("Mul", ["wide", "gelu3"], ["gelu4"])
    builder.node("Mul", ["gelu4", "half"], ["gelu"])
    builder.node("MatMul", ["gelu", "narrow.weight"], ["narrow"])
    builder.node("Transpose", ["narrow"], ["first"], ["perm": .ints([0, 3, 1, 2])])
    builder.node("Add", ["stem", "first"], ["block"])
    var features = "block"
    if isFixed {
      builder.constant("places", [1, 8, 256] as [Int64])
      builder.constant("picture", [1, 8, 16, 16] as [Int64])
      builder.node("Reshape", ["block", "places"], ["flat"])
      builder.node("Reshape", ["flat", "picture"], ["unflat"])
      features = "unflat"
    }
    builder.constant("up.weight", [96, 8, 1, 1], numbers(768, scale: 0.5, seed: &seed))
    builder.node("Conv", [features, "up.weight"], ["up"])
    builder.node(
      "DepthToSpace", ["up"], ["shuffled"], ["blocksize": .int(4), "mode": .string("CRD")])
    builder.constant("queries", [1, 5, 6], numbers(30, scale: 5, seed: &seed))
    builder.node(
      "Einsum", ["queries", "shuffled"], ["maps"], ["equation": .string("bqc,bchw->bqhw")])
    builder.node("Concat", ["maps", "normalized"], ["joined"], ["axis": .int(1)])
    builder.constant("refine.weight", [2, 8, 1, 1], numbers(16, scale: 1, seed: &seed))
    builder.node("Conv", ["joined", "refine.weight"], ["output"])
    return builder
  }

  /// DeOldify in small: a convolution 7 × 7, pixel shuffle, the picture joined, and a sigmoid of −3…3.
  /// - Parameters:
  ///   - takesBytes: whether codes of 0…255 go in and come out, as in ONNX files of it that are about.
  ///   - isFixed: whether the sizes are fixed to 64 × 64, by the input and by a reshape.
  package static func deOldify(takesBytes: Bool = false, isFixed: Bool = false) -> ModelBuilder {
    var builder = ModelBuilder(opset: takesBytes ? 10 : 17)
    builder.input("input", isFixed ? [1, 3, 64, 64] : [-1, 3, -2, -3])
    builder.output("output")
    builder.constant("mean", [3, 1, 1], imageNet.mean)
    builder.constant("deviation", [3, 1, 1], imageNet.deviation)
    builder.constant("range", [], [255])
    var picture = "input"
    if takesBytes {
      builder.node("Div", ["input", "range"], ["codes"])
      builder.node("Sub", ["codes", "mean"], ["centered"])
      builder.node("Div", ["centered", "deviation"], ["normalized"])
      picture = "normalized"
    }
    var seed: UInt32 = 4
    builder.constant("stem.weight", [64, 3, 7, 7], numbers(9408, scale: 0.1, seed: &seed))
    builder.node(
      "Conv", [picture, "stem.weight"], ["stem"],
      ["strides": .ints([2, 2]), "pads": .ints([3, 3, 3, 3])])
    builder.node("Relu", ["stem"], ["features"])
    builder.constant("up.weight", [32, 64, 1, 1], numbers(2048, scale: 0.2, seed: &seed))
    builder.node("Conv", ["features", "up.weight"], ["up"])
    builder.constant("apart", [0, 8, 2, 2, isFixed ? 32 : -1, 32] as [Int64])
    builder.constant("together", [1, 8, 64, 64] as [Int64])
    if isFixed {
      builder.node("Reshape", ["up", "apart"], ["blocks"])
      builder.node("Transpose", ["blocks"], ["ordered"], ["perm": .ints([0, 1, 4, 2, 5, 3])])
      builder.node("Reshape", ["ordered", "together"], ["shuffled"])
    } else {
      builder.node(
        "ConvTranspose", ["up", "shuffle.weight"], ["shuffled"],
        ["strides": .ints([2, 2]), "group": .int(8)])
      builder.constant("shuffle.weight", [32, 1, 2, 2], numbers(128, scale: 1, seed: &seed))
    }
    builder.node("Concat", ["shuffled", picture], ["joined"], ["axis": .int(1)])
    builder.constant("color.weight", [3, 11, 1, 1], numbers(33, scale: 1, seed: &seed))
    builder.node("Conv", ["joined", "color.weight"], ["color"])
    builder.node("Sigmoid", ["color"], ["sigmoid"])
    builder.constant("six", [1], [6])
    builder.constant("three", [1], [3])
    builder.node("Mul", ["sigmoid", "six"], ["wide"])
    builder.node("Sub", ["wide", "three"], [takesBytes ? "standard" : "output"])
    if takesBytes {
      builder.node("Mul", ["standard", "deviation"], ["scaled"])
      builder.node("Add", ["scaled", "mean"], ["free"])
      builder.node("Clip", ["free"], ["bounded"], ["min": .float(0), "max": .float(1)])
      builder.node("Mul", ["bounded", "range"], ["output"])
    }
    return builder
  }

  /// Mean and deviation of ImageNet's pictures.
  package static var imageNet: (mean: [Float], deviation: [Float]) {
    ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
  }

  /// A convolution 3 × 3 with ReLU.
  private mutating func convolution(
    _ name: String, _ input: String, _ from: Int, _ to: Int, seed: inout UInt32, stride: Int64 = 1
  ) {
    constant(
      "\(name).weight", [to, from, 3, 3],
      Self.numbers(to * from * 9, scale: 1 / Float(from).squareRoot(), seed: &seed))
    node(
      "Conv", [input, "\(name).weight"], ["\(name).sum"],
      ["strides": .ints([stride, stride]), "pads": .ints([1, 1, 1, 1])])
    node("Relu", ["\(name).sum"], [name])
  }

  /// A deconvolution that doubles the size.
  private mutating func deconvolution(
    _ name: String, _ input: String, _ from: Int, _ to: Int, seed: inout UInt32
  ) {
    constant(
      "\(name).weight", [from, to, 4, 4], Self.numbers(to * from * 16, scale: 0.3, seed: &seed))
    node(
      "ConvTranspose", [input, "\(name).weight"], [name],
      ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
  }

  /// Numbers that look random, −`scale`…`scale`.
  static func numbers(_ count: Int, scale: Float, seed: inout UInt32) -> [Float] {
    (0..<count).map { _ in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return (Float(seed >> 8) / Float(1 << 23) - 1) * scale
    }
  }
}
