/// One operation with every shape and parameter resolved. `run` is its plain implementation on
/// dense row-major arrays, which the OpenBLAS back end uses and the oneDNN back end falls back to.
protocol Operator: Sendable {
  /// What it computes.
  var outputs: [TensorType] { get }
  /// Bytes of temporary memory that ``run(_:)`` needs with so many threads.
  func scratchByteCount(threads: Int) -> Int
  /// Multiplications and additions for one run; 0 for operations that only move data.
  var floatingPointOperations: Int { get }
  /// Computes the outputs.
  func run(_ memory: OperatorMemory) throws(NetworkError)
}

extension Operator {
  func scratchByteCount(threads: Int) -> Int { 0 }
  var floatingPointOperations: Int { 0 }
}

/// Where an operation's arrays lie. Arrays of different operands may be the same memory only where
/// the operation says so.
struct OperatorMemory {
  let inputs: [UnsafeMutableRawPointer]
  let outputs: [UnsafeMutableRawPointer]
  let scratch: UnsafeMutableRawPointer
  /// How many threads the operation may use.
  let threads: Int

  func input<T>(_ index: Int, as type: T.Type = Float.self) -> UnsafePointer<T> {
    UnsafePointer(inputs[index].assumingMemoryBound(to: T.self))
  }

  func output<T>(_ index: Int = 0, as type: T.Type = Float.self) -> UnsafeMutablePointer<T> {
    outputs[index].assumingMemoryBound(to: T.self)
  }

  func scratch<T>(as type: T.Type = Float.self) -> UnsafeMutablePointer<T> {
    scratch.assumingMemoryBound(to: T.self)
  }
}

/// What a node becomes once the shapes of its inputs are known.
enum Lowered {
  /// An operation that reads the node's inputs with these indexes.
  case operation(any Operator, operands: [Int])
  /// The first input's numbers under another shape.
  case reshaped([Int])
  /// A value that depends on shapes only.
  case constant(Tensor)
}
