/// Operators without inputs that change: Constant and ConstantOfShape.
enum Constants {
  static func constant(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["value", "value_float", "value_floats", "value_int", "value_ints"])
    guard context.node.attributes.count == 1, let (name, value) = context.node.attributes.first
    else {
      throw context.fail(.malformed, "exactly one attribute is expected")
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
    default: throw context.fail(.malformed, "the attribute value should be a tensor of one number")
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
}
