import Foundation

/// A function of one number, applied to each element of an fp32 array. Input and output may be the
/// same memory.
struct Unary: Operator {
  enum Function: Sendable, Hashable {
    case relu
    case leakyRelu(Float)
    /// x, below 0 α·(eˣ − 1) (Clevert, Unterthiner and Hochreiter 2016, eq. 15).
    case elu(Float)
    case sigmoid
    case tanh
    case sqrt
    case floor
    case exp
    case log
    case sin
    case cos
    case negate
    case magnitude
    case reciprocal
    /// The error function.
    case erf
    /// x·Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016).
    case gelu
    /// The same with tanh in place of Φ.
    case geluTanh
    case clip(Float, Float)

    /// Whether it may become part of a convolution before it: all back ends can do so.
    var isFusable: Bool {
      switch self {
      case .relu, .leakyRelu, .elu, .sigmoid, .tanh, .sqrt, .exp, .clip, .gelu, .geluTanh: true
      case .floor, .log, .sin, .cos, .negate, .magnitude, .reciprocal, .erf: false
      }
    }

    /// Applies the function to `count` numbers; `from` and `to` may be equal.
    func apply(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) {
      @inline(__always) func each(_ body: (Float) -> Float) {
        for i in 0..<count { to[i] = body(from[i]) }
      }
      switch self {
      case .relu: each { $0 < 0 ? 0 : $0 }
      case .leakyRelu(let slope): each { $0 < 0 ? $0 * slope : $0 }
      case .elu(let alpha): each { $0 < 0 ? alpha * Foundation.expm1($0) : $0 }
      case .sigmoid: each { 1 / (1 + Foundation.exp(-$0)) }
      case .tanh: each { Foundation.tanh($0) }
      case .sqrt: each { $0.squareRoot() }
      case .floor: each { $0.rounded(.down) }
      case .exp: each { Foundation.exp($0) }
      case .log: each { Foundation.log($0) }
      case .sin: each { Foundation.sin($0) }
      case .cos: each { Foundation.cos($0) }
      case .negate: each { -$0 }
      case .magnitude: each { abs($0) }
      case .reciprocal: each { 1 / $0 }
      case .erf: each { Foundation.erf($0) }
      case .gelu: each { 0.5 * $0 * (1 + Foundation.erf($0 * Float(0.5).squareRoot())) }
      case .geluTanh:
        each {
          let inner = (2 / Float.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)
          return 0.5 * $0 * (1 + Foundation.tanh(inner))
        }
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
    case "Elu":
      known.insert("alpha")
      function = .elu(try context.float("alpha", default: 1))
    case "Sigmoid": function = .sigmoid
    case "Tanh": function = .tanh
    case "Sqrt": function = .sqrt
    case "Floor": function = .floor
    case "Exp": function = .exp
    case "Log": function = .log
    case "Sin": function = .sin
    case "Cos": function = .cos
    case "Neg": function = .negate
    case "Abs": function = .magnitude
    case "Reciprocal": function = .reciprocal
    case "Erf": function = .erf
    case "Gelu":
      known.insert("approximate")
      switch try context.string("approximate", default: "none") {
      case "none": function = .gelu
      case "tanh": function = .geluTanh
      case let other: throw context.fail(.unsupported, "approximate \(other) is not supported")
      }
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
