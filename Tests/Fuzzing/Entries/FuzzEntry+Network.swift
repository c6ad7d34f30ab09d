import Colorization
import NeuralNetwork

extension FuzzEntry {
  /// A network's file: read, opened as a colorizer, planned for a small input, and run, or drawn from, if that is little work.
  static let onnx = FuzzEntry("onnx") { bytes in
    let model = try Model(bytes: bytes, name: "fuzz.onnx")
    let imported = Result { try ModelImport(ModelDocument(bytes: bytes, name: "fuzz.onnx")) }
    let description = Result {
      try ColorNetworkDescription(name: "fuzz", metadata: model.metadata)
    }
    let sampler = (try? description.get())?.sampler
    let scale = min(sampler?.scale ?? 1, 16)
    if sampler == nil { _ = try? ColorNetwork(model: model, name: "fuzz", precision: .float32) }
    var shapes: [String: [Int]] = [:]
    for input in model.inputs {
      shapes[input.name] =
        input.dimensions.map { dimensions in
          dimensions.map { dimension in
            if case .fixed(let extent) = dimension {
              min(extent, 64)
            } else {
              input.name == sampler?.input ? 4 : 4 * scale
            }
          }
        } ?? [1, 1, 4, 4]
    }
    // A tensor may have 2³¹ elements; a network that makes such ones is planned, not run.
    let results = try model.outputShapes(inputShapes: shapes)
    guard results.values.allSatisfy({ $0.reduce(1, *) < 1 << 20 }),
      try model.floatingPointOperations(inputShapes: shapes) < 1_000_000
    else { return }
    var inputs: [String: Tensor] = [:]
    for input in model.inputs {
      guard let shape = shapes[input.name], shape.reduce(1, { min($0 * $1, 1 << 20) }) < 1 << 16
      else { return }
      inputs[input.name] = try Tensor(
        shape: shape, elementType: input.elementType ?? .float32
      ) { memory in
        for index in memory.indices { memory[index] = 0 }
      }
    }
    for backend in [Backend.openBLAS, .oneDNN] {
      let session = try Session(model: model, backend: backend, precision: .float32)
      _ = try session.run(inputs)
    }
    if let sampler, let shape = shapes[sampler.input] {
      let network = try AutoregressiveNetwork(
        model: model, picture: sampler.input, outputs: sampler.outputs)
      _ = try network.draw(inputs, shape: shape) { _, _, logits in logits.first ?? 0 }
    }
    _ = try imported.get()
  }
}
