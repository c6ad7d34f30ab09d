import COneDNN

/// Values in 8 bits: always channels last, from and to real numbers where a step wants the other.
extension PlanCompiler {
  /// N, then the spatial axes, then C.
  func channelsLast(_ shape: [Int], _ type: dnnl_data_type_t) throws(NetworkError)
    -> MemoryLayoutDescriptor
  {
    guard shape.count > 2 else { return try .dense(shape, type) }
    let inner = StridedWalk.dense(Array(shape[2...]) + [shape[1]])
    return try MemoryLayoutDescriptor(
      shape, type, strides: [shape[1...].reduce(1, *), 1] + inner.dropLast())
  }

  /// The value in real numbers, in oneDNN's layout; nil where it is dense or not computed.
  mutating func real(_ value: ValueID) throws(NetworkError) -> Native? {
    if let found = native[value] { return found }
    guard dense[program.root(value)] == nil, let source = quantized[value],
      let quantum = quantization?.quanta[value]
    else { return nil }
    let target = result(value, try channelsLast(type(value).shape, activationType))
    try reorder(source, to: target, name: program.values[value].name, scale: quantum.scale)
    return target
  }

  /// The value in 8 bits.
  mutating func quantizedOperand(_ value: ValueID, _ quantum: Quantum) throws(NetworkError)
    -> Native
  {
    if let found = quantized[value] { return found }
    let source = try operand(value)
    let target = quantizedResult(
      value, try channelsLast(type(value).shape, quantum.oneDNN))
    try reorder(source, to: target, name: program.values[value].name, scale: 1 / quantum.scale)
    return target
  }

  /// The value in 8 bits in a buffer that the operation may write over: its own where nobody else reads
  /// it, else a copy.
  mutating func quantizedSummand(
    _ value: ValueID, _ quantum: Quantum, of operation: Program.Operation
  ) throws(NetworkError) -> Native {
    let source = try quantizedOperand(value, quantum)
    let readers = operation.inputs.filter { program.root($0) == program.root(value) }
    if readers.count == 1, dies(value), builder.isInArena(source.buffer) { return source }
    let copy = Native(
      buffer: builder.arenaBuffer(byteCount: source.layout.byteCount), layout: source.layout)
    try reorder(source, to: copy, name: program.values[value].name)
    return copy
  }

  /// An array for a primitive's result in 8 bits.
  mutating func quantizedResult(_ value: ValueID, _ layout: MemoryLayoutDescriptor) -> Native {
    let made = Native(buffer: builder.arenaBuffer(byteCount: layout.byteCount), layout: layout)
    quantized[value] = made
    return made
  }

  /// The argument that carries scales, for versions of oneDNN that take them at each run.
  mutating func scaleArguments(_ argument: Int32, _ scales: [Float]) throws(NetworkError)
    -> [ExecutionPlan.Argument]
  {
    guard ac_dnnl_scales_are_arguments() != 0 else { return [] }
    let tensor = try Tensor(shape: [scales.count], floats: scales)
    return [
      .init(
        kind: ac_dnnl_scales_argument(argument),
        buffer: builder.buffer(at: .constant(tensor.storage)), layout: try .dense([scales.count]))
    ]
  }

  // MARK: Weights

  /// Weights in 8 bits and what their integers are to be multiplied by, one for each channel of the
  /// result.
  struct IntegerWeights {
    let integers: Tensor
    let scales: [Float]
  }

  /// Rounds weights (channels of the result first) to 8 bits, each channel with a scale of its own; once
  /// for all plans.
  /// - Parameter source: what they are multiplied with; where byte products saturate, it decides which
  ///   integers are safe (``WeightRounding``).
  func integerWeights(_ source: Tensor, multiplying quantum: Quantum) throws(NetworkError)
    -> IntegerWeights
  {
    let rounding = WeightRounding.here(multiplying: quantum)
    let channels = source.shape[0]
    let depth = source.count / channels
    let scales = try weights.derived(from: source.storage, key: "scales \(rounding)") {
      () throws(NetworkError) in
      try Tensor(shape: [channels]) { scales in
        _ = source.withUnsafeFloats { floats in
          for channel in 0..<channels {
            let row = floats[channel * depth..<(channel + 1) * depth]
            scales[channel] = rounding.scale(row.reduce(0) { max($0, abs($1)) })
          }
        }
      }
    }
    let steps = scales.floats
    let integers = try weights.derived(from: source.storage, key: "integers \(rounding)") {
      () throws(NetworkError) in
      try Tensor(shape: source.shape, elementType: .int8) { bytes in
        let integers = bytes.bindMemory(to: Int8.self)
        _ = source.withUnsafeFloats { floats in
          for channel in 0..<channels {
            var carry: Float = 0
            for index in channel * depth..<(channel + 1) * depth {
              let exact = floats[index] / steps[channel] + carry
              let rounded = rounding.nearest(exact)
              carry = exact - rounded
              integers[index] = Int8(rounded)
            }
          }
        }
      }
    }
    return IntegerWeights(integers: integers, scales: steps)
  }
}
