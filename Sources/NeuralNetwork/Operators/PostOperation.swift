/// What a convolution does to its result before storing it, in this order: add another array, apply
/// an activation, scale and shift each channel.
struct PostOperations: Sendable {
  /// Index among the operation's inputs of an array of the output's shape to add.
  var sum: Int?
  var activation: Unary.Function?
  /// Indexes among the operation's inputs of each channel's factor and summand.
  var scale: Int?
  var shift: Int?

  var isEmpty: Bool { sum == nil && activation == nil && scale == nil }

  /// Whether they can be applied to numbers in another unit, as ``inUnits(of:)`` gives them.
  var canChangeUnit: Bool {
    switch activation {
    case nil, .relu, .leakyRelu, .clip: true
    default: false
    }
  }

  /// The same for numbers of which one stands for `unit` > 0: an activation that is no more than a factor
  /// stays, bounds are divided.
  func inUnits(of unit: Float) -> PostOperations {
    var changed = self
    if case .clip(let low, let high) = activation {
      changed.activation = .clip(low / unit, high / unit)
    }
    return changed
  }

  /// Applies them to `count` numbers of one channel.
  @inline(__always)
  func apply(
    to row: UnsafeMutablePointer<Float>, count: Int, offset: Int, channel: Int,
    _ memory: OperatorMemory
  ) {
    if let sum {
      let other = memory.input(sum) + offset
      for i in 0..<count { row[i] += other[i] }
    }
    activation?.apply(row, row, count: count)
    if let scale, let shift {
      let factor = memory.input(scale)[channel]
      let summand = memory.input(shift)[channel]
      for i in 0..<count { row[i] = row[i] * factor + summand }
    }
  }
}
