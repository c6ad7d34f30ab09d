import Colorization
import Foundation
import NeuralNetwork

/// What a network takes, gives, holds and costs.
package struct ModelSummary: Codable, Sendable {
  /// The file.
  package var file: String
  /// Bytes of the file.
  package var fileSize: Int
  /// Inputs with their element types and extents.
  package var inputs: [String]
  /// Outputs with their element types and extents.
  package var outputs: [String]
  /// Numbers of weights.
  package var parameters: Int
  /// Floating-point operations for an input of 256×256, in units of 10⁹; absent if the network
  /// takes no such input.
  package var gigaflops256: Double?
  /// How often each operator occurs.
  package var operators: [String: Int]
  /// The metadata properties, long ones cut.
  package var metadata: [String: String]
  /// Why it can't be used for colorizing, if it can't.
  package var problem: String?

  init(model: Model, url: URL) throws {
    func words(_ value: ValueInfo) -> String {
      let extents = value.dimensions?.map { dimension in
        switch dimension {
        case .fixed(let extent): "\(extent)"
        case .symbolic(let name): name
        }
      }
      return "\(value.name): \(value.elementType?.name ?? "?") "
        + "[\(extents?.joined(separator: ", ") ?? "?")]"
    }
    file = url.path
    let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
    fileSize = (attributes[.size] as? NSNumber)?.intValue ?? 0
    inputs = model.inputs.map { words($0) }
    outputs = model.outputs.map { words($0) }
    parameters = model.parameterCount
    operators = model.operators
    metadata = model.metadata.mapValues { $0.count > 80 ? $0.prefix(77) + "…" : $0 }
    let name = url.lastPathComponent
    do {
      let description = try ColorNetworkDescription(name: name, metadata: model.metadata)
      if let form = description.sampler {
        // Whether it can be drawn from shows in its weights.
        _ = try ColorNetwork(model: model, name: name)
        gigaflops256 = try Self.gigaflops(
          of: model,
          [form.input: [1, 2, 256 / form.scale, 256 / form.scale]])
      }
    } catch let error as ColorizationError {
      problem = error.description
    } catch let error as NetworkError {
      problem = error.description
    }
    if model.inputs.count == 1 { gigaflops256 = try Self.gigaflops(of: model) }
  }

  /// For 256×256; nil if the network takes another size.
  /// - Parameter known: the shapes of inputs of another size.
  private static func gigaflops(
    of model: Model, _ known: [String: [Int]] = [:]
  ) throws -> Double? {
    var shapes = known
    for input in model.inputs where known[input.name] == nil {
      shapes[input.name] = [1, input.channels ?? 1, 256, 256]
    }
    do throws(NetworkError) {
      return Double(try model.floatingPointOperations(inputShapes: shapes)) / 1e9
    } catch {
      guard error.code == .shapeMismatch || error.code == .invalidInput else { throw error }
      return nil
    }
  }

  /// For people.
  package var text: String {
    var lines = [
      "\(file): \(String(format: "%.1f", Double(fileSize) / 1e6)) MB, "
        + "\(String(format: "%.2f", Double(parameters) / 1e6)) million parameters"
        + (gigaflops256.map { String(format: ", %.2f GFLOP at 256×256", $0) } ?? "")
    ]
    lines += inputs.map { "input  \($0)" } + outputs.map { "output \($0)" }
    lines.append(
      "operators: "
        + operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", "))
    lines += metadata.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    if let problem { lines.append("problem: \(problem)") }
    return lines.joined(separator: "\n")
  }
}
