/// Scales and shifts each channel: y = x·scale[c] + shift[c]. Inputs: x (N, C, …), scale (C), shift
/// (C). What batch normalization becomes when its parameters are constants. The output may be the
/// input's memory.
struct ChannelAffine: Operator {
  let type: TensorType

  var outputs: [TensorType] { [type] }
  var floatingPointOperations: Int { 2 * type.count }

  /// The operator that replaces a batch normalization with constant parameters.
  static let name = "autochrome::ChannelAffine"

  func run(_ memory: OperatorMemory) {
    let (x, scale, shift) = (memory.input(0), memory.input(1), memory.input(2))
    let y = memory.output()
    let channels = type.shape[1]
    let plane = type.product(2..<type.rank)
    for row in 0..<(type.shape[0] * channels) {
      let (factor, summand) = (scale[row % channels], shift[row % channels])
      let (from, to) = (x + row * plane, y + row * plane)
      for i in 0..<plane { to[i] = from[i] * factor + summand }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try BatchNormalization.checkedType(context, parameters: 1...2)
    return .operation(ChannelAffine(type: x), operands: [0, 1, 2])
  }
}

/// Batch normalization in inference: y = (x − mean)/√(variance + ε)·scale + bias per channel.
/// Inputs: x (N, C, …), scale, bias, mean, variance (C each).
struct BatchNormalization: Operator {
  let type: TensorType
  let epsilon: Float

  var outputs: [TensorType] { [type] }
  var floatingPointOperations: Int { 2 * type.count }

  func run(_ memory: OperatorMemory) {
    let x = memory.input(0)
    let y = memory.output()
    let channels = type.shape[1]
    let plane = type.product(2..<type.rank)
    for row in 0..<(type.shape[0] * channels) {
      let channel = row % channels
      let factor = memory.input(1)[channel] / (memory.input(4)[channel] + epsilon).squareRoot()
      let summand = memory.input(2)[channel] - memory.input(3)[channel] * factor
      let (from, to) = (x + row * plane, y + row * plane)
      for i in 0..<plane { to[i] = from[i] * factor + summand }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["epsilon", "momentum", "spatial", "training_mode"])
    let x = try checkedType(context, parameters: 1...4)
    if try context.flag("training_mode") {
      throw context.fail(.unsupported, "training_mode is not supported")
    }
    guard try context.flag("spatial", default: true) else {
      throw context.fail(.unsupported, "spatial 0 is not supported")
    }
    guard context.node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw context.fail(.unsupported, "the outputs mean and variance are not supported")
    }
    let operation = BatchNormalization(
      type: x, epsilon: try context.float("epsilon", default: 1e-5))
    return .operation(operation, operands: [0, 1, 2, 3, 4])
  }

  /// The type of x, whose channels each of the other inputs must have a number for.
  static func checkedType(_ context: NodeContext, parameters: ClosedRange<Int>)
    throws(NetworkError) -> TensorType
  {
    let x = try context.floatType(0)
    guard x.rank >= 2 else {
      throw context.fail(.shapeMismatch, "an input of shape \(x.shape) has no channels")
    }
    for index in parameters {
      let type = try context.floatType(index)
      guard type.shape == [x.shape[1]] else {
        throw context.fail(
          .shapeMismatch, "input \(index) of shape \(type.shape) does not fit \(x.shape)")
      }
    }
    return x
  }
}

/// Instance normalization: each channel of each image to mean 0 and variance 1, then scaled and
/// shifted. Inputs: x (N, C, …), scale (C), bias (C).
struct InstanceNormalization: Operator {
  let type: TensorType
  let epsilon: Float

  var outputs: [TensorType] { [type] }
  var floatingPointOperations: Int { 5 * type.count }

