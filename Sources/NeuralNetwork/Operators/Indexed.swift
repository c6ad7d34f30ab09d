/// Copies an array of any type with elements picked along each axis by a table, where −1 stands for a
/// filling value: Pad.
struct Padding: Operator {
  let input: TensorType
  let output: TensorType
  /// For each axis and output index the input's index, or −1.
  let tables: [[Int]]
  /// The bytes of the filling value.
  let fill: [UInt8]

  var outputs: [TensorType] { [output] }

  /// Elements of a row that are copied together: neighbors in the input, or filling values (−1).
  private var runs: [(source: Int, count: Int)] {
    var runs: [(source: Int, count: Int)] = []
    for source in tables.last ?? [0] {
      if let last = runs.last, source < 0 ? last.source < 0 : last.source + last.count == source,
        last.source >= 0 || source < 0
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((source, 1))
      }
    }
    return runs
  }

  func run(_ memory: OperatorMemory) {
    let size = output.elementType.byteCount
    let strides = StridedWalk.dense(input.shape)
    let (x, y) = (memory.inputs[0], memory.outputs[0])
    // Walk over the output; the offset of a row in the input follows from the tables.
    let outer = output.shape.dropLast()
    let (runs, length) = (runs, output.shape.last ?? 1)
    var index = [Int](repeating: 0, count: outer.count)
    var position = 0
    guard output.count > 0 else { return }
    while true {
      var from = 0
      var isFilled = false
      for axis in outer.indices {
        let source = tables[axis][index[axis]]
        if source < 0 { isFilled = true } else { from += source * strides[axis] }
      }
      var to = y + position * size
      if isFilled {
        put(to, count: length)
      } else {
        for run in runs {
          if run.source < 0 {
            put(to, count: run.count)
          } else {
            to.copyMemory(from: x + (from + run.source) * size, byteCount: run.count * size)
          }
          to += run.count * size
        }
      }
      position += length
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < outer[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Writes filling values.
  private func put(_ to: UnsafeMutableRawPointer, count: Int) {
    fill.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for index in 0..<count {
        (to + index * bytes.count).copyMemory(from: base, byteCount: bytes.count)
      }
    }
  }

  /// Amounts are an attribute up to operator set 10 and an input from 11 on.
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.type(0)
    let mode = try context.string("mode", default: "constant")
    var fill = [UInt8](repeating: 0, count: x.elementType.byteCount)
    var amounts: [Int]
    if context.opset < 11 {
      try context.allow(["mode", "pads", "value"])
      guard x.elementType == .float32 else {
        throw context.fail(
          .unsupported, "the element type \(x.elementType.name) is not supported")
      }
      amounts = try context.ints("pads") ?? []
      fill = withUnsafeBytes(of: try context.float("value", default: 0)) { Array($0) }
    } else {
      try context.allow(["mode"])
      amounts = try context.integers(input: 1)
      if context.has(2) { fill = try context.bytes(input: 2, of: x.elementType) ?? fill }
    }
    guard ["constant", "reflect", "edge"].contains(mode) else {
      throw context.fail(.unsupported, "mode \(mode) is not supported")
    }
    var axes = Array(0..<x.rank)
    if context.has(3) {
      axes = []
      for value in try context.integers(input: 3) {
        axes.append(try context.axis(value, rank: x.rank))
      }
    }
    guard amounts.count == 2 * axes.count, Set(axes).count == axes.count,
      amounts.allSatisfy({ abs($0.clamped) <= SpatialWindow.limit })
    else {
      throw context.fail(.malformed, "the amounts \(amounts) don't fit \(axes.count) axes")
    }
    var tables = x.shape.map { Array(0..<$0) }
    for (index, axis) in axes.enumerated() {
      tables[axis] = try table(
        context, mode, x.shape[axis], amounts[index], amounts[index + axes.count])
    }
    let output = try TensorType(x.elementType, tables.map(\.count))
    return .operation(
      Padding(input: x, output: output, tables: tables, fill: fill), operands: [0])
  }

  private static func table(
    _ context: NodeContext, _ mode: String, _ extent: Int, _ begin: Int, _ end: Int
  ) throws(NetworkError) -> [Int] {
    guard extent + begin + end >= 0, mode == "constant" || extent > 0 else {
      throw context.fail(
        .shapeMismatch, "padding by \(begin) and \(end) leaves none of \(extent) elements")
    }
    return (0..<(extent + begin + end)).map { position in
      let index = position - begin
      if index >= 0, index < extent { return index }
      switch mode {
      case "edge": return min(max(index, 0), extent - 1)
      case "reflect":
        let period = max(2 * (extent - 1), 1)
        let folded = ((index % period) + period) % period
        return extent == 1 ? 0 : min(folded, period - folded)
      default: return -1
      }
    }
  }
}

