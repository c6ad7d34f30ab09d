/// The part of a network that sees the picture which it gives, as steps that compute one position at a time.
///
/// Each channel of a value within the network has a phase: when it can be computed at a position. In phase 0 only
/// positions before it are known, in phase c + 1 also channels 0…c of the position itself. The phases follow from
/// the weights that are not 0: those of a convolution's middle tap hand the phase on, those of earlier taps
/// reach nothing but what is known, and later taps must all be 0.
struct CausalProgram: Sendable {
  /// What a step reads.
  struct Operand: Sendable {
    enum Source: Sendable {
      /// A value of this program.
      case causal(Int)
      /// A value that depends on the condition alone: its place among ``CausalProgram/conditioning``.
      case conditioning(Int)
      case constant(Tensor)
    }

    let source: Source
    /// Axes from the left filled up with 1: batch, channels, rows, columns.
    let shape: [Int]
  }

  enum Kind: Sendable {
    case convolution(MaskedConvolution, Int)
    case unary(Unary.Function, Int)
    case binary(Binary.Function, Operand, Operand)
    case affine(Int, scale: [Float], shift: [Float])
    /// Channels of the operand, from the first on, become those of the value.
    case copy(Operand, first: Int)
  }

  /// Computes channels of a value in a phase.
  struct Step: Sendable {
    let kind: Kind
    /// The value that it computes.
    let value: Int
    /// Channels of it.
    let channels: Range<Int>
  }

  /// The channels of each value; the first is the picture.
  private(set) var channelCounts: [Int] = []
  /// The steps of each phase, in order.
  private(set) var phases: [[Step]]
  /// The values of the outputs.
  private(set) var outputs: [Int] = []
  /// The names of the values that it reads of the condition.
  private(set) var conditioning: [String] = []
  let width: Int
  let height: Int

  /// The phase of each channel of each value.
  private var levels: [[Int]] = []
  /// Values by those of the whole program.
  private var indices: [Program.ValueID: Int] = [:]
  /// Which operation computes a value, and which values it reads.
  private var origins: [(name: String, values: [Int])] = []
  private let program: Program
  private let graph: Graph

  /// - Parameters:
  ///   - program: with all shapes known, not fused.
  ///   - graph: that it was made of, for messages.
  ///   - picture: the input that the network gives.
  ///   - outputs: the logits of each of its channels.
  /// - Throws: the node that looks ahead, or that can't be computed position by position.
  init(
    _ program: Program, of graph: Graph, picture: String, outputs: [String]
  ) throws(NetworkError) {
    self.program = program
    self.graph = graph
    guard let input = program.inputs.first(where: { $0.name == picture })?.value else {
      throw NetworkError(.malformed, at: "input \"\(picture)\"", "the model has no such input")
    }
    let shape = program.values[input].type.shape
    guard shape.count == 4, shape[0] == 1, shape[1] == outputs.count, shape[2] > 0, shape[3] > 0
    else {
      throw NetworkError(
        .shapeMismatch, at: "input \"\(picture)\"",
        "it has the shape \(shape), expected [1, \(outputs.count), height, width]: one channel for each of the outputs "
          + "\(outputs)")
    }
    (height, width) = (shape[2], shape[3])
    phases = Array(repeating: [], count: outputs.count + 1)
    _ = define(input, levels: (0..<outputs.count).map { $0 + 1 }, origin: ("", []))
    for operation in program.operations { try add(operation) }
    for (channel, name) in outputs.enumerated() {
      guard let value = program.outputs.first(where: { $0.name == name })?.value,
        let index = indices[program.root(value)]
      else {
        throw NetworkError(
          .unsupported, at: "output \"\(name)\"", "it does not depend on the input \"\(picture)\"")
      }
      try checkShape(of: value, at: "output \"\(name)\"")
      if levels[index].contains(where: { $0 > channel }) {
        throw NetworkError(
          .unsupported, at: "node \"\(culprit(of: index))\"",
          "through it, the output \"\(name)\" at a position depends on a value of \"\(picture)\" that is drawn after it; "
            + "mask the convolution's middle tap when exporting the model")
      }
      self.outputs.append(index)
    }
  }

  // MARK: Values

  private mutating func define(
    _ value: Program.ValueID, levels: [Int], origin: (name: String, values: [Int])
  ) -> Int {
    indices[value] = channelCounts.count
    channelCounts.append(levels.count)
    self.levels.append(levels)
    origins.append(origin)
    return channelCounts.count - 1
  }

