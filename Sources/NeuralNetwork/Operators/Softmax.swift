import Foundation

/// Exponentials divided by their sum along an axis. Before operator set 13, all axes from the given
/// one on count as one.
struct Softmax: Operator {
  let type: TensorType
  let outer: Int
  let length: Int
  let inner: Int
  /// The one axis that it runs along; nil for several.
  let axis: Int?

  var outputs: [TensorType] { [type] }
  var floatingPointOperations: Int { 3 * type.count }

  func run(_ memory: OperatorMemory) {
    for block in 0..<outer {
      for column in 0..<inner {
        let x = memory.input(0) + block * length * inner + column
        let y = memory.output() + block * length * inner + column
        var largest = -Float.infinity
        for i in 0..<length { largest = max(largest, x[i * inner]) }
        var sum: Float = 0
        for i in 0..<length {
          let value = exp(x[i * inner] - largest)
          y[i * inner] = value
          sum += value
        }
        for i in 0..<length { y[i * inner] /= sum }
      }
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["axis"])
    let x = try context.floatType(0)
    let isNew = context.opset >= 13
    let axis = try context.axis(try context.int("axis", default: isNew ? -1 : 1), rank: x.rank)
    let end = isNew ? axis + 1 : x.rank
    let operation = Softmax(
      type: x, outer: x.product(0..<axis), length: x.product(axis..<end),
      inner: x.product(end..<x.rank), axis: end == axis + 1 ? axis : nil)
    return .operation(operation, operands: [0])
  }
}
