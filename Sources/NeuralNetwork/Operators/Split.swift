/// Cuts an array of any type into parts along an axis: Split.
struct Split: Operator {
  let input: TensorType
  let axis: Int
  let outputs: [TensorType]

  func run(_ memory: OperatorMemory) {
    let size = input.elementType.byteCount
    let outer = input.product(0..<axis)
    let row = input.product(axis..<input.rank) * size
    var start = 0
    for (index, part) in outputs.enumerated() {
      let bytes = part.product(axis..<part.rank) * size
      for i in 0..<outer {
        (memory.outputs[index] + i * bytes).copyMemory(
          from: memory.inputs[0] + i * row + start, byteCount: bytes)
      }
      start += bytes
    }
  }

  /// Lengths are an attribute up to operator set 12 and an input from 13 on; without them the parts are
  /// alike, from 18 on but for a smaller last one.
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.type(0)
    let axis = try context.axis(try context.int("axis", default: 0), rank: x.rank)
    let count = context.node.outputs.count
    let extent = x.shape[axis]
    var lengths: [Int]?
    var size = (extent + max(count, 1) - 1) / max(count, 1)
    if context.opset < 13 {
      try context.allow(["axis", "split"])
      lengths = try context.ints("split")
    } else {
      try context.allow(context.opset < 18 ? ["axis"] : ["axis", "num_outputs"])
      if context.has(1) { lengths = try context.integers(input: 1) }
    }
    if lengths == nil {
      let wanted = try context.int("num_outputs", default: count)
      guard wanted == count, context.opset >= 18 || extent % max(count, 1) == 0 else {
        throw context.fail(
          .shapeMismatch,
          "\(extent) elements can't be split into \(wanted) parts for \(count) outputs"
        )
      }
      size = max(size, 1)
      lengths = (0..<count).map { min(size, max(extent - $0 * size, 0)) }
    }
    let parts = lengths ?? []
    guard parts.count == count, parts.allSatisfy({ (0...extent).contains($0) }),
      parts.reduce(0, +) == extent
    else {
      throw context.fail(
        .shapeMismatch, "the lengths \(parts) don't add up to \(extent) elements in \(count) parts")
    }
    var outputs: [TensorType] = []
    for length in parts {
      var shape = x.shape
      shape[axis] = length
      outputs.append(try TensorType(x.elementType, shape))
    }
    return .operation(Split(input: x, axis: axis, outputs: outputs), operands: [0])
  }
}
