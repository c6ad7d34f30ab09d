import COneDNN

extension PlanCompiler {
  /// The element type in which arrays pass between primitives.
  var activationType: dnnl_data_type_t { precision == .bfloat16 ? dnnl_bf16 : dnnl_f32 }

  /// Compiles the operation to a oneDNN primitive; false when oneDNN has none for it.
  mutating func compilePrimitive(_ operation: Program.Operation) throws(NetworkError) -> Bool {
    guard
      operation.inputs.allSatisfy({ type($0).elementType == .float32 && type($0).count > 0 }),
      operation.outputs.allSatisfy({ type($0).elementType == .float32 && type($0).count > 0 })
    else { return false }
    switch operation.kind {
    case let kind as Convolution: return try compile(kind, operation)
    case let kind as Deconvolution: return try compile(kind, operation)
    case let kind as ChannelAffine: return try compile(kind, operation)
    case let kind as Pooling: return try compile(kind, operation)
    case let kind as Softmax: return try compile(kind, operation)
    case let kind as Unary: return try compile(kind, operation)
    case let kind as Binary: return try compile(kind, operation)
    case let kind as Reduction: return try compile(kind, operation)
    case let kind as Resize: return try compile(kind, operation)
    case let kind as Concatenation: return try compile(kind, operation)
    default: return false
    }
  }

  // MARK: Operands

  /// The value as it lies: in oneDNN's layout where there is one, else dense.
  mutating func operand(_ value: ValueID) throws(NetworkError) -> Native {
    if let found = native[value] { return found }
    return Native(buffer: try denseBuffer(value), layout: try .dense(type(value).shape))
  }

  /// The value in a certain layout.
  mutating func operand(_ value: ValueID, as layout: MemoryLayoutDescriptor)
    throws(NetworkError) -> Native
  {
    let source = try operand(value)
    if source.layout.isEqual(layout) { return source }
    let copy = try copy(value, as: layout)
    if native[value] == nil { native[value] = copy }
    return copy
  }

  /// The value in a certain layout and in a buffer that the operation may write over: its own where
  /// nobody else reads it, else a copy.
  private mutating func summand(
    _ value: ValueID, as layout: MemoryLayoutDescriptor, of operation: Program.Operation
  ) throws(NetworkError) -> Native {
    let source = try operand(value)
    let readers = operation.inputs.filter { program.root($0) == program.root(value) }
    if source.layout.isEqual(layout), readers.count == 1, dies(value),
      builder.isInArena(source.buffer)
    {
      return source
    }
    return try copy(value, as: layout)
  }

  private mutating func copy(_ value: ValueID, as layout: MemoryLayoutDescriptor)
    throws(NetworkError) -> Native
  {
    let copy = Native(buffer: builder.arenaBuffer(byteCount: layout.byteCount), layout: layout)
    try reorder(try operand(value), to: copy, name: program.values[value].name)
    return copy
  }

  /// Weights or biases: constants are packed once, others converted at each run. `shape` and
  /// `strides` tell how the primitive sees the dense array.
  mutating func weights(
    _ value: ValueID, as layout: MemoryLayoutDescriptor, shape: [Int], strides: [Int]? = nil
  ) throws(NetworkError) -> BufferID {
    let plain = try MemoryLayoutDescriptor(
      shape, dnnl_f32, strides: strides ?? StridedWalk.dense(shape))
    if plain.isEqual(layout) { return try denseBuffer(value) }
    guard let constant = program.values[program.root(value)].constant else {
      let buffer = builder.arenaBuffer(byteCount: layout.byteCount)
      try reorder(
        Native(buffer: try denseBuffer(value), layout: plain),
        to: Native(buffer: buffer, layout: layout), name: program.values[value].name)
      return buffer
    }
    return try packed(constant, plain, as: layout)
  }

  /// A constant in the layout that a primitive wants.
  mutating func packed(
    _ constant: Tensor, _ plain: MemoryLayoutDescriptor, as layout: MemoryLayoutDescriptor
  ) throws(NetworkError) -> BufferID {
    let packed = try weights.packed(constant.storage, layout) { () throws(NetworkError) in
      let packed = try TensorStorage(byteCount: layout.byteCount)
      let (step, scratch) = try Self.reorderPrimitive(from: plain, to: layout)
      let pad = try TensorStorage(byteCount: scratch.byteCount)
      let arguments: [(Int32, MemoryLayoutDescriptor, UnsafeMutableRawPointer)] = [
        (DNNL_ARG_FROM, plain, constant.storage.base), (DNNL_ARG_TO, layout, packed.base),
        (DNNL_ARG_SCRATCHPAD, scratch, pad.base),
      ]
      try PrimitiveRunner.runOnce(step, arguments)
      return packed
    }
    return builder.buffer(at: .constant(packed))
  }

