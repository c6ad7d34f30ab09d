import COneDNN

/// Turns a ``Program`` into an ``ExecutionPlan``: decides where each array lies and in which layout.
///
/// A value may exist as a dense array (`dense`), in a layout that oneDNN chose (`native`), in 8 bits
/// (`quantized`), or in several of these; conversions are inserted where a step needs what is not there
/// yet.
struct PlanCompiler {
  typealias ValueID = Program.ValueID
  typealias BufferID = ExecutionPlan.BufferID

  struct Native {
    let buffer: BufferID
    let layout: MemoryLayoutDescriptor
  }

  let program: Program
  let backend: Backend
  let precision: Precision
  let weights: WeightStore
  let threads: Int
  /// Whether convolutions may be transformed: faster, with a little more rounding.
  let winograd: Bool
  var builder = PlanBuilder()
  /// By root value.
  var dense: [ValueID: BufferID] = [:]
  /// By value.
  var native: [ValueID: Native] = [:]
  /// Which operations are computed in 8-bit integers; nil for none.
  let quantization: Quantization?
  /// By value: where it lies in 8 bits, channels last.
  var quantized: [ValueID: Native] = [:]
  /// The last operation that reads a value, by root; Int.max for the network's outputs.
  private var lastUse: [ValueID: Int] = [:]
  /// The operation that is being compiled.
  var current = 0

  static func compile(
    _ program: Program, backend: Backend, precision: Precision, weights: WeightStore,
    threads: Int, winograd: Bool, outputLayout: TensorLayout, ranges: ValueRanges? = nil
  ) throws(NetworkError) -> ExecutionPlan {
    var compiler = PlanCompiler(program, backend, precision, weights, threads, winograd, ranges)
    return try compiler.run(outputLayout)
  }

  private init(
    _ program: Program, _ backend: Backend, _ precision: Precision, _ weights: WeightStore,
    _ threads: Int, _ winograd: Bool, _ ranges: ValueRanges?
  ) {
    self.winograd = winograd
    quantization = ranges.map { Quantization(program, $0) }
    self.threads = threads
    self.program = program
    self.backend = backend
    self.precision = precision
    self.weights = weights
    for (index, operation) in program.operations.enumerated() {
      for input in operation.inputs { lastUse[program.root(input)] = index }
    }
    for output in program.outputs { lastUse[program.root(output.value)] = .max }
  }

  private mutating func run(_ outputLayout: TensorLayout) throws(NetworkError) -> ExecutionPlan {
    for (index, input) in program.inputs.enumerated()
    where program.values[input.value].constant == nil {
      dense[input.value] = builder.buffer(at: .input(index))
    }
    for (index, operation) in program.operations.enumerated() {
      current = index
      do throws(NetworkError) {
        if try compileInteger(operation) { continue }
        if backend == .oneDNN, try compilePrimitive(operation) { continue }
        try compileHost(operation)
      } catch { throw error.at("node \"\(operation.name)\"") }
    }
    current = program.operations.count
    var types: [TensorType] = []
    for (index, output) in program.outputs.enumerated() {
      types.append(try compileOutput(output.value, index, outputLayout))
    }
    return try builder.finish(
      outputTypes: types, outputNames: program.outputs.map(\.name))
  }

  func type(_ value: ValueID) -> TensorType { program.values[value].type }

  func isOutput(_ value: ValueID) -> Bool { lastUse[program.root(value)] == .max }

  /// Whether nothing after the current operation reads the value, so that its buffer may be written.
  func dies(_ value: ValueID) -> Bool {
    let root = program.root(value)
    return program.values[root].constant == nil && lastUse[root, default: -1] <= current
  }

  // MARK: Dense arrays

  /// The value as a dense array.
  mutating func denseBuffer(_ value: ValueID) throws(NetworkError) -> BufferID {
    let root = program.root(value)
    if let buffer = dense[root] { return buffer }
    let buffer: BufferID
    if let constant = program.values[root].constant {
      buffer = builder.buffer(at: .constant(constant.storage))
    } else if let source = try real(root) {
      buffer = builder.arenaBuffer(byteCount: type(root).byteCount)
      try reorder(
        source, to: Native(buffer: buffer, layout: try .dense(type(root).shape)),
        name: program.values[root].name)
    } else {
      throw NetworkError(.backEnd, "the value \"\(program.values[root].name)\" was not computed")
    }
    dense[root] = buffer
    return buffer
  }

