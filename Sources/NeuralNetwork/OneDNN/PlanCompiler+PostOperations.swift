import COneDNN

extension PlanCompiler {
  /// The post operations as oneDNN's attributes; `units` where they work on integers.
  func attributes(
    _ post: PostOperations, _ operation: Program.Operation, _ units: IntegerUnits? = nil
  ) throws(NetworkError) -> DNNLAttributes {
    let channel = try channelLayout(of: operation)
    let post = post.inUnits(of: units?.step ?? 1)
    return try DNNLAttributes { ops in
      var status = dnnl_success
      if post.sum != nil {
        status = ac_dnnl_append_sum(
          ops, units?.sumScale ?? 1, units?.sumType ?? dnnl_data_type_undef)
      }
      if status == dnnl_success, let (algorithm, alpha, beta) = post.activation?.oneDNN {
        status = ac_dnnl_append_eltwise(ops, algorithm, alpha, beta)
      }
      guard status == dnnl_success, post.scale != nil else { return status }
      status = ac_dnnl_append_binary(ops, dnnl_binary_mul, channel.handle)
      guard status == dnnl_success else { return status }
      return ac_dnnl_append_binary(ops, dnnl_binary_add, channel.handle)
    }
  }

  /// One number for each channel of the operation's result: [1, C, 1, …].
  private func channelLayout(of operation: Program.Operation) throws(NetworkError)
    -> MemoryLayoutDescriptor
  {
    let shape = type(operation.outputs[0]).shape
    return try .dense(shape.indices.map { $0 == 1 ? shape[1] : 1 })
  }

  /// The factors and summands of each channel, as arguments of the post operations. `step`: the unit of
  /// the result, where that is none of 1.
  mutating func affineArguments(
    _ post: PostOperations, _ operation: Program.Operation, step: Float = 1
  ) throws(NetworkError) -> [ExecutionPlan.Argument] {
    guard let scale = post.scale, let shift = post.shift else { return [] }
    let layout = try channelLayout(of: operation)
    var position = (post.sum == nil ? 0 : 1) + (post.activation == nil ? 0 : 1)
    var arguments: [ExecutionPlan.Argument] = []
    for index in [scale, shift] {
      // DNNL_ARG_ATTR_MULTIPLE_POST_OP(position) | DNNL_ARG_SRC_1
      let kind = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * Int32(position + 1) | DNNL_ARG_SRC_1
      var buffer = try denseBuffer(operation.inputs[index])
      if index == shift, step != 1,
        let real = program.values[program.root(operation.inputs[index])].constant
      {
        let scaled = try weights.derived(from: real.storage, key: "÷ \(step.bitPattern)") {
          () throws(NetworkError) in
          try Tensor(shape: real.shape, floats: real.floats.map { $0 / step })
        }
        buffer = builder.buffer(at: .constant(scaled.storage))
      }
      arguments.append(.init(kind: kind, buffer: buffer, layout: layout))
      position += 1
    }
    return arguments
  }

  /// A multiplication with an addition as its post operation.
  mutating func compile(_ kind: ChannelAffine, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard native[operation.inputs[0]] != nil else { return false }
    let engine = try DNNLEngine.shared()
    let source = try operand(operation.inputs[0])
    let channel = try channelLayout(of: operation)
    let target = try any(kind.type.shape, resultType(operation.outputs[0]))
    let attributes = try DNNLAttributes { ops in
      ac_dnnl_append_binary(ops, dnnl_binary_add, channel.handle)
    }
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_binary(
        &$0, engine.handle, dnnl_binary_mul, source.layout.handle, channel.handle, target.handle,
        attributes.handle)
    }
    guard let pd else { return false }
    let scale = try denseBuffer(operation.inputs[1])
    let shift = try denseBuffer(operation.inputs[2])
    let output = result(operation.outputs[0], try pd.layout(dnnl_query_dst_md))
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC_0, buffer: source.buffer, layout: source.layout),
        .init(kind: DNNL_ARG_SRC_1, buffer: scale, layout: channel),
        .init(
          kind: DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1, buffer: shift,
          layout: channel),
        .init(kind: DNNL_ARG_DST, buffer: output.buffer, layout: output.layout),
      ])
    return true
  }

  mutating func compile(_ kind: Softmax, _ operation: Program.Operation) throws(NetworkError)
    -> Bool
  {
    guard let axis = kind.axis else { return false }
    let engine = try DNNLEngine.shared()
    let source = try operand(operation.inputs[0])
    let target = try any(kind.type.shape, source.layout.elementType)
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_softmax(
        &$0, engine.handle, source.layout.handle, target.handle, Int32(axis), attributes.handle)
    }
    guard let pd else { return false }
    try addMapping(operation, pd, source)
    return true
  }
}
