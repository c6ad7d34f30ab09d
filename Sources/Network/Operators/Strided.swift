/// Copies an array of any type with axes permuted, cut, reversed or repeated: Transpose, Slice,
/// Expand.
struct Strided: Operator {
  let output: TensorType
  /// Index of the input's element that comes first.
  let offset: Int
  /// Steps in the input, in elements, for each axis of the output.
  let strides: [Int]

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) {
    switch output.elementType.byteCount {
    case 1: copy(memory, UInt8.self)
    case 2: copy(memory, UInt16.self)
    case 4: copy(memory, UInt32.self)
    default: copy(memory, UInt64.self)
    }
  }

  private func copy<T>(_ memory: OperatorMemory, _ type: T.Type) {
    let x = memory.input(0, as: T.self) + offset
    let y = memory.output(0, as: T.self)
    StridedWalk(shape: output.shape, strides: [strides]).rows { position, offsets, count, steps in
      let (from, to, step) = (x + offsets[0], y + position, steps[0])
      for i in 0..<count { to[i] = from[i * step] }
    }
  }
}

extension Strided {
  static func transpose(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["perm"])
    let x = try context.type(0)
    let order = try context.ints("perm") ?? Array((0..<x.rank).reversed())
    guard order.sorted() == Array(0..<x.rank) else {
      throw context.fail(.malformed, "perm \(order) is no permutation of \(x.rank) axes")
    }
    let own = StridedWalk.dense(x.shape)
    let operation = Strided(
      output: try TensorType(x.elementType, order.map { x.shape[$0] }), offset: 0,
      strides: order.map { own[$0] })
    return .operation(operation, operands: [0])
  }

  static func expand(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let x = try context.type(0)
    let shape = try Binary.broadcast(context, x.shape, try context.integers(input: 1))
    let operation = Strided(
      output: try TensorType(x.elementType, shape), offset: 0,
      strides: StridedWalk.broadcast(x.shape, to: shape))
    return .operation(operation, operands: [0])
  }

  /// Bounds are attributes up to operator set 9 and inputs from 10 on.
  static func slice(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.type(0)
    var starts: [Int]
    var ends: [Int]
    var axes: [Int]?
    var steps: [Int]?
    if context.opset < 10 {
      try context.allow(["starts", "ends", "axes"])
      starts = try context.ints("starts") ?? []
      ends = try context.ints("ends") ?? []
      axes = try context.ints("axes")
    } else {
      try context.allow([])
      starts = try context.integers(input: 1)
      ends = try context.integers(input: 2)
      if context.has(3) { axes = try context.integers(input: 3) }
      if context.has(4) { steps = try context.integers(input: 4) }
    }
    let along = axes ?? Array(starts.indices)
    let by = steps ?? [Int](repeating: 1, count: starts.count)
    guard ends.count == starts.count, along.count == starts.count, by.count == starts.count,
      !by.contains(0), !by.contains(Int.min)
    else {
      throw context.fail(.malformed, "starts \(starts), ends \(ends), axes \(along), steps \(by)")
    }
    var shape = x.shape
    var strides = StridedWalk.dense(x.shape)
    var offset = 0
    var seen = Set<Int>()
    for (index, value) in along.enumerated() {
      let axis = try context.axis(value, rank: x.rank)
      guard seen.insert(axis).inserted else {
        throw context.fail(.malformed, "the axis \(axis) is named twice")
      }
      let extent = x.shape[axis]
      let step = by[index]
      func bounded(_ value: Int, _ low: Int, _ high: Int) -> Int {
        min(max(value < 0 ? value + extent : value, low), high)
      }
      let first = bounded(starts[index], 0, step > 0 ? extent : extent - 1)
      let last = bounded(ends[index], step > 0 ? 0 : -1, step > 0 ? extent : extent - 1)
      let count =
        step > 0
        ? (last <= first ? 0 : (last - first - 1) / step + 1)
        : (last >= first ? 0 : (first - last - 1) / -step + 1)
      shape[axis] = count
      if count > 0 { offset += first * strides[axis] }
      strides[axis] =
        strides[axis].multipliedReportingOverflow(by: count > 1 ? step : 0).partialValue
    }
    let operation = Strided(
      output: try TensorType(x.elementType, shape), offset: offset, strides: strides)
    return .operation(operation, operands: [0])
  }
}
