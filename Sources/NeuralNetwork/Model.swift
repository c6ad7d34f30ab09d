import Foundation

/// A network read from an ONNX file and checked: names defined once, no cycles, tensors as large as
/// their shapes say. Whether the engine has every operator is found out by ``Session``.
package struct Model: Sendable {
  /// The file's path, or the name given with the bytes.
  package let name: String
  /// The metadata properties of the file.
  package let metadata: [String: String]
  /// What the network reads.
  package var inputs: [ValueInfo] { graph.inputs }
  /// What the network computes.
  package var outputs: [ValueInfo] { graph.outputs }
  /// How often each operator occurs in the file.
  package let operators: [String: Int]
  /// Numbers in all floating-point constants.
  package let parameterCount: Int
  /// Version of the operator set that the file uses.
  package let operatorSet: Int
  /// With constants folded.
  let graph: Graph

  /// Reads a file. Throws when it can't be read or is no valid ONNX model.
  package init(contentsOf path: String) throws(NetworkError) {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw NetworkError(
        .unreadable, file: path, "the model can't be read: \(error.localizedDescription)")
    }
    try self.init(data, name: path)
  }

  /// Reads a model from memory; `name` stands for the file in errors.
  package init(bytes: [UInt8], name: String) throws(NetworkError) {
    try self.init(bytes, name: name)
  }

  private init(_ bytes: some ContiguousBytes, name: String) throws(NetworkError) {
    self.name = name
    do throws(NetworkError) {
      var (graph, metadata) = try ModelReader.read(bytes)
      self.metadata = metadata
      operatorSet = graph.opset
      operators = graph.nodes.reduce(into: [:]) { $0[$1.op, default: 0] += 1 }
      graph.foldConstants()
      parameterCount = graph.constants.values.reduce(0) { sum, tensor in
        switch tensor.elementType {
        case .float32, .float16, .bfloat16, .float64: sum + tensor.count
        default: sum
        }
      }
      self.graph = graph
    } catch { throw error.inFile(name) }
  }

  /// The same file with another graph.
  init(_ other: Model, graph: Graph) {
    name = other.name
    metadata = other.metadata
    operators = other.operators
    parameterCount = other.parameterCount
    operatorSet = other.operatorSet
    self.graph = graph
  }

  /// Multiplications and additions for one run, padding included. Throws when the shapes don't fit or
  /// an operator is not supported.
  package func floatingPointOperations(inputShapes: [String: [Int]]) throws(NetworkError) -> Int {
    try program(inputShapes).floatingPointOperations
  }

  /// The shapes of the outputs for the given ones of the inputs. Throws when the shapes don't fit or
  /// an operator is not supported.
  package func outputShapes(inputShapes: [String: [Int]]) throws(NetworkError) -> [String: [Int]] {
    let program = try program(inputShapes)
    return Dictionary(
      program.outputs.map { ($0.name, program.values[$0.value].type.shape) },
      uniquingKeysWith: { first, _ in first })
  }

  private func program(_ inputShapes: [String: [Int]]) throws(NetworkError) -> Program {
    do throws(NetworkError) {
      var types: [String: TensorType] = [:]
      for input in graph.inputs {
        guard let shape = inputShapes[input.name] else {
          throw NetworkError(.invalidInput, at: "input \"\(input.name)\"", "its shape is missing")
        }
        types[input.name] = try TensorType(input.elementType ?? .float32, shape)
      }
      return try ProgramBuilder.build(graph, inputs: types, parameters: [:])
    } catch { throw error.inFile(name) }
  }
}
