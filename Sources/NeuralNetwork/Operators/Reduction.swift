/// The mean, sum, norm, largest or smallest number over some axes of an fp32 array: ReduceMean,
/// ReduceSum, ReduceL2, ReduceMax, ReduceMin, GlobalAveragePool, GlobalMaxPool.
struct Reduction: Operator {
  enum Function: Sendable {
    case mean, sum, maximum, minimum
    /// The root of the sum of the squares.
    case norm
  }

  let function: Function
  let input: TensorType
  let axes: [Int]
  let output: TensorType

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int { input.count }

  /// Whether the axes are all of those after the channels'.
  var isGlobal: Bool { input.rank > 2 && axes == Array(2..<input.rank) }

  /// The axes as one block in the middle, where they are neighbors that others follow.
  private var block: (outer: Int, length: Int, inner: Int)? {
    guard let first = axes.first, let last = axes.last, last - first + 1 == axes.count,
      last + 1 < input.rank
    else { return nil }
    return (
      input.product(0..<first), input.product(first..<(last + 1)),
      input.product((last + 1)..<input.rank)
    )
  }

  func scratchByteCount(threads: Int) -> Int {
    (block?.inner ?? 0) * MemoryLayout<Double>.stride
  }

  func run(_ memory: OperatorMemory) {
    let x = memory.input(0)
    let y = memory.output()
    if let block {
      // Rows of sums at once: the numbers of one sum lie far apart.
      let sums = memory.scratch(as: Double.self)
      for outer in 0..<block.outer {
        sums.update(repeating: function.start, count: block.inner)
        for row in 0..<block.length {
          let from = x + (outer * block.length + row) * block.inner
          add(from, to: sums, count: block.inner)
        }
        let to = y + outer * block.inner
        for i in 0..<block.inner { to[i] = function.result(sums[i], of: block.length) }
      }
      return
    }
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
        var total = function.start
        inner.rows { _, offsets, length, steps in
          reduce(from + offsets[0], step: steps[0], count: length, into: &total)
        }
        y[position + i] = function.result(total, of: count)
      }
    }
  }

  /// Takes `count` numbers into one.
  private func reduce(
    _ x: UnsafePointer<Float>, step: Int, count: Int, into total: inout Double
  ) {
    switch function {
    case .mean, .sum:
      var sum = 0.0
      for i in 0..<count { sum += Double(x[i * step]) }
      total += sum
    case .norm:
      var sum = 0.0
      for i in 0..<count { sum += Double(x[i * step]) * Double(x[i * step]) }
      total += sum
    case .maximum: for i in 0..<count { total = max(total, Double(x[i * step])) }
    case .minimum: for i in 0..<count { total = min(total, Double(x[i * step])) }
    }
  }

  /// Takes one number each into `count` others.
  private func add(
    _ x: UnsafePointer<Float>, to totals: UnsafeMutablePointer<Double>, count: Int
  ) {
    switch function {
    case .mean, .sum: for i in 0..<count { totals[i] += Double(x[i]) }
    case .norm: for i in 0..<count { totals[i] += Double(x[i]) * Double(x[i]) }
    case .maximum: for i in 0..<count { totals[i] = max(totals[i], Double(x[i])) }
    case .minimum: for i in 0..<count { totals[i] = min(totals[i], Double(x[i])) }
    }
  }
}

extension Reduction.Function {
  /// What there is before any number.
  fileprivate var start: Double {
    switch self {
    case .mean, .sum, .norm: 0
    case .maximum: -.infinity
    case .minimum: .infinity
    }
  }

  fileprivate func result(_ total: Double, of count: Int) -> Float {
    switch self {
    case .mean: Float(total / Double(count))
    case .norm: Float(total.squareRoot())
    case .sum, .maximum, .minimum: Float(total)
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

  /// Axes are an attribute up to operator set 17 (12 for sums) and an input from 18 (13) on.
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.floatType(0)
    let functions: [String: Function] = [
      "ReduceMean": .mean, "ReduceSum": .sum, "ReduceMax": .maximum, "ReduceMin": .minimum,
      "ReduceL2": .norm,
    ]
    guard let function = functions[context.node.op] else {
      throw context.fail(.unsupported, "this operator is not supported")
    }
    var list: [Int]
    if context.opset < (function == .sum ? 13 : 18) {
      try context.allow(["axes", "keepdims"])
      list = try context.ints("axes") ?? []
    } else {
      try context.allow(["keepdims", "noop_with_empty_axes"])
      list = context.has(1) ? try context.integers(input: 1) : []
      if list.isEmpty, try context.flag("noop_with_empty_axes") {
        return function == .norm
          ? .operation(Unary(function: .magnitude, type: x), operands: [0]) : .reshaped(x.shape)
      }
    }
    if list.isEmpty { list = Array(0..<x.rank) }
    var axes = Set<Int>()
    for value in list { axes.insert(try context.axis(value, rank: x.rank)) }
    let keep = try context.flag("keepdims", default: true)
    let shape = x.shape.indices.compactMap { axis in
      axes.contains(axis) ? (keep ? 1 : nil) : x.shape[axis]
    }
    let operation = Reduction(
      function: function, input: x, axes: axes.sorted(), output: try TensorType(.float32, shape))
    return .operation(operation, operands: [0])
  }
}
