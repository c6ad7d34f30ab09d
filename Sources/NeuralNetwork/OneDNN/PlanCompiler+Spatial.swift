import COneDNN

/// Pooling, resampling and concatenation: what moves values about without weights.
extension PlanCompiler {
  mutating func compile(_ kind: Reduction, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard kind.isGlobal, (3...5).contains(kind.input.rank), kind.output.rank == kind.input.rank,
      kind.function == .mean || kind.function == .maximum
    else { return false }
    let spatial = Array(kind.input.shape[2...])
    return try addPooling(
      operation,
      kind.function == .mean ? dnnl_pooling_avg_exclude_padding : dnnl_pooling_max,
      SpatialWindow(
        input: spatial, output: spatial.map { _ in 1 }, kernel: spatial,
        stride: spatial.map { _ in 1 }, dilation: spatial.map { _ in 1 },
        begin: spatial.map { _ in 0 }, end: spatial.map { _ in 0 }))
  }

  mutating func compile(_ kind: Pooling, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard let (algorithm, window) = Self.pooling(kind) else { return false }
    return try addPooling(operation, algorithm, window)
  }

  /// oneDNN's algorithm and window; nil where it has none.
  private static func pooling(_ kind: Pooling) -> (dnnl_alg_kind_t, SpatialWindow)? {
    var window = kind.window
    // Rounding the extent up lets the last window reach beyond the padding.
    let needed = window.input.indices.map { axis in
      (window.output[axis] - 1) * window.stride[axis]
        + SpatialWindow.span(window.kernel[axis], window.dilation[axis])
        - window.input[axis] - window.begin[axis]
    }
    let reachesBeyond = zip(needed, window.end).contains { $0 > $1 }
    window.end = zip(needed, window.end).map { max($0, $1) }
    switch kind.function {
    case .maximum: return (dnnl_pooling_max, window)
    case .mean(countsPadding: false): return (dnnl_pooling_avg_exclude_padding, window)
    case .mean(countsPadding: true):
      return reachesBeyond ? nil : (dnnl_pooling_avg_include_padding, window)
    }
  }

  mutating func addPooling(
    _ operation: Program.Operation, _ algorithm: dnnl_alg_kind_t, _ window: SpatialWindow
  ) throws(NetworkError) -> Bool {
    let x = operation.inputs[0]
    // Of dense images oneDNN has but a plain loop, 20 times slower than converting and its kernel.
    let source =
      try real(x) == nil && type(x).rank == 4
      ? try operand(x, as: try channelsLast(type(x).shape, activationType)) : try operand(x)
    let target = try any(type(operation.outputs[0]).shape, source.layout.elementType)
    guard let pd = try describe(algorithm, window, source.layout, target) else { return false }
    try addMapping(operation, pd, source)
    return true
  }

  private func describe(
    _ algorithm: dnnl_alg_kind_t, _ window: SpatialWindow, _ source: MemoryLayoutDescriptor,
    _ target: MemoryLayoutDescriptor
  ) throws(NetworkError) -> DNNLPrimitiveDescription? {
    let engine = try DNNLEngine.shared()
    let attributes = try DNNLAttributes()
    return try DNNLPrimitiveDescription {
      ac_dnnl_pooling(
        &$0, engine.handle, algorithm, source.handle, target.handle, int64(window.stride),
        int64(window.kernel), int64(window.dilation.map { $0 - 1 }), int64(window.begin),
        int64(window.end), attributes.handle)
    }
  }

  mutating func compile(_ kind: Resize, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard kind.isRepetition || kind.isHalfPixelLinear, (3...5).contains(kind.input.rank),
      kind.axes.allSatisfy({ $0.axis >= 2 })
    else { return false }
    let source = try operand(operation.inputs[0])
    let target = try any(type(operation.outputs[0]).shape, source.layout.elementType)
    guard let pd = try describe(kind, source.layout, target) else { return false }
    try addMapping(operation, pd, source)
    return true
  }

  private func describe(
    _ kind: Resize, _ source: MemoryLayoutDescriptor, _ target: MemoryLayoutDescriptor
  ) throws(NetworkError) -> DNNLPrimitiveDescription? {
    let engine = try DNNLEngine.shared()
    let attributes = try DNNLAttributes()
    return try DNNLPrimitiveDescription {
      ac_dnnl_resampling(
        &$0, engine.handle,
        kind.isLinear ? dnnl_resampling_linear : dnnl_resampling_nearest, nil, source.handle,
        target.handle, attributes.handle)
    }
  }

  /// The largest numbers, or the same repeated, in 8 bits as they come.
  mutating func compileMoving(_ operation: Program.Operation, _ quantum: Quantum)
    throws(NetworkError) -> Bool
  {
    let (x, y) = (operation.inputs[0], operation.outputs[0])
    let source = try quantizedOperand(x, quantum)
    let target = try channelsLast(type(y).shape, quantum.oneDNN)
    let pd: DNNLPrimitiveDescription?
    switch operation.kind {
    case let kind as Pooling:
      guard let (algorithm, window) = Self.pooling(kind) else { return false }
      pd = try describe(algorithm, window, source.layout, target)
    case let kind as Resize: pd = try describe(kind, source.layout, target)
    default: return false
    }
    guard let pd else { return false }
    try addMapping(operation, pd, source, to: quantizedResult(y, target))
    return true
  }

  /// Adds a primitive with one source and one result.
  mutating func addMapping(
    _ operation: Program.Operation, _ pd: DNNLPrimitiveDescription, _ source: Native
  ) throws(NetworkError) {
    try addMapping(
      operation, pd, source, to: result(operation.outputs[0], try pd.layout(dnnl_query_dst_md)))
  }

  private mutating func addMapping(
    _ operation: Program.Operation, _ pd: DNNLPrimitiveDescription, _ source: Native,
    to target: Native
  ) throws(NetworkError) {
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC, buffer: source.buffer, layout: source.layout),
        .init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: target.layout),
      ])
  }

  mutating func compile(_ kind: Concatenation, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard operation.inputs.contains(where: { native[$0] != nil }) else { return false }
    let engine = try DNNLEngine.shared()
    var sources: [Native] = []
    for value in operation.inputs {
      let source = try operand(value)
      sources.append(
        source.layout.elementType == activationType
          ? source : try operand(value, as: try .dense(type(value).shape, activationType)))
    }
    let attributes = try DNNLAttributes()
    let layouts: [ac_dnnl_md?] = sources.map(\.layout.handle)
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_concat(
        &$0, engine.handle, nil, Int32(layouts.count), Int32(kind.axis), layouts,
        attributes.handle)
    }
    guard let pd else { return false }
    let target = result(operation.outputs[0], try pd.layout(dnnl_query_dst_md))
    var arguments: [ExecutionPlan.Argument] = [
      .init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: target.layout)
    ]
    for (index, source) in sources.enumerated() {
      arguments.append(
        .init(
          kind: DNNL_ARG_MULTIPLE_SRC + Int32(index), buffer: source.buffer,
          layout: source.layout))
    }
    try add(operation.name, pd, arguments)
    return true
  }
}
