/// What is true of two arrays with NumPy's broadcasting: Equal, Less, Greater, LessOrEqual,
/// GreaterOrEqual of numbers of one type, And and Or of bools.
struct Comparison: Operator {
  enum Function: String, Sendable {
    case equal = "Equal"
    case less = "Less"
    case greater = "Greater"
    case lessOrEqual = "LessOrEqual"
    case greaterOrEqual = "GreaterOrEqual"
    case and = "And"
    case or = "Or"
  }

  let function: Function
  let left: TensorType
  let right: TensorType
  let output: TensorType

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) {
    let y = memory.output(as: UInt8.self)
    let walk = StridedWalk(
      shape: output.shape,
      strides: [
        StridedWalk.broadcast(left.shape, to: output.shape),
        StridedWalk.broadcast(right.shape, to: output.shape),
      ])
    walk.rows { position, offsets, count, steps in
      for i in 0..<count {
        let a = HostConversion.load(
          memory.inputs[0], offsets[0] + i * steps[0], left.elementType)
        let b = HostConversion.load(
          memory.inputs[1], offsets[1] + i * steps[1], right.elementType)
        y[position + i] = holds(a, b) ? 1 : 0
      }
    }
  }

  private func holds(_ a: HostConversion.Number, _ b: HostConversion.Number) -> Bool {
    switch (a, b) {
    case (.signed(let x), .signed(let y)): holds(x, y)
    case (.unsigned(let x), .unsigned(let y)): holds(x, y)
    default: holds(HostConversion.double(a), HostConversion.double(b))
    }
  }

  private func holds<T: Comparable & ExpressibleByIntegerLiteral>(_ a: T, _ b: T) -> Bool {
    switch function {
    case .equal: a == b
    case .less: a < b
    case .greater: a > b
    case .lessOrEqual: a <= b
    case .greaterOrEqual: a >= b
    case .and: a != 0 && b != 0
    case .or: a != 0 || b != 0
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    guard let function = Function(rawValue: context.node.op) else {
      throw context.fail(.unsupported, "this operator is not supported")
    }
    let (left, right) = (try context.type(0), try context.type(1))
    let needsBool = function == .and || function == .or
    guard left.elementType == right.elementType, !needsBool || left.elementType == .bool else {
      throw context.fail(
        .unsupported,
        "inputs of the types \(left.elementType.name) and \(right.elementType.name) together are not "
          + "supported")
    }
    let shape = try Binary.broadcast(context, left.shape, right.shape)
    let operation = Comparison(
      function: function, left: left, right: right, output: try TensorType(.bool, shape))
    return .operation(operation, operands: [0, 1])
  }

  /// Not: each bool is compared with false.
  static func not(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let x = try context.type(0)
    guard x.elementType == .bool else {
      throw context.fail(.unsupported, "the element type \(x.elementType.name) is not supported")
    }
    return .operation(Negation(type: x), operands: [0])
  }
}

/// The opposite of each bool: Not.
struct Negation: Operator {
  let type: TensorType
  var outputs: [TensorType] { [type] }

  func run(_ memory: OperatorMemory) {
    let (x, y) = (memory.input(0, as: UInt8.self), memory.output(as: UInt8.self))
    for i in 0..<type.count { y[i] = x[i] == 0 ? 1 : 0 }
  }
}

/// Elements of one array where a condition holds, of another elsewhere, with NumPy's broadcasting:
/// Where. Inputs: the condition (bool), two arrays of any one type.
struct Selection: Operator {
  let condition: TensorType
  let left: TensorType
  let right: TensorType
  let output: TensorType

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) {
    switch output.elementType.byteCount {
    case 1: select(memory, UInt8.self)
    case 2: select(memory, UInt16.self)
    case 4: select(memory, UInt32.self)
    default: select(memory, UInt64.self)
    }
  }

  private func select<T>(_ memory: OperatorMemory, _ type: T.Type) {
    let condition = memory.input(0, as: UInt8.self)
    let (a, b) = (memory.input(1, as: T.self), memory.input(2, as: T.self))
    let y = memory.output(as: T.self)
    let walk = StridedWalk(
      shape: output.shape,
      strides: [self.condition, left, right].map {
        StridedWalk.broadcast($0.shape, to: output.shape)
      })
    walk.rows { position, offsets, count, steps in
      for i in 0..<count {
        y[position + i] =
          condition[offsets[0] + i * steps[0]] != 0
          ? a[offsets[1] + i * steps[1]] : b[offsets[2] + i * steps[2]]
      }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let condition = try context.type(0)
    let (left, right) = (try context.type(1), try context.type(2))
    guard condition.elementType == .bool, left.elementType == right.elementType else {
      throw context.fail(
        .malformed,
        "inputs of the types \(condition.elementType.name), \(left.elementType.name) and "
          + "\(right.elementType.name) don't fit each other")
    }
    let shape = try Binary.broadcast(
      context, condition.shape, try Binary.broadcast(context, left.shape, right.shape))
    let operation = Selection(
      condition: condition, left: left, right: right,
      output: try TensorType(left.elementType, shape))
    return .operation(operation, operands: [0, 1, 2])
  }
}
