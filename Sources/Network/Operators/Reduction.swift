/// The mean or the largest number over some axes of an fp32 array: ReduceMean, GlobalAveragePool,
/// GlobalMaxPool.
struct Reduction: Operator {
  enum Function: Sendable { case mean, maximum }

  let function: Function
  let input: TensorType
  let axes: [Int]
  let output: TensorType

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int { input.count }

  /// Whether the axes are all of those after the channels'.
  var isGlobal: Bool { input.rank > 2 && axes == Array(2..<input.rank) }

  func run(_ memory: OperatorMemory) {
    let x = memory.input(0)
    let y = memory.output()
    let kept = (0..<input.rank).filter { !axes.contains($0) }
    let strides = StridedWalk.dense(input.shape)
    let inner = StridedWalk(
      shape: axes.map { input.shape[$0] }, strides: [axes.map { strides[$0] }])
    let outer = StridedWalk(
      shape: kept.map { input.shape[$0] }, strides: [kept.map { strides[$0] }])
    let count = axes.reduce(1) { $0 * input.shape[$1] }
    outer.rows { position, offsets, length, steps in
      for i in 0..<length {
        let from = x + offsets[0] + i * steps[0]
        y[position + i] = reduce(from, inner, count: count)
      }
    }
  }

  private func reduce(_ x: UnsafePointer<Float>, _ walk: StridedWalk, count: Int) -> Float {
    switch function {
    case .mean:
      var total = 0.0
      walk.rows { _, offsets, length, steps in
        var sum = 0.0
        for i in 0..<length { sum += Double(x[offsets[0] + i * steps[0]]) }
        total += sum
      }
      return Float(total / Double(count))
    case .maximum:
      var largest = -Float.infinity
      walk.rows { _, offsets, length, steps in
        for i in 0..<length { largest = max(largest, x[offsets[0] + i * steps[0]]) }
      }
      return largest
    }
  }
}

extension Reduction {
  static func global(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let x = try context.imageType()
    let shape = Array(x.shape[..<2]) + [Int](repeating: 1, count: x.rank - 2)
    let operation = Reduction(
      function: context.node.op == "GlobalMaxPool" ? .maximum : .mean, input: x,
      axes: Array(2..<x.rank), output: try TensorType(.float32, shape))
    return .operation(operation, operands: [0])
  }

  /// Axes are an attribute up to operator set 17 and an input from 18 on.
  static func mean(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.floatType(0)
    var list: [Int]
    if context.opset < 18 {
      try context.allow(["axes", "keepdims"])
      list = try context.ints("axes") ?? []
    } else {
      try context.allow(["keepdims", "noop_with_empty_axes"])
      list = context.has(1) ? try context.integers(input: 1) : []
      if list.isEmpty, try context.flag("noop_with_empty_axes") { return .reshaped(x.shape) }
    }
    if list.isEmpty { list = Array(0..<x.rank) }
    var axes = Set<Int>()
    for value in list { axes.insert(try context.axis(value, rank: x.rank)) }
    let keep = try context.flag("keepdims", default: true)
    let shape = x.shape.indices.compactMap { axis in
      axes.contains(axis) ? (keep ? 1 : nil) : x.shape[axis]
    }
    let operation = Reduction(
      function: .mean, input: x, axes: axes.sorted(), output: try TensorType(.float32, shape))
    return .operation(operation, operands: [0])
  }
}