  // MARK: Steps

  /// Adds a step that copies an array into another layout.
  mutating func reorder(_ from: Native, to: Native, name: String) throws(NetworkError) {
    let (primitive, scratch) = try Self.reorderPrimitive(from: from.layout, to: to.layout)
    add(
      name, primitive, scratch: scratch,
      [
        .init(kind: DNNL_ARG_FROM, buffer: from.buffer, layout: from.layout),
        .init(kind: DNNL_ARG_TO, buffer: to.buffer, layout: to.layout),
      ])
  }

  static func reorderPrimitive(
    from: MemoryLayoutDescriptor, to: MemoryLayoutDescriptor
  ) throws(NetworkError) -> (DNNLPrimitive, MemoryLayoutDescriptor) {
    let engine = try DNNLEngine.shared()
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_reorder(&$0, engine.handle, from.handle, to.handle, attributes.handle)
    }
    guard let pd else { throw NetworkError(.backEnd, "oneDNN can't convert between two layouts") }
    return (try DNNLPrimitive(pd), try pd.layout(dnnl_query_scratchpad_md))
  }

  /// Adds a primitive together with its scratchpad, which lives in the arena for just this step.
  mutating func add(
    _ name: String, _ primitive: DNNLPrimitive, scratch: MemoryLayoutDescriptor,
    _ arguments: [ExecutionPlan.Argument]
  ) {
    var arguments = arguments
    if scratch.byteCount > 0 {
      let buffer = builder.arenaBuffer(byteCount: scratch.byteCount)
      arguments.append(.init(kind: DNNL_ARG_SCRATCHPAD, buffer: buffer, layout: scratch))
    }
    builder.add(name, .primitive(primitive, arguments: arguments))
  }

  mutating func add(
    _ name: String, _ pd: DNNLPrimitiveDescription, _ arguments: [ExecutionPlan.Argument]
  ) throws(NetworkError) {
    add(
      name, try DNNLPrimitive(pd), scratch: try pd.layout(dnnl_query_scratchpad_md), arguments)
  }

  /// An array for a primitive's result, which becomes the value's home.
  mutating func result(_ value: ValueID, _ layout: MemoryLayoutDescriptor) -> Native {
    let made = Native(buffer: builder.arenaBuffer(byteCount: layout.byteCount), layout: layout)
    native[value] = made
    return made
  }

  /// The element type of a result: the network's outputs are fp32 whatever the precision.
  func resultType(_ value: ValueID) -> dnnl_data_type_t {
    isOutput(value) ? dnnl_f32 : activationType
  }

  func any(_ shape: [Int], _ type: dnnl_data_type_t) throws(NetworkError) -> MemoryLayoutDescriptor
  {
    try MemoryLayoutDescriptor(shape, type, strides: nil)
  }

  // MARK: Convolution

  private mutating func compile(_ kind: Convolution, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    let window = kind.window
    // oneDNN 2.6 reads a wild pointer when it applies post operations where no tap lies on an element
    // (brgconv), so such windows, which no sensible network has, take the plain way.
    if window.hasEmptyPositions { return false }
    let engine = try DNNLEngine.shared()
    let (x, y) = (operation.inputs[0], operation.outputs[0])
    let precise = activationType
    let src = try any(type(x).shape, precise)
    let dst = try any(type(y).shape, resultType(y))
    let (m, c) = (kind.outputChannels / kind.groups, kind.inputChannels / kind.groups)
    let shape = (kind.groups > 1 ? [kind.groups] : []) + [m, c] + window.kernel
    let filter = try any(shape, precise)
    let bias = kind.hasBias ? try any([kind.outputChannels], dnnl_f32) : nil
    let attributes = try attributes(kind.post, operation)
    // A transformed convolution takes less than half the multiplications where it applies.
    for algorithm in kind.isWorthTransforming && winograd
      ? [dnnl_convolution_winograd, dnnl_convolution_direct] : [dnnl_convolution_direct]
    {
      let pd = try DNNLPrimitiveDescription {
        ac_dnnl_convolution(
          &$0, engine.handle, algorithm, src.handle, filter.handle, bias?.handle, dst.handle,
          int64(window.stride), int64(window.dilation.map { $0 - 1 }), int64(window.begin),
          int64(window.end), attributes.handle)
      }
      guard let pd else { continue }
      try addFiltering(
        pd, operation, hasBias: kind.hasBias, post: kind.post, shape: shape, strides: nil)
      return true
    }
    return false
  }

  /// Adds a convolution or transposed convolution whose description is made.
  mutating func addFiltering(
    _ pd: DNNLPrimitiveDescription, _ operation: Program.Operation, hasBias: Bool,
    post: PostOperations, shape: [Int], strides: [Int]?
  ) throws(NetworkError) {
    let source = try operand(operation.inputs[0], as: try pd.layout(dnnl_query_src_md))
    let filterLayout = try pd.layout(dnnl_query_weights_md)
    let filter = try weights(
      operation.inputs[1], as: filterLayout, shape: shape, strides: strides)
    var arguments: [ExecutionPlan.Argument] = [
      .init(kind: DNNL_ARG_SRC, buffer: source.buffer, layout: source.layout),
      .init(kind: DNNL_ARG_WEIGHTS, buffer: filter, layout: filterLayout),
    ]
    if hasBias {
      let layout = try pd.layout(dnnl_query_weights_md, 1)
      let buffer = try weights(
        operation.inputs[2], as: layout, shape: type(operation.inputs[2]).shape)
      arguments.append(.init(kind: DNNL_ARG_BIAS, buffer: buffer, layout: layout))
    }
    let layout = try pd.layout(dnnl_query_dst_md)
    let y = operation.outputs[0]
    if let sum = post.sum {
      native[y] = try summand(operation.inputs[sum], as: layout, of: operation)
    } else {
      _ = result(y, layout)
    }
    arguments += try affineArguments(post, operation)
    if let target = native[y] {
      arguments.append(.init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: layout))
    }
    try add(operation.name, pd, arguments)
  }

  // MARK: Element-wise

  private mutating func compile(_ kind: Unary, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard let (algorithm, alpha, beta) = kind.function.oneDNN else { return false }
    let engine = try DNNLEngine.shared()
    let source = try operand(operation.inputs[0])
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_eltwise(
        &$0, engine.handle, algorithm, source.layout.handle, alpha, beta, attributes.handle)
    }
    guard let pd else { return false }
    let target: Native
    if dies(operation.inputs[0]), builder.isInArena(source.buffer) {
      target = source
      native[operation.outputs[0]] = target
    } else {
      target = result(operation.outputs[0], source.layout)
    }
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC, buffer: source.buffer, layout: source.layout),
        .init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: target.layout),
      ])
    return true
  }

  private mutating func compile(_ kind: Binary, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard let algorithm = kind.function.oneDNN else { return false }
    var (a, b) = (operation.inputs[0], operation.inputs[1])
    if type(a).shape != kind.output.shape, kind.function.isCommutative { swap(&a, &b) }
    guard type(a).shape == kind.output.shape, type(b).rank == kind.output.rank,
      kind.output.rank > 0, native[a] != nil || native[b] != nil
    else { return false }
    let engine = try DNNLEngine.shared()
    let left = try operand(a)
    let right = type(b) == type(a) ? try operand(b, as: left.layout) : try operand(b)
    let target = try any(kind.output.shape, resultType(operation.outputs[0]))
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_binary(
        &$0, engine.handle, algorithm, left.layout.handle, right.layout.handle, target.handle,
        attributes.handle)
    }
    guard let pd else { return false }
    let output = result(operation.outputs[0], try pd.layout(dnnl_query_dst_md))
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC_0, buffer: left.buffer, layout: left.layout),
        .init(kind: DNNL_ARG_SRC_1, buffer: right.buffer, layout: right.layout),
        .init(kind: DNNL_ARG_DST, buffer: output.buffer, layout: output.layout),
      ])
    return true
  }

  // MARK: Pooling and resampling

  private mutating func compile(_ kind: Reduction, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard kind.isGlobal, (3...5).contains(kind.input.rank), kind.output.rank == kind.input.rank
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

  private mutating func compile(_ kind: Pooling, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
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
    case .maximum: return try addPooling(operation, dnnl_pooling_max, window)
    case .mean(countsPadding: false):
      return try addPooling(operation, dnnl_pooling_avg_exclude_padding, window)
    case .mean(countsPadding: true):
      if reachesBeyond { return false }
      return try addPooling(operation, dnnl_pooling_avg_include_padding, window)
    }
  }

  mutating func addPooling(
    _ operation: Program.Operation, _ algorithm: dnnl_alg_kind_t, _ window: SpatialWindow
  ) throws(NetworkError) -> Bool {
    let engine = try DNNLEngine.shared()
    let source = try operand(operation.inputs[0])
    let y = operation.outputs[0]
    let target = try any(type(y).shape, source.layout.elementType)
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_pooling(
        &$0, engine.handle, algorithm, source.layout.handle, target.handle, int64(window.stride),
        int64(window.kernel), int64(window.dilation.map { $0 - 1 }), int64(window.begin),
        int64(window.end), attributes.handle)
    }
    guard let pd else { return false }
    try addMapping(operation, pd, source)
    return true
  }

  private mutating func compile(_ kind: Resize, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard kind.isRepetition || kind.isHalfPixelLinear, (3...5).contains(kind.input.rank),
      kind.axes.allSatisfy({ $0.axis >= 2 })
    else { return false }
    let engine = try DNNLEngine.shared()
    let source = try operand(operation.inputs[0])
    let y = operation.outputs[0]
    let target = try any(type(y).shape, source.layout.elementType)
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_resampling(
        &$0, engine.handle,
        kind.isLinear ? dnnl_resampling_linear : dnnl_resampling_nearest, nil,
        source.layout.handle, target.handle, attributes.handle)
    }
    guard let pd else { return false }
    try addMapping(operation, pd, source)
    return true
  }

  /// Adds a primitive with one source and one result.
  mutating func addMapping(
    _ operation: Program.Operation, _ pd: DNNLPrimitiveDescription, _ source: Native
  ) throws(NetworkError) {
    let target = result(operation.outputs[0], try pd.layout(dnnl_query_dst_md))
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC, buffer: source.buffer, layout: source.layout),
        .init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: target.layout),
      ])
  }

  private mutating func compile(_ kind: Concatenation, _ operation: Program.Operation)
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

