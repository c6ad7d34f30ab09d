import COneDNN

/// Turns a ``Program`` into an ``ExecutionPlan``: decides where each array lies and in which layout.
///
/// A value may exist as a dense array (`dense`), in a layout that oneDNN chose (`native`), or both;
/// conversions are inserted where a step needs what is not there yet.
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
  var builder = PlanBuilder()
  /// By root value.
  var dense: [ValueID: BufferID] = [:]
  /// By value.
  var native: [ValueID: Native] = [:]
  /// The last operation that reads a value, by root; Int.max for the network's outputs.
  private var lastUse: [ValueID: Int] = [:]
  /// The operation that is being compiled.
  var current = 0

  static func compile(
    _ program: Program, backend: Backend, precision: Precision, weights: WeightStore,
    outputLayout: TensorLayout
  ) throws(NetworkError) -> ExecutionPlan {
    var compiler = PlanCompiler(program, backend, precision, weights)
    return try compiler.run(outputLayout)
  }

  private init(
    _ program: Program, _ backend: Backend, _ precision: Precision, _ weights: WeightStore
  ) {
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
        if backend == .oneDNN, try compilePrimitive(operation) { continue }
        try compileHost(operation)
      } catch { throw error.at("node \"\(operation.name)\"") }
    }
    current = program.operations.count
    var types: [TensorType] = []
    for (index, output) in program.outputs.enumerated() {
      types.append(try compileOutput(output.value, index, outputLayout))
    }
    return try builder.finish(outputTypes: types)
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
    } else if let source = native[root] {
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
    let bytes = operation.kind.scratchByteCount
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

  private mutating func compileOutput(
    _ value: ValueID, _ index: Int, _ layout: TensorLayout
  ) throws(NetworkError) -> TensorType {
    let type = type(value)
    if layout == .nhwc, type.rank == 4 {
      return try compileOutput(value, index, channelsLast: type)
    }
    if program.values[value].constant == nil {
      let root = program.root(value)
      if dense[root] == nil, let source = native[root] {
        let buffer = builder.buffer(at: .output(index))
        try reorder(
          source, to: Native(buffer: buffer, layout: try .dense(self.type(root).shape)),
          name: "output")
        dense[root] = buffer
        return type
      }
      let buffer = try denseBuffer(value)
      if builder.isInArena(buffer) {
        builder.makeOutput(buffer, index: index)
        return type
      }
    }
    let copy = Strided(output: type, offset: 0, strides: StridedWalk.dense(type.shape))
    try compileCopy(value, copy, index)
    return type
  }

  private mutating func compileOutput(
    _ value: ValueID, _ index: Int, channelsLast type: TensorType
  ) throws(NetworkError) -> TensorType {
    let (n, c, h, w) = (type.shape[0], type.shape[1], type.shape[2], type.shape[3])
    let result = try TensorType(type.elementType, [n, h, w, c])
    if let source = native[value], type.elementType == .float32 {
      let layout = try MemoryLayoutDescriptor(
        type.shape, dnnl_f32, strides: [h * w * c, 1, w * c, c])
      try reorder(
        source, to: Native(buffer: builder.buffer(at: .output(index)), layout: layout),
        name: "output")
    } else {
      try compileCopy(
        value, Strided(output: result, offset: 0, strides: [c * h * w, w, 1, h * w]), index)
    }
    return result
  }

  private mutating func compileCopy(_ value: ValueID, _ copy: Strided, _ index: Int)
    throws(NetworkError)
  {
    let from = try denseBuffer(value)
    let to = builder.buffer(at: .output(index))
    builder.add("output", .host(copy, inputs: [from], outputs: [to], scratch: nil))
  }
}
