import COneDNN

extension PlanCompiler {
  mutating func compile(_ kind: Deconvolution, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    if try compilePhases(kind, operation) { return true }
    let engine = try DNNLEngine.shared()
    let window = kind.window
    let (x, y) = (operation.inputs[0], operation.outputs[0])
    let src = try any(type(x).shape, activationType)
    let dst = try any(type(y).shape, resultType(y))
    let (m, c) = (kind.outputChannels / kind.groups, kind.inputChannels / kind.groups)
    let taps = window.kernel.reduce(1, *)
    // oneDNN names the output's channels first, ONNX stores the input's first.
    let isGrouped = kind.groups > 1
    let shape = (isGrouped ? [kind.groups] : []) + [m, c] + window.kernel
    let strides =
      (isGrouped ? [c * m * taps] : []) + [taps, m * taps] + StridedWalk.dense(window.kernel)
    let filter = try any(shape, activationType)
    let bias = kind.hasBias ? try any([kind.outputChannels], dnnl_f32) : nil
    let attributes = try attributes(kind.post, operation)
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_deconvolution(
        &$0, engine.handle, src.handle, filter.handle, bias?.handle, dst.handle,
        int64(window.stride), int64(window.dilation.map { $0 - 1 }), int64(window.begin),
        int64(window.end), attributes.handle)
    }
    guard let pd else { return false }
    try addFiltering(
      pd, operation, hasBias: kind.hasBias, post: kind.post, shape: shape, strides: strides)
    return true
  }

  // MARK: Phases

  /// One phase of a transposed convolution along one axis: the output elements o with
  /// (o + begin) mod stride = r are a plain convolution of the input with every stride-th tap, in
  /// reverse order.
  private struct Phase {
    /// First output element, and how many there are.
    let first: Int
    let count: Int
    /// The taps, in the order in which the convolution uses them.
    let taps: [Int]
    let begin: Int
    let end: Int

    /// nil when the phase is empty or would crop the input.
    init?(_ window: SpatialWindow, _ axis: Int, _ r: Int) {
      let (stride, padding) = (window.stride[axis], window.begin[axis])
      let (input, output) = (window.output[axis], window.input[axis])
      taps = Swift.stride(from: r, to: window.kernel[axis], by: stride).reversed()
      // Output element q·stride + r − padding is Σ x[q − j]·w[r + stride·j].
      let low = padding > r ? (padding - r + stride - 1) / stride : 0
      // In an empty phase, the dividend below is negative: rounded toward zero, it would count one element.
      guard output + padding > r else { return nil }
      let high = (output - 1 - r + padding) / stride
      first = low * stride + r - padding
      count = high - low + 1
      begin = taps.count - 1 - low
      end = high - (input - 1)
      guard !taps.isEmpty, count > 0, begin >= 0, end >= 0, first >= 0, first < stride else {
        return nil
      }
    }
  }

  /// Computes a 2-D transposed convolution as one plain convolution for each phase, each of which is
  /// then spread over the output. oneDNN's own way, the gradient of a convolution, is several times
  /// slower. False when the shape does not allow it.
  /// `quantum`: that of the input, where integers are to be multiplied.
  mutating func compilePhases(
    _ kind: Deconvolution, _ operation: Program.Operation, _ quantum: Quantum? = nil
  ) throws(NetworkError) -> Bool {
    let window = kind.window
    guard window.rank == 2, kind.groups == 1, window.dilation == [1, 1], window.stride != [1, 1],
      let weights = program.values[program.root(operation.inputs[1])].constant
    else { return false }
    var phases: [(Phase, Phase)] = []
    for row in 0..<window.stride[0] {
      for column in 0..<window.stride[1] {
        guard let vertical = Phase(window, 0, row), let horizontal = Phase(window, 1, column)
        else { return false }
        phases.append((vertical, horizontal))
      }
    }
    let y = operation.outputs[0]
    let shape = type(y).shape
    let step = quantum != nil && kind.post.canChangeUnit ? quantization?.target(y) : nil
    let target = try channelsLast(shape, step?.oneDNN ?? resultType(y))
    var parts: [PhasePart] = []
    for (vertical, horizontal) in phases {
      let filter = try self.weights.derived(
        from: weights.storage, key: "\(vertical.taps) \(horizontal.taps)"
      ) { () throws(NetworkError) in try Self.taps(of: weights, vertical.taps, horizontal.taps) }
      var part = PhasePart(vertical: vertical, horizontal: horizontal, filter: filter)
      if let quantum {
        let rounded = try integerWeights(filter, multiplying: quantum)
        part.filter = rounded.integers
        part.units = IntegerUnits(
          source: quantum, weights: rounded.scales, target: step, summand: nil)
      }
      guard let pd = try describe(kind, operation, part, target.elementType) else { return false }
      part.description = pd
      parts.append(part)
    }
    let result = step == nil ? result(y, target) : quantizedResult(y, target)
    let elementByteCount = target.byteCount / kind.output.count
    for part in parts {
      guard let pd = part.description else { return false }
      let layout = try pd.layout(dnnl_query_dst_md)
      let piece = Native(
        buffer: builder.arenaBuffer(byteCount: layout.byteCount), layout: layout)
      try addPhase(kind, operation, pd, part, piece)
      let spread = PhaseSpreading(
        batch: kind.batch, rows: part.vertical.count, columns: part.horizontal.count,
        pixelByteCount: kind.outputChannels * elementByteCount, output: kind.output,
        outputWidth: shape[3], outputHeight: shape[2], firstRow: part.vertical.first,
        firstColumn: part.horizontal.first, stride: (window.stride[0], window.stride[1]))
      builder.add(
        operation.name,
        .host(spread, inputs: [piece.buffer], outputs: [result.buffer], scratch: nil))
    }
    return true
  }

  /// A phase along both axes, as a plain convolution.
  private struct PhasePart {
    let vertical: Phase
    let horizontal: Phase
    /// Integers where `units` are there.
    var filter: Tensor
    var units: IntegerUnits?
    var description: DNNLPrimitiveDescription?
  }

  private func describe(
    _ kind: Deconvolution, _ operation: Program.Operation, _ piece: PhasePart,
    _ resultType: dnnl_data_type_t
  ) throws(NetworkError) -> DNNLPrimitiveDescription? {
    let engine = try DNNLEngine.shared()
    let (vertical, horizontal) = (piece.vertical, piece.horizontal)
    let x = operation.inputs[0]
    let part = SpatialWindow(
      input: kind.window.output, output: [vertical.count, horizontal.count],
      kernel: [vertical.taps.count, horizontal.taps.count], stride: [1, 1], dilation: [1, 1],
      begin: [vertical.begin, horizontal.begin], end: [vertical.end, horizontal.end])
    // The fault of oneDNN 2.6 described at the plain convolution.
    if part.hasEmptyPositions { return nil }
    let shape = type(x).shape
    let src =
      if let units = piece.units {
        try channelsLast(shape, units.source.oneDNN)
      } else {
        try any(shape, activationType)
      }
    let filter = try any(
      [kind.outputChannels, kind.inputChannels] + part.kernel,
      piece.units == nil ? activationType : dnnl_s8)
    let bias = kind.hasBias ? try any([kind.outputChannels], dnnl_f32) : nil
    let dst = try channelsLast([kind.batch, kind.outputChannels] + part.output, resultType)
    let attributes = try attributes(kind.post, operation, piece.units)
    if let units = piece.units { try attributes.scaleChannels(units.scales, isGrouped: false) }
    return try DNNLPrimitiveDescription {
      ac_dnnl_convolution(
        &$0, engine.handle, dnnl_convolution_direct, src.handle, filter.handle, bias?.handle,
        dst.handle, int64(part.stride), int64([0, 0]), int64(part.begin), int64(part.end),
        attributes.handle, nil)
    }
  }

  private mutating func addPhase(
    _ kind: Deconvolution, _ operation: Program.Operation, _ pd: DNNLPrimitiveDescription,
    _ part: PhasePart, _ target: Native
  ) throws(NetworkError) {
    let x = operation.inputs[0]
    let bias = kind.hasBias ? operation.inputs[2] : nil
    let source: Native
    var arguments: [ExecutionPlan.Argument]
    if let units = part.units {
      source = try quantizedOperand(x, units.source)
      arguments = try filterArguments(pd, part.filter, part.filter.shape, bias: bias, units)
    } else {
      source = try operand(x, as: try pd.layout(dnnl_query_src_md))
      let layout = try pd.layout(dnnl_query_weights_md)
      let packed = try packed(part.filter, try .dense(part.filter.shape), as: layout)
      arguments = [.init(kind: DNNL_ARG_WEIGHTS, buffer: packed, layout: layout)]
      if let bias {
        let layout = try pd.layout(dnnl_query_weights_md, 1)
        let buffer = try weights(bias, as: layout, shape: type(bias).shape)
        arguments.append(.init(kind: DNNL_ARG_BIAS, buffer: buffer, layout: layout))
      }
    }
    arguments.append(.init(kind: DNNL_ARG_SRC, buffer: source.buffer, layout: source.layout))
    arguments.append(.init(kind: DNNL_ARG_DST, buffer: target.buffer, layout: target.layout))
    arguments += try affineArguments(kind.post, operation, step: part.units?.step ?? 1)
    try add(operation.name, pd, arguments)
  }

  /// Weights (M, C, rows, columns) of a plain convolution out of (C, M, kernel).
  private static func taps(of weights: Tensor, _ rows: [Int], _ columns: [Int])
    throws(NetworkError) -> Tensor
  {
    let (c, m) = (weights.shape[0], weights.shape[1])
    let (height, width) = (weights.shape[2], weights.shape[3])
    return try Tensor(shape: [m, c, rows.count, columns.count]) { values in
      _ = weights.withUnsafeFloats { old in
        var index = 0
        for filter in 0..<m {
          for channel in 0..<c {
            let kernel = (channel * m + filter) * height * width
            for row in rows {
              for column in columns {
                values[index] = old[kernel + row * width + column]
                index += 1
              }
            }
          }
        }
      }
    }
  }
}

/// Writes the pixels of an array in N, H, W, C order to every stride-th place of a larger one.
private struct PhaseSpreading: Operator {
  let batch: Int
  let rows: Int
  let columns: Int
  let pixelByteCount: Int
  let output: TensorType
  let outputWidth: Int
  let outputHeight: Int
  let firstRow: Int
  let firstColumn: Int
  let stride: (Int, Int)

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) {
    var from = UnsafeRawPointer(memory.inputs[0])
    for image in 0..<batch {
      for row in 0..<rows {
        let line = (image * outputHeight + firstRow + row * stride.0) * outputWidth + firstColumn
        var to = memory.outputs[0] + line * pixelByteCount
        for _ in 0..<columns {
          to.copyMemory(from: from, byteCount: pixelByteCount)
          from += pixelByteCount
          to += stride.1 * pixelByteCount
        }
      }
    }
  }
}
