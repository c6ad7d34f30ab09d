/// The sum of all numbers up to each along an axis: CumSum.
struct CumulativeSum: Operator {
  let type: TensorType
  let axis: Int
  /// Whether a number itself is left out of its sum.
  let isExclusive: Bool
  /// Whether the sums run from the end.
  let isReversed: Bool

  var outputs: [TensorType] { [type] }
  var floatingPointOperations: Int { type.elementType == .float32 ? type.count : 0 }

  func run(_ memory: OperatorMemory) {
    switch type.elementType {
    case .float32: sum(memory, Float.self, +)
    case .float64: sum(memory, Double.self, +)
    case .int32: sum(memory, Int32.self, &+)
    default: sum(memory, Int64.self, &+)
    }
  }

  private func sum<T: Numeric>(_ memory: OperatorMemory, _: T.Type, _ add: (T, T) -> T) {
    let (x, y) = (memory.input(0, as: T.self), memory.output(as: T.self))
    let length = type.shape[axis]
    let inner = type.product((axis + 1)..<type.rank)
    for outer in 0..<type.product(0..<axis) {
      for column in 0..<inner {
        let start = outer * length * inner + column
        var total: T = 0
        for step in 0..<length {
          let place = start + (isReversed ? length - 1 - step : step) * inner
          let sum = add(total, x[place])
          y[place] = isExclusive ? total : sum
          total = sum
        }
      }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["exclusive", "reverse"])
    let x = try context.type(0)
    guard [.float32, .float64, .int32, .int64].contains(x.elementType) else {
      throw context.fail(.unsupported, "the element type \(x.elementType.name) is not supported")
    }
    guard let value = try context.integers(input: 1).first else {
      throw context.fail(.malformed, "input 1 is empty")
    }
    let operation = CumulativeSum(
      type: x, axis: try context.axis(value, rank: x.rank),
      isExclusive: try context.flag("exclusive"), isReversed: try context.flag("reverse"))
    return .operation(operation, operands: [0])
  }
}
