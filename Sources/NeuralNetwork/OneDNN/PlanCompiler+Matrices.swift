import COneDNN

extension PlanCompiler {
  /// Products of matrices without a summand: one, or as many as there are, pair by pair. Products with
  /// weights are computed in the precision of the activations; those of two activations, which softmax
  /// often follows, in fp32.
  mutating func compile(_ kind: MatrixMultiplication, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    let (a, b) = (operation.inputs[0], operation.inputs[1])
    let count = kind.pairs.count
    guard kind.output.rank > 0, kind.summand == nil, kind.alpha == 1, !kind.transposesA,
      !kind.transposesB,
      kind.pairs.indices.allSatisfy({ kind.pairs[$0] == ($0, $0) }),
      type(a).count == count * kind.rows * kind.depth,
      type(b).count == count * kind.depth * kind.columns
    else { return false }
    let engine = try DNNLEngine.shared()
    let batch = count == 1 ? [] : [count]
    let shapes = [
      batch + [kind.rows, kind.depth], batch + [kind.depth, kind.columns],
      batch + [kind.rows, kind.columns],
    ]
    let isConstant = program.isConstant(b)
    let precision = isConstant ? activationType : dnnl_f32
    let source = try MemoryLayoutDescriptor.dense(shapes[0], precision)
    let filter =
      isConstant
      ? try any(shapes[1], precision)
      : try MemoryLayoutDescriptor.dense(shapes[1], precision)
    let resultType = isOutput(operation.outputs[0]) ? dnnl_f32 : precision
    let target = try MemoryLayoutDescriptor.dense(shapes[2], resultType)
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_matmul(
        &$0, engine.handle, source.handle, filter.handle, target.handle, attributes.handle)
    }
    guard let pd else { return false }
    let left = try denseOperand(a, precision)
    let right =
      isConstant
      ? try weights(b, as: try pd.layout(dnnl_query_weights_md), shape: shapes[1])
      : try denseOperand(b, precision)
    let output = result(
      operation.outputs[0],
      try .dense(type(operation.outputs[0]).shape, resultType))
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC, buffer: left, layout: source),
        .init(
          kind: DNNL_ARG_WEIGHTS, buffer: right, layout: try pd.layout(dnnl_query_weights_md)),
        .init(kind: DNNL_ARG_DST, buffer: output.buffer, layout: target),
      ])
    return true
  }

  /// The value in row-major order.
  private mutating func denseOperand(_ value: ValueID, _ precision: dnnl_data_type_t)
    throws(NetworkError) -> BufferID
  {
    if precision == dnnl_f32 { return try denseBuffer(value) }
    return try operand(value, as: try .dense(type(value).shape, precision)).buffer
  }
}