  func run(_ memory: OperatorMemory) {
    let channels = type.shape[1]
    let plane = type.product(2..<type.rank)
    for row in 0..<(type.shape[0] * channels) {
      let x = memory.input(0) + row * plane
      let y = memory.output() + row * plane
      var sum = 0.0
      for i in 0..<plane { sum += Double(x[i]) }
      let mean = sum / Double(max(plane, 1))
      var squares = 0.0
      for i in 0..<plane {
        let difference = Double(x[i]) - mean
        squares += difference * difference
      }
      let deviation = (squares / Double(max(plane, 1)) + Double(epsilon)).squareRoot()
      let factor = Float(Double(memory.input(1)[row % channels]) / deviation)
      let summand = memory.input(2)[row % channels] - Float(mean) * factor
      for i in 0..<plane { y[i] = x[i] * factor + summand }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["epsilon", "consumed_inputs"])
    let x = try BatchNormalization.checkedType(context, parameters: 1...2)
    let operation = InstanceNormalization(
      type: x, epsilon: try context.float("epsilon", default: 1e-5))
    return .operation(operation, operands: [0, 1, 2])
  }
}

/// Layer normalization: the numbers of the last axes together to mean 0 and variance 1, then scaled and
/// shifted one by one (Ba, Kiros, Hinton 2016). Inputs: x, scale, and perhaps a shift, both of the
/// shape of those axes. Where they are wanted, the means and the inverse deviations are outputs too.
struct LayerNormalization: Operator {
  let type: TensorType
  /// For the means and the inverse deviations.
  let statistics: TensorType
  /// How many of these are wanted.
  let statisticsCount: Int
  /// How many numbers are normalized together.
  let length: Int
  let epsilon: Float
  let hasShift: Bool

  var outputs: [TensorType] {
    [type] + [TensorType](repeating: statistics, count: statisticsCount)
  }
  var floatingPointOperations: Int { 7 * type.count }

  func run(_ memory: OperatorMemory) {
    guard length > 0 else { return }
    let scale = memory.input(1)
    let shift = hasShift ? memory.input(2) : nil
    for row in 0..<(type.count / length) {
      let x = memory.input(0) + row * length
      let y = memory.output() + row * length
      var sum = 0.0
      for i in 0..<length { sum += Double(x[i]) }
      let mean = sum / Double(length)
      var squares = 0.0
      for i in 0..<length {
        let difference = Double(x[i]) - mean
        squares += difference * difference
      }
      let factor = Float(1 / (squares / Double(length) + Double(epsilon)).squareRoot())
      let center = Float(mean)
      if statisticsCount > 0 { memory.output(1)[row] = center }
      if statisticsCount > 1 { memory.output(2)[row] = factor }
      if let shift {
        for i in 0..<length { y[i] = (x[i] - center) * factor * scale[i] + shift[i] }
      } else {
        for i in 0..<length { y[i] = (x[i] - center) * factor * scale[i] }
      }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["axis", "epsilon", "stash_type"])
    let x = try context.floatType(0)
    let axis = try context.axis(try context.int("axis", default: -1), rank: x.rank)
    let stash = try context.int("stash_type", default: 1)
    guard stash == 1 else {
      throw context.fail(.unsupported, "stash_type \(stash) is not supported")
    }
    let parameters = context.has(2) ? [1, 2] : [1]
    for index in parameters {
      let type = try context.floatType(index)
      guard type.shape == Array(x.shape[axis...]) else {
        throw context.fail(
          .unsupported,
          "input \(index) of shape \(type.shape) is not supported; it must have the shape of the axes that are "
            + "normalized, \(Array(x.shape[axis...]))")
      }
    }
    let operation = LayerNormalization(
      type: x,
      statistics: try TensorType(
        .float32, x.shape[..<axis] + [Int](repeating: 1, count: x.rank - axis)),
      statisticsCount: min(max(context.node.outputs.count - 1, 0), 2),
      length: x.product(axis..<x.rank),
      epsilon: try context.float("epsilon", default: 1e-5), hasShift: context.has(2))
    return .operation(operation, operands: [0] + parameters)
  }
}
