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
  private static func numbers(_ count: Int, scale: Float, seed: inout UInt32) -> [Float] {
    (0..<count).map { _ in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return (Float(seed >> 8) / Float(1 << 23) - 1) * scale
    }
  }
}
