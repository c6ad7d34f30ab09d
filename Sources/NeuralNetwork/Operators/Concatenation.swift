/// Joins arrays of any one type along an axis.
struct Concatenation: Operator {
  let axis: Int
  let parts: [TensorType]
  let output: TensorType

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) {
    let size = output.elementType.byteCount
    let outer = output.product(0..<axis)
    let row = output.product(axis..<output.rank) * size
    var start = 0
    for (index, part) in parts.enumerated() {
      let bytes = part.product(axis..<part.rank) * size
      for i in 0..<outer {
        (memory.outputs[0] + i * row + start).copyMemory(
          from: memory.inputs[index] + i * bytes, byteCount: bytes)
      }
      start += bytes
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["axis"])
    let first = try context.type(0)
    guard context.has("axis") else {
      throw context.fail(.malformed, "the attribute axis is missing")
    }
    let axis = try context.axis(try context.int("axis", default: 0), rank: first.rank)
    var parts: [TensorType] = []
    var shape = first.shape
    shape[axis] = 0
    for index in context.operands.indices {
      let part = try context.type(index)
      var rest = part.shape
      guard rest.count == shape.count, part.elementType == first.elementType else {
        throw context.fail(
          .shapeMismatch, "input \(index) of shape \(part.shape) does not fit \(first.shape)")
      }
      rest[axis] = shape[axis]
      guard rest == shape else {
        throw context.fail(
          .shapeMismatch, "input \(index) of shape \(part.shape) does not fit \(first.shape)")
      }
      shape[axis] += part.shape[axis]
      parts.append(part)
    }
    let operation = Concatenation(
      axis: axis, parts: parts, output: try TensorType(first.elementType, shape))
    return .operation(operation, operands: Array(parts.indices))
  }
}
