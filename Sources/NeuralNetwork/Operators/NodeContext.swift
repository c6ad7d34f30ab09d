/// A node together with what is known of its inputs, and the checks that all operators share. Errors
/// thrown here name the operator and the attribute or input.
struct NodeContext {
  /// An input: its type and, where it does not depend on the network's input, its value.
  struct Operand {
    let type: TensorType
    let constant: Tensor?
  }

  let node: Node
  let opset: Int
  /// nil stands for an input left out.
  let operands: [Operand?]

  func fail(_ code: NetworkError.Code, _ reason: String) -> NetworkError {
    NetworkError(code, at: "node \"\(node.name)\"", "\(node.op): \(reason)")
  }

  // MARK: Inputs

  func has(_ index: Int) -> Bool { index < operands.count && operands[index] != nil }

  /// The input with this index, which must be there.
  func operand(_ index: Int) throws(NetworkError) -> Operand {
    guard index < operands.count, let operand = operands[index] else {
      throw fail(.malformed, "input \(index) is missing")
    }
    return operand
  }

  func type(_ index: Int) throws(NetworkError) -> TensorType { try operand(index).type }

  /// The type of an input that must be fp32, the only type in which this operator computes.
  func floatType(_ index: Int) throws(NetworkError) -> TensorType {
    let type = try type(index)
    guard type.elementType == .float32 else {
      throw fail(
        .unsupported, "the element type \(type.elementType.name) of input \(index) is not supported"
      )
    }
    return type
  }

  /// The shape of an input that has a batch axis, a channel axis and one to three spatial axes.
  func imageType(_ index: Int = 0) throws(NetworkError) -> TensorType {
    let type = try floatType(index)
    guard (3...5).contains(type.rank) else {
      throw fail(
        .unsupported,
        "an input of shape \(type.shape) is not supported, only N, C and one to three spatial axes")
    }
    return type
  }

  /// The value of an input that must not depend on the network's input, as integers.
  func integers(input index: Int) throws(NetworkError) -> [Int] {
    try HostConversion.integers(try constant(index)) { self.fail($0, $1) }
  }

  /// The value of a constant input as floats.
  func floats(input index: Int) throws(NetworkError) -> [Float] {
    let tensor = try constant(index)
    guard tensor.elementType == .float32 else {
      throw fail(
        .unsupported,
        "the element type \(tensor.elementType.name) of input \(index) is not supported")
    }
    return tensor.floats
  }

  /// The bytes of the first number of a constant input, which must have the type; nil when empty.
  func bytes(input index: Int, of type: ElementType) throws(NetworkError) -> [UInt8]? {
    let tensor = try constant(index)
    guard tensor.elementType == type else {
      throw fail(
        .shapeMismatch,
        "input \(index) has the type \(tensor.elementType.name), expected \(type.name)")
    }
    guard tensor.count > 0 else { return nil }
    return tensor.withUnsafeBytes { Array($0.prefix(type.byteCount)) }
  }

  private func constant(_ index: Int) throws(NetworkError) -> Tensor {
    guard let tensor = try operand(index).constant else {
      throw fail(.unsupported, "input \(index) must be a constant or an input of the network")
    }
    return tensor
  }

  // MARK: Attributes

  /// Refuses attributes that the operator does not know.
  func allow(_ names: Set<String>) throws(NetworkError) {
    for name in node.attributes.keys.sorted() where !names.contains(name) {
      throw fail(.unsupported, "the attribute \(name) is not supported")
    }
  }

  func has(_ name: String) -> Bool { node.attributes[name] != nil }

  func int(_ name: String, default value: Int) throws(NetworkError) -> Int {
    switch node.attributes[name] {
    case nil: return value
    case .int(let number)?: return try fitting(number, name)
    default: throw wrongKind(name, "an integer")
    }
  }

  func flag(_ name: String, default value: Bool = false) throws(NetworkError) -> Bool {
    try int(name, default: value ? 1 : 0) != 0
  }

  func float(_ name: String, default value: Float) throws(NetworkError) -> Float {
    switch node.attributes[name] {
    case nil: return value
    case .float(let number)?: return number
    default: throw wrongKind(name, "a float")
    }
  }

  func string(_ name: String, default value: String) throws(NetworkError) -> String {
    switch node.attributes[name] {
    case nil: return value
    case .string(let text)?: return text
    default: throw wrongKind(name, "a string")
    }
  }

  func ints(_ name: String) throws(NetworkError) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .ints(let numbers)?:
      var list: [Int] = []
      for number in numbers { list.append(try fitting(number, name)) }
      return list
    default: throw wrongKind(name, "a list of integers")
    }
  }

  /// A list with one number from `range` for each spatial axis.
  func ints(_ name: String, count: Int, default value: Int, in range: ClosedRange<Int>)
    throws(NetworkError) -> [Int]
  {
    guard let list = try ints(name), !(list.isEmpty && count > 0) else {
      return [Int](repeating: value, count: count)
    }
    guard list.count == count, list.allSatisfy(range.contains) else {
      throw fail(
        .malformed,
        "the attribute \(name) is \(list), expected \(count) numbers from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return list
  }

  /// An axis counted from the end when negative.
  func axis(_ value: Int, rank: Int) throws(NetworkError) -> Int {
    let axis = value < 0 ? value + rank : value
    guard axis >= 0, axis < rank else {
      throw fail(.malformed, "the axis \(value) is out of range for \(rank) axes")
    }
    return axis
  }

  private func fitting(_ number: Int64, _ name: String) throws(NetworkError) -> Int {
    // Bounds far beyond any use, so that sums and products of a few of them can't overflow.
    guard let value = Int(exactly: number), name == "value_int" || abs(value) < 1 << 40 else {
      throw fail(.malformed, "the attribute \(name) is \(number), which is out of range")
    }
    return value
  }

  private func wrongKind(_ name: String, _ wanted: String) -> NetworkError {
    fail(.malformed, "the attribute \(name) must be \(wanted)")
  }
}
