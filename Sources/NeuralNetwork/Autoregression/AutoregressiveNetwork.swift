import Locking

/// A network that gives a small picture position by position, in raster order, channel by channel: each value from a
/// distribution that depends on the values before it and on other inputs, the condition (van den Oord, Kalchbrenner
/// and Kavukcuoglu 2016, "Pixel Recurrent Neural Networks", section 3).
///
/// The picture is an input of the model, 1 × C × height × width, and channel c of it has the output c with the K
/// logits of its values, 1 × K × height × width. What lies between the two are masked convolutions and
/// element-wise operators, which ``CausalProgram`` checks; what depends on the condition alone may be computed in
/// any way.
///
/// Drawing a picture costs about as much as one run of the network: each value within the network is computed
/// once, when all that it depends on is known (Ramachandran et al. 2017, "Fast Generation for Convolutional
/// Autoregressive Models").
///
/// All of it is computed in fp32, since a draw turns differences of rounding into other values.
package final class AutoregressiveNetwork: Sendable {
  private struct Prepared: Sendable {
    let types: [String: TensorType]
    let program: CausalProgram
    /// Gives the conditioning values; nil where there are none to be computed.
    let conditioning: Session?
  }

  private let model: Model
  private let picture: String
  private let outputs: [String]
  private let backend: Backend?
  private let whole: Session
  private let prepared = Locked<[Prepared]>([])

  /// So many sizes are kept.
  private static let mostPrepared = 4

  /// - Parameters:
  ///   - picture: the input that is drawn.
  ///   - outputs: the logits of each of its channels, in the order in which they are drawn.
  ///   - backend: computes what depends on the condition alone; nil for the fastest.
  /// - Throws: when the model has no such input or outputs, or the engine can't run it.
  package init(
    model: Model, picture: String, outputs: [String], backend: Backend? = nil
  ) throws(NetworkError) {
    for output in outputs where !model.outputs.contains(where: { $0.name == output }) {
      throw NetworkError(
        .malformed, file: model.name, at: "output \"\(output)\"",
        "the model has no such output, only \(model.outputs.map(\.name))")
    }
    let reduced = try model.computing(outputs)
    guard reduced.inputs.contains(where: { $0.name == picture }) else {
      throw NetworkError(
        .malformed, file: model.name, at: "input \"\(picture)\"",
        "none of the outputs \(outputs) depends on it")
    }
    whole = try Session(model: reduced, backend: backend, precision: .float32)
    var graph = reduced.graph
    do throws(NetworkError) { try graph.foldBatchNormalization() } catch {
      throw error.inFile(model.name)
    }
    graph.joinGelu()
    self.model = Model(reduced, graph: graph)
    self.picture = picture
    self.outputs = outputs
    self.backend = backend
  }

  /// Whether the network reads an input for its distributions.
  package func reads(_ input: String) -> Bool {
    model.inputs.contains { $0.name == input }
  }

  /// Finds out whether a picture can be drawn position by position.
  /// - Parameter inputShapes: of all inputs, that of the picture included.
  /// - Throws: the node that looks ahead, or that can't be computed position by position.
  package func check(inputShapes: [String: [Int]]) throws(NetworkError) {
    var types: [String: TensorType] = [:]
    for input in model.inputs {
      guard let shape = inputShapes[input.name] else {
        throw NetworkError(
          .invalidInput, file: model.name, at: "input \"\(input.name)\"", "its shape is missing")
      }
      types[input.name] = try TensorType(.float32, shape)
    }
    _ = try prepare(types)
  }

  /// Draws a picture.
  /// - Parameters:
  ///   - condition: the other inputs.
  ///   - shape: of the picture: 1, channels, height, width.
  ///   - choose: gives the value of a channel at a position (row × width + column) for its logits. It is called
  ///     for the channels in their order, position by position in raster order.
  /// - Returns: the picture, of that shape.
  package func draw(
    _ condition: [String: Tensor], shape: [Int],
    choosing choose: (
      _ position: Int, _ channel: Int, _ logits: UnsafeBufferPointer<Float>
    ) -> Float
  ) throws(NetworkError) -> Tensor {
    let inputs = try inputs(condition) { () throws(NetworkError) in
      try Tensor(shape: shape) { $0.update(repeating: 0) }
    }
    let prepared = try prepare(inputs.mapValues(\.type))
    var values: [String: Tensor] = [:]
    if let session = prepared.conditioning {
      let wanted = Set(session.model.inputs.map(\.name))
      values = try session.run(
        inputs.filter { wanted.contains($0.key) }, outputLayout: .nhwc)
    }
    let walk = try CausalWalk(prepared.program, conditioning: values, inputs: inputs)
    walk.run(choose)
    return try walk.picture()
  }

  /// The logits of all positions of a picture that is known, by one run over the whole of it.
  /// - Parameters:
  ///   - condition: the other inputs.
  ///   - picture: 1 × C × height × width.
  /// - Returns: for each channel 1 × height × width × K.
  package func logits(
    _ condition: [String: Tensor], of picture: Tensor
  ) throws(NetworkError) -> [Tensor] {
    let inputs = try inputs(condition) { () throws(NetworkError) in picture }
    let found = try whole.run(inputs, outputLayout: .nhwc)
    return outputs.compactMap { found[$0] }
  }

  /// What the network reads, with the picture.
  private func inputs(
    _ condition: [String: Tensor], picture: () throws(NetworkError) -> Tensor
  ) throws(NetworkError) -> [String: Tensor] {
    var inputs = condition.filter { reads($0.key) }
    inputs[self.picture] = try picture()
    return inputs
  }

  private func prepare(_ types: [String: TensorType]) throws(NetworkError) -> Prepared {
    try prepared.withLock { list throws(NetworkError) in
      if let known = list.first(where: { $0.types == types }) { return known }
      do throws(NetworkError) {
        let program = try CausalProgram(
          try ProgramBuilder.build(model.graph, inputs: types, parameters: [:]), of: model.graph,
          picture: picture, outputs: outputs)
        let computed = program.conditioning.filter { !types.keys.contains($0) }
        let new = Prepared(
          types: types, program: program,
          conditioning: computed.isEmpty
            ? nil
            : try Session(
              model: try model.computing(computed), backend: backend, precision: .float32))
        list.append(new)
        if list.count > Self.mostPrepared { list.removeFirst() }
        return new
      } catch { throw error.inFile(model.name) }
    }
  }
}