extension Convolution {
  /// Whether the transformation of Winograd and of Lavin & Gray (arXiv:1509.09308) is faster than the
  /// sum itself: dense 3×3 with many channels. Measured with oneDNN 2.6 on AVX-512.
  var isWorthTransforming: Bool {
    window.kernel == [3, 3] && window.stride == [1, 1] && window.dilation == [1, 1] && groups == 1
      && inputChannels >= 128 && outputChannels >= 128 && window.output.reduce(1, *) >= 1024
  }
}

/// Extents and the like as oneDNN takes them.
func int64(_ list: [Int]) -> [Int64] { list.map(Int64.init) }

extension Unary.Function {
  /// oneDNN's algorithm with its two parameters; nil when it has none.
  var oneDNN: (dnnl_alg_kind_t, Float, Float)? {
    switch self {
    case .relu: (dnnl_eltwise_relu, 0, 0)
    case .leakyRelu(let slope): (dnnl_eltwise_relu, slope, 0)
    case .sigmoid: (dnnl_eltwise_logistic, 0, 0)
    case .tanh: (dnnl_eltwise_tanh, 0, 0)
    case .sqrt: (dnnl_eltwise_sqrt, 0, 0)
    case .exp: (dnnl_eltwise_exp, 0, 0)
    case .clip(let low, let high): (dnnl_eltwise_clip, low, high)
    case .floor: nil
    }
  }
}

extension Binary.Function {
  var oneDNN: dnnl_alg_kind_t? {
    switch self {
    case .add: dnnl_binary_add
    case .subtract: dnnl_binary_sub
    case .multiply: dnnl_binary_mul
    case .divide: dnnl_binary_div
    case .maximum: dnnl_binary_max
    case .minimum: dnnl_binary_min
    case .power: nil
    }
  }

  var isCommutative: Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum: true
    case .subtract, .divide, .power: false
    }
  }
}