  /// The operation through which a value first sees its own position.
  private func culprit(of value: Int) -> String {
    var value = value
    while true {
      let inputs = origins[value].values
      guard let next = inputs.max(by: { (levels[$0].max() ?? 0) < (levels[$1].max() ?? 0) }),
        next != 0, !origins[next].name.isEmpty
      else { return origins[value].name }
      value = next
    }
  }

  /// The values of this program have a picture's shape.
  private func checkShape(
    of value: Program.ValueID, at place: String
  ) throws(NetworkError) {
    let type = program.values[value].type
    guard type.elementType == .float32, type.shape.count == 4, type.shape[0] == 1,
      type.shape[2] == height, type.shape[3] == width
    else {
      throw NetworkError(
        .unsupported, at: place,
        "a value of shape \(type.shape) can't be computed position by position, expected [1, channels, \(height), "
          + "\(width)]")
    }
  }

  /// The index of a value that depends on the picture; nil for others.
  private func index(
    of value: Program.ValueID, at place: String
  ) throws(NetworkError) -> Int? {
    guard let index = indices[program.root(value)] else { return nil }
    try checkShape(of: value, at: place)
    let shape = program.values[value].type.shape
    guard shape[1] == channelCounts[index] else {
      throw NetworkError(
        .unsupported, at: place,
        "its input of shape \(shape) is reshaped, and can't be computed position by position")
    }
    return index
  }

  private mutating func operand(
    _ value: Program.ValueID, at place: String
  ) throws(NetworkError) -> Operand {
    let type = program.values[value].type
    let shape = [Int](repeating: 1, count: max(4 - type.rank, 0)) + type.shape
    if let index = try index(of: value, at: place) {
      return Operand(source: .causal(index), shape: shape)
    }
    guard type.elementType == .float32, shape.count == 4, shape[0] == 1 else {
      throw NetworkError(
        .unsupported, at: place,
        "an input of the type \(type.elementType.name) and shape \(type.shape) can't be used position by position"
      )
    }
    if let constant = program.values[program.root(value)].constant {
      return Operand(source: .constant(constant), shape: shape)
    }
    let name = program.values[value].name
    let known = conditioning.firstIndex(of: name)
    if known == nil { conditioning.append(name) }
    return Operand(source: .conditioning(known ?? conditioning.count - 1), shape: shape)
  }

  /// The phases of an operand's channels, as one of `count` channels.
  private func levels(of operand: Operand, count: Int) -> [Int] {
    guard case .causal(let index) = operand.source else { return Array(repeating: 0, count: count) }
    let own = levels[index]
    return own.count == count ? own : Array(repeating: own[0], count: count)
  }

  // MARK: Operations

  private mutating func add(_ operation: Program.Operation) throws(NetworkError) {
    guard operation.inputs.contains(where: { indices[program.root($0)] != nil }) else { return }
    let place = "node \"\(operation.name)\""
    switch operation.kind {
    case let kind as Convolution: try add(kind, operation, at: place)
    case let kind as Unary:
      let input = try causal(operation, at: place)
      try emit(.unary(kind.function, input), operation, levels: levels[input], at: place)
    case let kind as Binary:
      let (a, b) = (
        try operand(operation.inputs[0], at: place), try operand(operation.inputs[1], at: place)
      )
      let count = kind.output.rank == 4 ? kind.output.shape[1] : 0
      let found = zip(levels(of: a, count: count), levels(of: b, count: count)).map { max($0, $1) }
      try emit(.binary(kind.function, a, b), operation, levels: found, at: place)
    case is ChannelAffine:
      let input = try causal(operation, at: place)
      guard let scale = constant(operation.inputs[1]), let shift = constant(operation.inputs[2])
      else { throw notLocal(operation) }
      try emit(
        .affine(input, scale: scale, shift: shift), operation, levels: levels[input], at: place)
    case let kind as Concatenation where kind.axis == 1:
      var (found, parts): ([Int], [(Operand, Int)]) = ([], [])
      for value in operation.inputs {
        let part = try operand(value, at: place)
        parts.append((part, found.count))
        found += levels(of: part, count: part.shape[1])
      }
      let value = try output(operation, levels: found, at: place)
      for (part, start) in parts {
        let channels = start..<start + part.shape[1]
        emit(.copy(part, first: -start), value, levels: found, channels: channels)
      }
    case let kind as Split where kind.axis == 1:
      let input = try causal(operation, at: place)
      var start = 0
      for (index, type) in kind.outputs.enumerated() {
        let found = Array(levels[input][start..<start + type.shape[1]])
        try emitCopy(of: input, from: start, operation, output: index, levels: found, at: place)
        start += type.shape[1]
      }
    case let kind as Strided:
      let input = try causal(operation, at: place)
      guard let start = kind.firstChannel(ofPlanes: height * width) else {
        throw notLocal(operation)
      }
      let found = Array(levels[input][start..<start + kind.output.shape[1]])
      try emitCopy(of: input, from: start, operation, output: 0, levels: found, at: place)
    default: throw notLocal(operation)
    }
  }

