import COneDNN

/// Operations on 8-bit integers.
extension PlanCompiler {
  /// Compiles the operation to a primitive on integers; false when it is none for that, or oneDNN has no
  /// primitive.
  mutating func compileInteger(_ operation: Program.Operation) throws(NetworkError) -> Bool {
    guard let quantization, quantization.integerOperations.contains(current) else { return false }
    switch operation.kind {
    case let kind as Convolution: return try compileInteger(kind, operation, quantization)
    case let kind as Deconvolution:
      return try compilePhases(kind, operation, quantization.quanta[operation.inputs[0]])
    case is Binary: return try compileIntegerSum(operation, quantization)
    case is Pooling, is Resize:
      guard let quantum = quantization.quanta[operation.inputs[0]] else { return false }
      return try compileMoving(operation, quantum)
    default: return false
    }
  }

  private mutating func compileInteger(
    _ kind: Convolution, _ operation: Program.Operation, _ quantization: Quantization
  ) throws(NetworkError) -> Bool {
    let window = kind.window
    // The fault of oneDNN 2.6 described at the convolution of real numbers.
    if window.hasEmptyPositions { return false }
    let (x, y) = (operation.inputs[0], operation.outputs[0])
    guard let quantum = quantization.quanta[x],
      let constant = program.values[program.root(operation.inputs[1])].constant
    else { return false }
    let engine = try DNNLEngine.shared()
    let filter = try integerWeights(constant, multiplying: quantum)
    let units = IntegerUnits(
      source: quantum, weights: filter.scales,
      target: kind.post.canChangeUnit ? quantization.target(y) : nil,
      summand: kind.post.sum.flatMap { quantization.quanta[operation.inputs[$0]] })
    let attributes = try attributes(kind.post, operation, units)
    try attributes.scaleChannels(units.scales, isGrouped: kind.groups > 1)
    let (m, c) = (kind.outputChannels / kind.groups, kind.inputChannels / kind.groups)
    let shape = (kind.groups > 1 ? [kind.groups] : []) + [m, c] + window.kernel
    let src = try channelsLast(type(x).shape, quantum.oneDNN)
    let dst = try channelsLast(type(y).shape, units.target?.oneDNN ?? resultType(y))
    let weights = try any(shape, dnnl_s8)
    let bias = kind.hasBias ? try any([kind.outputChannels], dnnl_f32) : nil
    // With AVX-512 without VNNI, oneDNN 2.6 gives wrong sums for some numbers of channels here, such as
    // 2 groups of 64 channels and 21 filters.
    let isPointwiseGroupsOfSigned =
      quantum.isSigned && kind.groups > 1 && window.kernel.allSatisfy { $0 == 1 }
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_convolution(
        &$0, engine.handle, dnnl_convolution_direct, src.handle, weights.handle, bias?.handle,
        dst.handle, int64(window.stride), int64(window.dilation.map { $0 - 1 }),
        int64(window.begin), int64(window.end), attributes.handle,
        isPointwiseGroupsOfSigned ? "x64:gemm_s8s8s32:jit" : nil)
    }
    guard let pd else { return false }
    let source = try quantizedOperand(x, quantum)
    let target: Native
    if let sum = kind.post.sum {
      let value = operation.inputs[sum]
      if units.target != nil, let own = units.summand {
        target = try quantizedSummand(value, own, of: operation)
        quantized[y] = Native(buffer: target.buffer, layout: dst)
      } else {
        target = try summand(value, as: dst, of: operation)
        native[y] = target
      }
    } else {
      target = units.target == nil ? result(y, dst) : quantizedResult(y, dst)
    }
    var arguments = try filterArguments(
      pd, filter.integers, shape, bias: kind.hasBias ? operation.inputs[2] : nil, units)
    arguments += try affineArguments(kind.post, operation, step: units.step)
    arguments.append(.init(kind: DNNL_ARG_SRC, buffer: source.buffer, layout: src))
    arguments.append(.init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: dst))
    try add(operation.name, pd, arguments)
    return true
  }

  /// Weights, bias and scales of a convolution of integers.
  mutating func filterArguments(
    _ pd: DNNLPrimitiveDescription, _ filter: Tensor, _ shape: [Int], bias: ValueID?,
    _ units: IntegerUnits
  ) throws(NetworkError) -> [ExecutionPlan.Argument] {
    let layout = try pd.layout(dnnl_query_weights_md)
    let packed = try packed(filter, try .dense(shape, dnnl_s8), as: layout)
    var arguments: [ExecutionPlan.Argument] = [
      .init(kind: DNNL_ARG_WEIGHTS, buffer: packed, layout: layout)
    ]
    if let bias {
      guard let constant = program.values[program.root(bias)].constant else {
        throw NetworkError(.backEnd, "the bias is not a constant")
      }
      let scaled = try weights.derived(from: constant.storage, key: units.biasKey(filter)) {
        () throws(NetworkError) in try units.bias(constant)
      }
      let layout = try pd.layout(dnnl_query_weights_md, 1)
      arguments.append(
        .init(
          kind: DNNL_ARG_BIAS, buffer: builder.buffer(at: .constant(scaled.storage)),
          layout: layout))
    }
    return arguments + (try scaleArguments(DNNL_ARG_WEIGHTS, units.scales))
  }

  /// Adds two arrays of integers of different scales.
  private mutating func compileIntegerSum(
    _ operation: Program.Operation, _ quantization: Quantization
  ) throws(NetworkError) -> Bool {
    let y = operation.outputs[0]
    guard let target = quantization.target(y) else { return false }
    let attributes = try DNNLAttributes()
    var arguments: [ExecutionPlan.Argument] = []
    var layouts: [MemoryLayoutDescriptor] = []
    for (index, value) in operation.inputs.enumerated() {
      guard let quantum = quantization.quanta[value] else { return false }
      let argument = index == 0 ? DNNL_ARG_SRC_0 : DNNL_ARG_SRC_1
      let source = try quantizedOperand(value, quantum)
      let scale = quantum.scale / target.scale
      try attributes.scaleOperand(argument, scale)
      arguments.append(.init(kind: argument, buffer: source.buffer, layout: source.layout))
      arguments += try scaleArguments(argument, [scale])
      layouts.append(source.layout)
    }
    let dst = try channelsLast(type(y).shape, target.oneDNN)
    let engine = try DNNLEngine.shared()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_binary(
        &$0, engine.handle, dnnl_binary_add, layouts[0].handle, layouts[1].handle, dst.handle,
        attributes.handle)
    }
    guard let pd else { return false }
    let result = quantizedResult(y, dst)
    arguments.append(.init(kind: DNNL_ARG_DST, buffer: result.buffer, layout: dst))
    try add(operation.name, pd, arguments)
    return true
  }
}
