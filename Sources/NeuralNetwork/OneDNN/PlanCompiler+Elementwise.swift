import COneDNN

extension PlanCompiler {
  mutating func compile(_ kind: Unary, _ operation: Program.Operation)
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

  mutating func compile(_ kind: Binary, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard let algorithm = kind.function.oneDNN else { return false }
    var (a, b) = (operation.inputs[0], operation.inputs[1])
    if type(a).shape != kind.output.shape, kind.function.isCommutative { swap(&a, &b) }
    guard type(a).shape == kind.output.shape, kind.output.rank > 0,
      native[a] != nil || native[b] != nil
    else { return false }
    let engine = try DNNLEngine.shared()
    let left = try operand(a)
    let right: Native
    if type(b) == type(a) {
      right = try operand(b, as: left.layout)
    } else if type(b).rank == kind.output.rank {
      right = try operand(b)
    } else {
      // The same numbers with leading axes of extent 1.
      let missing = [Int](repeating: 1, count: kind.output.rank - type(b).rank)
      right = Native(buffer: try denseBuffer(b), layout: try .dense(missing + type(b).shape))
    }
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
}

extension Unary.Function {
  /// oneDNN's algorithm with its two parameters; nil when it has none.
  var oneDNN: (dnnl_alg_kind_t, Float, Float)? {
    switch self {
    case .relu: (dnnl_eltwise_relu, 0, 0)
    case .leakyRelu(let slope): (dnnl_eltwise_relu, slope, 0)
    case .elu(let alpha): (dnnl_eltwise_elu, alpha, 0)
    case .sigmoid: (dnnl_eltwise_logistic, 0, 0)
    case .tanh: (dnnl_eltwise_tanh, 0, 0)
    case .sqrt: (dnnl_eltwise_sqrt, 0, 0)
    case .exp: (dnnl_eltwise_exp, 0, 0)
    case .clip(let low, let high): (dnnl_eltwise_clip, low, high)
    case .gelu: (dnnl_eltwise_gelu_erf, 0, 0)
    case .geluTanh: (dnnl_eltwise_gelu_tanh, 0, 0)
    case .log: (dnnl_eltwise_log, 0, 0)
    case .magnitude: (dnnl_eltwise_abs, 0, 0)
    case .negate: (dnnl_eltwise_linear, -1, 0)
    case .floor, .sin, .cos, .reciprocal, .erf: nil
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