  private mutating func add(
    _ kind: Convolution, _ operation: Program.Operation, at place: String
  ) throws(NetworkError) {
    guard kind.window.stride.allSatisfy({ $0 == 1 }), kind.window.rank == 2,
      kind.window.output == kind.window.input
    else {
      throw NetworkError(
        .unsupported, at: place,
        "a convolution with strides \(kind.window.stride) from \(kind.window.input) to \(kind.window.output) positions "
          + "can't be computed position by position, expected stride 1 and zero padding that keeps the size"
      )
    }
    let input = try causal(operation, at: place)
    guard let weights = constant(operation.inputs[1]),
      let bias = kind.hasBias
        ? constant(operation.inputs[2]) : [Float](repeating: 0, count: kind.outputChannels)
    else { throw notLocal(operation) }
    let masked = try MaskedConvolution(
      kind, weights: weights, bias: bias, levels: levels[input], phases: phases.count, at: place)
    try emit(.convolution(masked, input), operation, levels: masked.levels, at: place)
  }

  /// The value that depends on the picture and is the operation's first input.
  private func causal(
    _ operation: Program.Operation, at place: String
  ) throws(NetworkError) -> Int {
    guard let first = operation.inputs.first, let index = try index(of: first, at: place) else {
      throw notLocal(operation)
    }
    return index
  }

  private func constant(_ value: Program.ValueID) -> [Float]? {
    program.values[program.root(value)].constant?.floats
  }

  private mutating func output(
    _ operation: Program.Operation, _ index: Int = 0, levels: [Int], at place: String
  ) throws(NetworkError) -> Int {
    try checkShape(of: operation.outputs[index], at: place)
    let inputs = operation.inputs.compactMap { indices[program.root($0)] }
    return define(operation.outputs[index], levels: levels, origin: (operation.name, inputs))
  }

  private mutating func emit(
    _ kind: Kind, _ operation: Program.Operation, levels: [Int], at place: String
  ) throws(NetworkError) {
    let value = try output(operation, levels: levels, at: place)
    emit(kind, value, levels: levels, channels: 0..<levels.count)
  }

  private mutating func emitCopy(
    of input: Int, from start: Int, _ operation: Program.Operation, output index: Int,
    levels: [Int], at place: String
  ) throws(NetworkError) {
    let value = try output(operation, index, levels: levels, at: place)
    let operand = Operand(
      source: .causal(input), shape: [1, channelCounts[input], height, width])
    emit(.copy(operand, first: start), value, levels: levels, channels: 0..<levels.count)
  }

  /// Adds a step for each run of channels of one phase.
  private mutating func emit(_ kind: Kind, _ value: Int, levels: [Int], channels: Range<Int>) {
    // A convolution knows itself which channels belong to a phase.
    if case .convolution = kind {
      for phase in phases.indices where levels.contains(phase) {
        phases[phase].append(Step(kind: kind, value: value, channels: channels))
      }
      return
    }
    var start = channels.lowerBound
    while start < channels.upperBound {
      let end = channels.suffix(from: start).first { levels[$0] != levels[start] }
      let run = start..<(end ?? channels.upperBound)
      phases[levels[start]].append(Step(kind: kind, value: value, channels: run))
      start = run.upperBound
    }
  }

  private func notLocal(_ operation: Program.Operation) -> NetworkError {
    let op = graph.nodes.first { $0.name == operation.name }?.op ?? "operator"
    return NetworkError(
      .unsupported, at: "node \"\(operation.name)\"",
      "\(op) can't be computed position by position; between the drawn input and its logits only convolutions with "
        + "constant weights, element-wise operators, and Concat, Split and Slice of channels are supported"
    )
  }
}
