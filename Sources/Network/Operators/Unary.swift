import Foundation

/// A function of one number, applied to each element of an fp32 array. Input and output may be the
/// same memory.
struct Unary: Operator {
  enum Function: Sendable, Hashable {
    case relu
    case leakyRelu(Float)
    case sigmoid
    case tanh
    case sqrt
    case floor
    case exp
    case clip(Float, Float)

    /// Applies the function to `count` numbers; `from` and `to` may be equal.
    func apply(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) {
      @inline(__always) func each(_ body: (Float) -> Float) {
        for i in 0..<count { to[i] = body(from[i]) }
      }
      switch self {
      case .relu: each { $0 < 0 ? 0 : $0 }
      case .leakyRelu(let slope): each { $0 < 0 ? $0 * slope : $0 }
      case .sigmoid: each { 1 / (1 + Foundation.exp(-$0)) }
      case .tanh: each { Foundation.tanh($0) }
      case .sqrt: each { $0.squareRoot() }
      case .floor: each { $0.rounded(.down) }
      case .exp: each { Foundation.exp($0) }
      case .clip(let low, let high):
        each {
          let raised = $0 < low ? low : $0
          return raised > high ? high : raised
        }
      }
    }
  }

  let function: Function
  let type: TensorType
  var outputs: [TensorType] { [type] }
  var floatingPointOperations: Int { type.count }

  func run(_ memory: OperatorMemory) {
    function.apply(memory.input(0), memory.output(), count: type.count)
  }
}

extension Unary {
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let type = try context.floatType(0)
    let function: Function
    var known: Set<String> = ["consumed_inputs"]
    switch context.node.op {
    case "Relu": function = .relu
    case "LeakyRelu":
      known.insert("alpha")
      function = .leakyRelu(try context.float("alpha", default: 0.01))
    case "Sigmoid": function = .sigmoid
    case "Tanh": function = .tanh
    case "Sqrt": function = .sqrt
    case "Floor": function = .floor
    case "Exp": function = .exp
    default:
      known.formUnion(["min", "max"])
      function = try clip(context)
    }
    try context.allow(known)
    return .operation(Unary(function: function, type: type), operands: [0])
  }

  /// Bounds are attributes up to operator set 10 and inputs from 11 on.
  private static func clip(_ context: NodeContext) throws(NetworkError) -> Function {
    var bounds: [Float] = [-.greatestFiniteMagnitude, .greatestFiniteMagnitude]
    if context.opset < 11 {
      bounds[0] = try context.float("min", default: bounds[0])
      bounds[1] = try context.float("max", default: bounds[1])
    } else {
      bounds = [-.infinity, .infinity]
      for index in 0..<2 where context.has(index + 1) {
        guard let bound = try context.floats(input: index + 1).first else {
          throw context.fail(.malformed, "input \(index + 1) is empty")
        }
        bounds[index] = bound
      }
    }
    return .clip(bounds[0], bounds[1])
  }
}