extension Int {
  /// Itself, but never `Int.min`, whose magnitude can't be written.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}

/// Picks slices along an axis by an array of indexes: Gather. Inputs: data of any type, indexes
/// (int32 or int64; negative ones count from the end).
struct Gather: Operator {
  let data: TensorType
  let indexes: TensorType
  let axis: Int
  let output: TensorType

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) throws(NetworkError) {
    let outer = data.product(0..<axis)
    let bytes = data.product((axis + 1)..<data.rank) * data.elementType.byteCount
    let extent = data.shape[axis]
    var picks: [Int] = []
    for i in 0..<indexes.count {
      let value =
        indexes.elementType == .int64
        ? Int(memory.input(1, as: Int64.self)[i]) : Int(memory.input(1, as: Int32.self)[i])
      guard value >= -extent, value < extent else {
        throw NetworkError(
          .invalidInput, "Gather: the index \(value) is out of range for \(extent) elements")
      }
      picks.append(value < 0 ? value + extent : value)
    }
    for block in 0..<outer {
      for (i, pick) in picks.enumerated() {
        (memory.outputs[0] + (block * picks.count + i) * bytes).copyMemory(
          from: memory.inputs[0] + (block * extent + pick) * bytes, byteCount: bytes)
      }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["axis"])
    let data = try context.type(0)
    let indexes = try context.type(1)
    guard indexes.elementType == .int64 || indexes.elementType == .int32 else {
      throw context.fail(
        .unsupported, "indexes of the type \(indexes.elementType.name) are not supported")
    }
    let axis = try context.axis(try context.int("axis", default: 0), rank: data.rank)
    let shape = Array(data.shape[..<axis]) + indexes.shape + Array(data.shape[(axis + 1)...])
    let operation = Gather(
      data: data, indexes: indexes, axis: axis, output: try TensorType(data.elementType, shape))
    return .operation(operation, operands: [0, 1])
  }
}

/// Picks slices by places in several axes at once: GatherND. Inputs: data of any type, indexes (int64;
/// negative ones count from the end), whose last axis holds a place each.
struct GatherND: Operator {
  let data: TensorType
  let indexes: TensorType
  /// How many leading axes data and indexes share.
  let shared: Int
  let output: TensorType

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) throws(NetworkError) {
    let depth = indexes.shape[indexes.rank - 1]
    let indexed = shared..<(shared + depth)
    let steps = StridedWalk.dense(Array(data.shape[indexed]))
    let bytes = data.product(indexed.upperBound..<data.rank) * data.elementType.byteCount
    let places = data.product(indexed)
    let batches = data.product(0..<shared)
    let picks = indexes.product(shared..<(indexes.rank - 1))
    let list = memory.input(1, as: Int64.self)
    for pick in 0..<(batches * picks) {
      var place = pick / max(picks, 1) * places
      for axis in 0..<depth {
        let extent = data.shape[shared + axis]
        let value = Int(list[pick * depth + axis])
        guard value >= -extent, value < extent else {
          throw NetworkError(
            .invalidInput, "GatherND: the index \(value) is out of range for \(extent) elements")
        }
        place += (value < 0 ? value + extent : value) * steps[axis]
      }
      (memory.outputs[0] + pick * bytes).copyMemory(
        from: memory.inputs[0] + place * bytes, byteCount: bytes)
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["batch_dims"])
    let data = try context.type(0)
    let indexes = try context.type(1)
    let shared = try context.int("batch_dims", default: 0)
    guard indexes.elementType == .int64 else {
      throw context.fail(
        .unsupported, "indexes of the type \(indexes.elementType.name) are not supported")
    }
    guard indexes.rank >= 1, shared >= 0, shared < min(data.rank, indexes.rank),
      let depth = indexes.shape.last, depth >= 1, shared + depth <= data.rank,
      data.shape[..<shared] == indexes.shape[..<shared]
    else {
      throw context.fail(
        .shapeMismatch, "the shapes \(data.shape) and \(indexes.shape) don't fit each other")
    }
    let shape = Array(indexes.shape.dropLast()) + Array(data.shape[(shared + depth)...])
    let operation = GatherND(
      data: data, indexes: indexes, shared: shared, output: try TensorType(data.elementType, shape))
    return .operation(operation, operands: [0, 1])
  }
}
