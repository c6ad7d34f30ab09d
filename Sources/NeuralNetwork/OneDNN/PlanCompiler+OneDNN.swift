import COneDNN

extension PlanCompiler {
  /// The element type in which arrays pass between primitives.
  var activationType: dnnl_data_type_t {
    switch precision {
    case .float32: dnnl_f32
    case .bfloat16: dnnl_bf16
    case .int8: OneDNNInstructions.hasBFloat16 ? dnnl_bf16 : dnnl_f32
    }
  }

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
    case let kind as MatrixMultiplication: return try compile(kind, operation)
    default: return false
    }
  }

  // MARK: Operands

  /// The value as it lies: in oneDNN's layout where there is one, else dense.
  mutating func operand(_ value: ValueID) throws(NetworkError) -> Native {
    if let found = try real(value) { return found }
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
  mutating func summand(
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
      try Self.converted(constant.storage, plain, to: layout)
    }
    return builder.buffer(at: .constant(packed))
  }

  /// A copy of an array in another layout.
  static func converted(
    _ storage: TensorStorage, _ plain: MemoryLayoutDescriptor, to layout: MemoryLayoutDescriptor
  ) throws(NetworkError) -> TensorStorage {
    let copy = try TensorStorage(byteCount: layout.byteCount)
    let (step, scratch) = try reorderPrimitive(from: plain, to: layout)
    let pad = try TensorStorage(byteCount: scratch.byteCount)
    try PrimitiveRunner.runOnce(
      step,
      [
        (DNNL_ARG_FROM, plain, storage.base), (DNNL_ARG_TO, layout, copy.base),
        (DNNL_ARG_SCRATCHPAD, scratch, pad.base),
      ])
    return copy
  }

  // MARK: Steps

  /// Adds a step that copies an array into another layout.
  /// `scale`: what the numbers are multiplied by on the way.
  mutating func reorder(_ from: Native, to: Native, name: String, scale: Float? = nil)
    throws(NetworkError)
  {
    let (primitive, scratch) = try Self.reorderPrimitive(
      from: from.layout, to: to.layout, scale: scale)
    var arguments: [ExecutionPlan.Argument] = [
      .init(kind: DNNL_ARG_FROM, buffer: from.buffer, layout: from.layout),
      .init(kind: DNNL_ARG_TO, buffer: to.buffer, layout: to.layout),
    ]
    if let scale { arguments += try scaleArguments(DNNL_ARG_FROM, [scale]) }
    add(name, primitive, scratch: scratch, arguments)
  }

  static func reorderPrimitive(
    from: MemoryLayoutDescriptor, to: MemoryLayoutDescriptor, scale: Float? = nil
  ) throws(NetworkError) -> (DNNLPrimitive, MemoryLayoutDescriptor) {
    let engine = try DNNLEngine.shared()
    let attributes = try DNNLAttributes()
    if let scale { try attributes.scaleReorder(scale) }
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
}

/// Extents and the like as oneDNN takes them.
func int64(_ list: [Int]) -> [Int64] { list.map(Int64.init) }
