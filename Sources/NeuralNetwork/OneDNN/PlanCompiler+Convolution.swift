import COneDNN

extension PlanCompiler {
  mutating func compile(_ kind: Convolution, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    let window = kind.window
    // oneDNN 2.6 reads a wild pointer when it applies post operations where no tap lies on an element
    // (brgconv), so such windows, which no sensible network has, take the plain way.
    if window.hasEmptyPositions { return false }
    if winograd, try compileTransformed(kind, operation) { return true }
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
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_convolution(
        &$0, engine.handle, dnnl_convolution_direct, src.handle, filter.handle, bias?.handle,
        dst.handle, int64(window.stride), int64(window.dilation.map { $0 - 1 }),
        int64(window.begin), int64(window.end), attributes.handle, nil)
    }
    guard let pd else { return false }
    try addFiltering(
      pd, operation, hasBias: kind.hasBias, post: kind.post, shape: shape, strides: nil)
    return true
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
}
