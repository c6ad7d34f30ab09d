/// Which operations of a program are computed in 8-bit integers, and which values pass between them as
/// such.
///
/// A convolution is, where the range of its input is known and it pays; what lies between two of them
/// and only moves or adds numbers follows. All else keeps real numbers, and so do the network's outputs.
struct Quantization: Sendable {
  typealias ValueID = Program.ValueID

  /// How values are kept in 8 bits wherever they are.
  private(set) var quanta: [ValueID: Quantum] = [:]
  /// By index.
  private(set) var integerOperations: Set<Int> = []
  /// Values that are written in 8 bits.
  private var kept: Set<ValueID> = []

  /// Fewer channels than this are no work for integers: the first convolution above all, which sees
  /// the picture itself.
  static let leastChannels = 16

  /// How the value is written: in 8 bits, or nil for real numbers.
  func target(_ value: ValueID) -> Quantum? { kept.contains(value) ? quanta[value] : nil }

  init(_ program: Program, _ ranges: ValueRanges) {
    for value in program.values.indices where program.values[value].alias == nil {
      guard program.values[value].constant == nil,
        program.values[value].type.elementType == .float32
      else { continue }
      quanta[value] = ranges.values[program.values[value].name].map { Quantum($0) }
    }
    for operation in program.operations where operation.kind.movesIntegers {
      // What only moves numbers keeps their steps.
      quanta[operation.outputs[0]] = quanta[operation.inputs[0]]
    }
    let outputs = Set(program.outputs.map { program.root($0.value) })
    for (index, operation) in program.operations.enumerated().reversed() {
      let (x, y) = (operation.inputs[0], operation.outputs.first ?? operation.inputs[0])
      switch operation.kind {
      case let kind as any PostProcessing:
        guard quanta[x] != nil, Self.pays(kind),
          operation.inputs.indices.allSatisfy({
            $0 == 0 || $0 == kind.post.sum || program.isConstant(operation.inputs[$0])
          })
        else { continue }
        integerOperations.insert(index)
        if !outputs.contains(x) { kept.insert(x) }
        if kind.post.canChangeUnit, target(y) != nil, let sum = kind.post.sum {
          keep(operation.inputs[sum], outputs)
        }
      case let kind where kind.movesIntegers || kind.addsIntegers:
        guard target(y) != nil, operation.inputs.allSatisfy({ quanta[$0] != nil }) else { continue }
        integerOperations.insert(index)
        for input in operation.inputs { keep(input, outputs) }
      default: continue
      }
    }
  }

  /// Whether integers are faster: with many channels to a product, or, where each channel has a filter of
  /// its own and what counts is how much is moved, with many of those.
  private static func pays(_ kind: any PostProcessing) -> Bool {
    if let kind = kind as? Convolution, kind.groups == kind.inputChannels,
      kind.groups == kind.outputChannels
    {
      return kind.groups >= leastChannels
    }
    return kind.inputChannels / kind.groups >= leastChannels
  }

  private mutating func keep(_ value: ValueID, _ outputs: Set<ValueID>) {
    if quanta[value] != nil, !outputs.contains(value) { kept.insert(value) }
  }
}

extension Operator {
  /// Whether it only moves numbers or picks the largest, so that integers of one scale pass through.
  fileprivate var movesIntegers: Bool {
    switch self {
    case let resize as Resize: resize.isRepetition && resize.axes.allSatisfy { $0.axis >= 2 }
    case let pooling as Pooling: pooling.isMaximum
    default: false
    }
  }

  /// Whether it adds two arrays of one shape.
  fileprivate var addsIntegers: Bool {
    guard let binary = self as? Binary else { return false }
    return binary.function == .add && binary.left == binary.right
  }
}
