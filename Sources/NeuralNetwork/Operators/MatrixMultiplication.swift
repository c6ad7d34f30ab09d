import COpenBLAS

/// Products of matrices: Gemm and MatMul. Inputs: a, b, and for Gemm a summand that was broadcast.
struct MatrixMultiplication: Operator {
  let rows: Int
  let columns: Int
  let depth: Int
  let transposesA: Bool
  let transposesB: Bool
  let alpha: Float
  let beta: Float
  /// The summand's steps along rows and columns.
  let summand: [Int]?
  /// For each product the matrices of a and b that it takes.
  let pairs: [(a: Int, b: Int)]
  let output: TensorType

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int { 2 * output.count * depth }

  func run(_ memory: OperatorMemory) {
    guard output.count > 0 else { return }
    for (index, pair) in pairs.enumerated() {
      let y = memory.output() + index * rows * columns
      var factor: Float = 0
      if let summand {
        factor = beta
        for row in 0..<rows {
          for column in 0..<columns {
            y[row * columns + column] = memory.input(2)[row * summand[0] + column * summand[1]]
          }
        }
      }
      guard depth > 0 else {
        for i in 0..<(rows * columns) { y[i] = summand == nil ? 0 : y[i] * beta }
        continue
      }
      cblas_sgemm(
        CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans,
        transposesB ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), alpha,
        memory.input(0) + pair.a * rows * depth, Int32(transposesA ? rows : depth),
        memory.input(1) + pair.b * depth * columns, Int32(transposesB ? depth : columns), factor,
        y, Int32(columns))
    }
  }
}

extension MatrixMultiplication {
  static func gemm(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["alpha", "beta", "transA", "transB"])
    let a = try context.floatType(0)
    let b = try context.floatType(1)
    let transposesA = try context.flag("transA")
    let transposesB = try context.flag("transB")
    guard a.rank == 2, b.rank == 2 else { throw mismatch(context, a, b) }
    let (rows, depth) = transposesA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (other, columns) = transposesB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    guard depth == other else { throw mismatch(context, a, b) }
    var summand: [Int]?
    if context.has(2) {
      let c = try context.floatType(2)
      guard try Binary.broadcast(context, c.shape, [rows, columns]) == [rows, columns] else {
        throw context.fail(
          .shapeMismatch, "a summand of shape \(c.shape) does not fit \([rows, columns])")
      }
      summand = StridedWalk.broadcast(c.shape, to: [rows, columns])
    }
    let operation = MatrixMultiplication(
      rows: rows, columns: columns, depth: depth, transposesA: transposesA,
      transposesB: transposesB, alpha: try context.float("alpha", default: 1),
      beta: try context.float("beta", default: 1), summand: summand, pairs: [(0, 0)],
      output: try TensorType(.float32, [rows, columns]))
    return .operation(operation, operands: context.has(2) ? [0, 1, 2] : [0, 1])
  }

  static func matMul(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let a = try context.floatType(0)
    let b = try context.floatType(1)
    guard a.rank >= 1, b.rank >= 1 else { throw mismatch(context, a, b) }
    // A vector counts as a row on the left and as a column on the right.
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    let right = b.rank == 1 ? b.shape + [1] : b.shape
    let (rows, depth) = (left[left.count - 2], left[left.count - 1])
    let columns = right[right.count - 1]
    guard right[right.count - 2] == depth else { throw mismatch(context, a, b) }
    let (batchA, batchB) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    let batch = try Binary.broadcast(context, batchA, batchB)
    let type = try TensorType(
      .float32, batch + (a.rank == 1 ? [] : [rows]) + (b.rank == 1 ? [] : [columns]))
    guard try TensorType(.float32, batch).count <= 1 << 20 else {
      throw context.fail(.unsupported, "a batch of more than a million products is not supported")
    }
    if batchB.isEmpty, a.rank > 1 {
      // One matrix on the right: all rows on the left are rows of one product.
      return .operation(
        MatrixMultiplication(
          rows: rows * batch.reduce(1, *), columns: columns, depth: depth, transposesA: false,
          transposesB: false, alpha: 1, beta: 0, summand: nil, pairs: [(0, 0)], output: type),
        operands: [0, 1])
    }
    var pairs: [(a: Int, b: Int)] = []
    StridedWalk(
      shape: batch,
      strides: [
        StridedWalk.broadcast(batchA, to: batch), StridedWalk.broadcast(batchB, to: batch),
      ]
    ).rows { _, offsets, count, steps in
      for i in 0..<count { pairs.append((offsets[0] + i * steps[0], offsets[1] + i * steps[1])) }
    }
    let operation = MatrixMultiplication(
      rows: rows, columns: columns, depth: depth, transposesA: false, transposesB: false, alpha: 1,
      beta: 0, summand: nil, pairs: pairs, output: type)
    return .operation(operation, operands: [0, 1])
  }

  private static func mismatch(_ context: NodeContext, _ a: TensorType, _ b: TensorType)
    -> NetworkError
  {
    context.fail(.shapeMismatch, "the shapes \(a.shape) and \(b.shape) don't fit each other")
  }
}
