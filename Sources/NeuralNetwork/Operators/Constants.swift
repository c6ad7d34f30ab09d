/// Operators without inputs that change: Constant, ConstantOfShape, Range.
enum Constants {
  static func constant(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["value", "value_float", "value_floats", "value_int", "value_ints"])
    guard context.node.attributes.count == 1, let (name, value) = context.node.attributes.first
    else {
      throw context.fail(.malformed, "expected exactly one attribute")
    }
    switch value {
    case .tensor(let tensor): return .constant(tensor)
    case .float(let number): return .constant(try Tensor(shape: [], floats: [number]))
    case .floats(let list): return .constant(try Tensor(shape: [list.count], floats: list))
    case .int(let number): return .constant(try Tensor(shape: [], integers: [number]))
    case .ints(let list): return .constant(try Tensor(shape: [list.count], integers: list))
    case .string, .strings, .unsupported:
      throw context.fail(.unsupported, "the attribute \(name) is not supported")
    }
  }

  /// One number repeated; fp32 0 where the attribute is left out.
  static func constantOfShape(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["value"])
    var value = try Tensor(shape: [1], floats: [0])
    switch context.node.attributes["value"] {
    case nil: break
    case .tensor(let tensor)? where tensor.count == 1: value = tensor
    default:
      throw context.fail(.malformed, "expected a tensor of one number as the attribute value")
    }
    let type = try TensorType(value.elementType, try context.integers(input: 0))
    guard type.byteCount <= ProgramBuilder.maximumConstantByteCount else {
      throw context.fail(.unsupported, "a constant of shape \(type.shape) is too large")
    }
    let size = type.elementType.byteCount
    return .constant(
      try Tensor(shape: type.shape, elementType: type.elementType) { bytes in
        guard let base = bytes.baseAddress else { return }
        for i in 0..<type.count {
          (base + i * size).copyMemory(from: value.storage.base, byteCount: size)
        }
      })
  }

  /// Numbers from a start on in steps, the limit left out: Range.
  static func range(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let type = try context.type(0).elementType
    guard [.int16, .int32, .int64, .float32, .float64].contains(type) else {
      throw context.fail(.unsupported, "the element type \(type.name) is not supported")
    }
    var numbers: [HostConversion.Number] = []
    for index in 0..<3 {
      guard let bytes = try context.bytes(input: index, of: type) else {
        throw context.fail(.malformed, "input \(index) is empty")
      }
      bytes.withUnsafeBytes { raw in
        if let base = raw.baseAddress { numbers.append(HostConversion.load(base, 0, type)) }
      }
    }
    let (start, limit, step) = (
      HostConversion.double(numbers[0]), HostConversion.double(numbers[1]),
      HostConversion.double(numbers[2])
    )
    let count = max(((limit - start) / step).rounded(.up), 0)
    guard step != 0, count.isFinite,
      count * Double(type.byteCount)
        <= Double(ProgramBuilder.maximumConstantByteCount)
    else {
      throw context.fail(.unsupported, "\(start) to \(limit) in steps of \(step) is not supported")
    }
    return .constant(
      try Tensor(shape: [Int(count)], elementType: type) { bytes in
        guard let base = bytes.baseAddress else { return }
        for index in 0..<Int(count) {
          let number: HostConversion.Number =
            if case .signed(let first) = numbers[0], case .signed(let by) = numbers[2] {
              .signed(first &+ Int64(index) &* by)
            } else {
              .float(start + Double(index) * step)
            }
          HostConversion.store(number, base, index, type)
        }
      })
  }
}