  /// A plain operation. Element-wise ones write over their input where nobody else needs it.
  private mutating func compileHost(_ operation: Program.Operation) throws(NetworkError) {
    var inputs: [BufferID] = []
    for value in operation.inputs { inputs.append(try denseBuffer(value)) }
    var outputs: [BufferID] = []
    for value in operation.outputs {
      let id: BufferID
      if let reusable = reusableInput(operation), builder.isInArena(inputs[reusable]) {
        id = inputs[reusable]
      } else {
        id = builder.arenaBuffer(byteCount: type(value).byteCount)
      }
      outputs.append(id)
      dense[value] = id
    }
    let bytes = operation.kind.scratchByteCount(threads: threads)
    let scratch = bytes > 0 ? builder.arenaBuffer(byteCount: bytes) : nil
    builder.add(
      operation.name,
      .host(operation.kind, inputs: inputs, outputs: outputs, scratch: scratch))
  }

  private func reusableInput(_ operation: Program.Operation) -> Int? {
    let candidate: Int?
    switch operation.kind {
    case is Unary: candidate = 0
    case let processing as any PostProcessing: candidate = processing.post.sum
    default: candidate = nil
    }
    guard let candidate, dies(operation.inputs[candidate]) else { return nil }
    // The same array may also be another operand, which must not change under way.
    let root = program.root(operation.inputs[candidate])
    let readers = operation.inputs.filter { program.root($0) == root }
    return readers.count == 1 ? candidate : nil
  }

  // MARK: Outputs

  /// Hands a value over as the network's output: where it lies already as wanted, its buffer becomes
  /// the output; otherwise one conversion or copy is added.
  private mutating func compileOutput(
    _ value: ValueID, _ index: Int, _ layout: TensorLayout
  ) throws(NetworkError) -> TensorType {
    let type = type(value)
    let channelsLast = layout == .nhwc && type.rank == 4
    var shape = type.shape
    var strides = StridedWalk.dense(shape)
    if channelsLast {
      let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
      shape = [n, h, w, c]
      // Where the elements of N, C, H, W order go, and where those of N, H, W, C order come from.
      strides = [h * w * c, 1, w * c, c]
    }
    let result = try TensorType(type.elementType, shape)
    if let source = try real(value), type.count > 0 {
      let wanted = try MemoryLayoutDescriptor(type.shape, dnnl_f32, strides: strides)
      if source.layout.isEqual(wanted), builder.isInArena(source.buffer) {
        builder.makeOutput(source.buffer, index: index)
      } else if channelsLast || dense[program.root(value)] == nil {
        let output = Native(buffer: builder.buffer(at: .output(index)), layout: wanted)
        try reorder(source, to: output, name: "output")
      } else {
        try compileDenseOutput(value, index, result, channelsLast: false)
      }
      return result
    }
    try compileDenseOutput(value, index, result, channelsLast: channelsLast)
    return result
  }

  private mutating func compileDenseOutput(
    _ value: ValueID, _ index: Int, _ result: TensorType, channelsLast: Bool
  ) throws(NetworkError) {
    var strides = StridedWalk.dense(result.shape)
    if channelsLast {
      let (h, w, c) = (result.shape[1], result.shape[2], result.shape[3])
      strides = [c * h * w, w, 1, h * w]
    } else if program.values[value].constant == nil {
      let buffer = try denseBuffer(value)
      if builder.isInArena(buffer) {
        builder.makeOutput(buffer, index: index)
        return
      }
    }
    try compileCopy(value, Strided(output: result, offset: 0, strides: strides), index)
  }

  private mutating func compileCopy(_ value: ValueID, _ copy: Strided, _ index: Int)
    throws(NetworkError)
  {
    let from = try denseBuffer(value)
    let to = builder.buffer(at: .output(index))
    builder.add("output", .host(copy, inputs: [from], outputs: [to], scratch: nil))
  }
}
