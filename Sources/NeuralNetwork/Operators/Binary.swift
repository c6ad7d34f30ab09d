import Foundation

/// Arithmetic on two arrays with NumPy's broadcasting, for every numeric type except the 16-bit
/// floats. Integers wrap around; dividing an integer by zero is an error.
struct Binary: Operator {
  enum Function: String, Sendable, Hashable {
    case add = "Add"
    case subtract = "Sub"
    case multiply = "Mul"
    case divide = "Div"
    case power = "Pow"
    case maximum = "Max"
    case minimum = "Min"

    /// Applies the function to `count` pairs of numbers, which lie `step` apart in their arrays.
    func apply(
      _ a: UnsafePointer<Float>, step stepA: Int, _ b: UnsafePointer<Float>, step stepB: Int,
      to y: UnsafeMutablePointer<Float>, count: Int
    ) {
      @inline(__always) func each(_ body: (Float, Float) -> Float) {
        if stepA == 1, stepB == 1 {
          for i in 0..<count { y[i] = body(a[i], b[i]) }
        } else {
          for i in 0..<count { y[i] = body(a[i * stepA], b[i * stepB]) }
        }
      }
      switch self {
      case .add: each { $0 + $1 }
      case .subtract: each { $0 - $1 }
      case .multiply: each { $0 * $1 }
      case .divide: each { $0 / $1 }
      case .power: each { Foundation.pow($0, $1) }
      case .maximum: each { $0.isNaN || $0 > $1 ? $0 : $1 }
      case .minimum: each { $0.isNaN || $0 < $1 ? $0 : $1 }
      }
    }
  }

  let function: Function
  let left: TensorType
  let right: TensorType
  let output: TensorType

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int { output.elementType == .float32 ? output.count : 0 }

  func run(_ memory: OperatorMemory) throws(NetworkError) {
    guard output.elementType == .float32 else {
      try convertEach(memory)
      return
    }
    let (a, b, y) = (memory.input(0), memory.input(1), memory.output())
    walk.rows { position, offsets, count, steps in
      function.apply(
        a + offsets[0], step: steps[0], b + offsets[1], step: steps[1], to: y + position,
        count: count)
    }
  }

  private var walk: StridedWalk {
    StridedWalk(
      shape: left.shape == right.shape ? [output.count] : output.shape,
      strides: left.shape == right.shape
        ? [[1], [1]]
        : [
          StridedWalk.broadcast(left.shape, to: output.shape),
          StridedWalk.broadcast(right.shape, to: output.shape),
        ])
  }

  /// The types other than fp32, which only small arrays have.
  private func convertEach(_ memory: OperatorMemory) throws(NetworkError) {
    let type = output.elementType
    if function == .divide, type != .float64 {
      for index in 0..<right.count
      where HostConversion.double(HostConversion.load(memory.inputs[1], index, type)) == 0 {
        throw NetworkError(.invalidInput, "Div: an integer is divided by zero")
      }
    }
    walk.rows { position, offsets, count, steps in
      for i in 0..<count {
        let a = HostConversion.load(memory.inputs[0], offsets[0] + i * steps[0], type)
        let b = HostConversion.load(memory.inputs[1], offsets[1] + i * steps[1], type)
        HostConversion.store(combine(a, b), memory.outputs[0], position + i, type)
      }
    }
  }

  private func combine(_ a: HostConversion.Number, _ b: HostConversion.Number)
    -> HostConversion.Number
  {
    switch (a, b) {
    case (.signed(let x), .signed(let y)): .signed(combine(x, y))
    case (.unsigned(let x), .unsigned(let y)): .unsigned(combine(x, y))
    default: .float(combine(HostConversion.double(a), HostConversion.double(b)))
    }
  }

  private func combine<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    switch function {
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    case .divide: a.dividedReportingOverflow(by: b).partialValue
    case .maximum: max(a, b)
    case .minimum, .power: min(a, b)  // no power of integers: refused when lowering
    }
  }

  private func combine(_ a: Double, _ b: Double) -> Double {
    switch function {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: Foundation.pow(a, b)
    case .maximum: a.isNaN || a > b ? a : b
    case .minimum: a.isNaN || a < b ? a : b
    }
  }
}

extension Binary {
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    guard let function = Function(rawValue: context.node.op) else {
      throw context.fail(.unsupported, "this operator is not supported")
    }
    guard context.operands.count == 2 else {
      throw context.fail(
        .unsupported, "\(context.operands.count) inputs are not supported, only two")
    }
    let left = try context.type(0)
    let right = try context.type(1)
    let elementType = left.elementType
    guard right.elementType == elementType else {
      throw context.fail(
        .unsupported,
        "inputs of the types \(elementType.name) and \(right.elementType.name) together are not supported"
      )
    }
    let isFloat = elementType == .float32 || elementType == .float64
    switch elementType {
    case .bool, .float16, .bfloat16:
      throw context.fail(.unsupported, "the element type \(elementType.name) is not supported")
    default:
      if function == .power, !isFloat {
        throw context.fail(.unsupported, "the element type \(elementType.name) is not supported")
      }
    }
    let shape = try broadcast(context, left.shape, right.shape)
    if function == .power, elementType == .float32, shape == left.shape, right.count == 1,
      let exponent = try context.operand(1).constant?.floats.first
    {
      // What layer norms are spelled with, many times faster than powers.
      if exponent == 2 {
        return .operation(
          Binary(function: .multiply, left: left, right: left, output: left), operands: [0, 0])
      }
      if exponent == 0.5 {
        return .operation(Unary(function: .sqrt, type: left), operands: [0])
      }
    }
    let operation = Binary(
      function: function, left: left, right: right, output: try TensorType(elementType, shape))
    return .operation(operation, operands: [0, 1])
  }

  static func broadcast(_ context: NodeContext, _ a: [Int], _ b: [Int]) throws(NetworkError)
    -> [Int]
  {
    let rank = max(a.count, b.count)
    let left = [Int](repeating: 1, count: rank - a.count) + a
    let right = [Int](repeating: 1, count: rank - b.count) + b
    var shape: [Int] = []
    for (x, y) in zip(left, right) {
      guard x == y || x == 1 || y == 1 else {
        throw context.fail(.shapeMismatch, "the shapes \(a) and \(b) don't fit each other")
      }
      shape.append(x == 1 ? y : x)
    }
    return shape
  }
}
