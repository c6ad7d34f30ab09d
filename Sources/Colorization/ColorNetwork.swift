public import Imaging
public import Network

/// A network that says which colors a picture may have.
public final class ColorNetwork: Sendable {
  /// What the network says about itself.
  public let description: ColorNetworkDescription
  private let session: Session
  private let inputName: String
  private let outputName: String

  /// - Parameters:
  ///   - model: the network; its metadata must tell what it puts out.
  ///   - name: the name for people.
  ///   - backend: nil for the fastest.
  ///   - precision: nil for the fastest that the CPU does well.
  /// - Throws: `ColorizationError` if the metadata or the shapes are not those of a colorization
  ///   network, `NetworkError` if the engine can't run it.
  public init(model: Model, name: String, backend: Backend? = nil, precision: Precision? = nil)
    throws
  {
    description = try ColorNetworkDescription(name: name, metadata: model.metadata)
    guard let input = model.inputs.first, let output = model.outputs.first else {
      throw ColorizationError.interface(model: name, problem: "it has no input or no output")
    }
    guard model.inputs.count == 1 else {
      throw ColorizationError.interface(
        model: name, problem: "it has \(model.inputs.count) inputs, expected L alone")
    }
    inputName = input.name
    outputName = output.name
    session = try Session(model: model, backend: backend, precision: precision)
  }

  /// The arithmetic between layers.
  public var precision: Precision { session.precision }

  /// The network, its back end and arithmetic, in words.
  public var title: String {
    "\(description.name) on \(session.backend.rawValue), \(session.precision.rawValue)"
  }

  /// Multiplications and additions for a frame, padding included.
  public func floatingPointOperations(_ geometry: WorkingGeometry) throws -> Int {
    try session.model.floatingPointOperations(
      inputShapes: [inputName: [1, 1, geometry.paddedHeight, geometry.paddedWidth]])
  }

  /// Runs the network on a lightness image.
  /// - Parameters:
  ///   - lightness: L\*, 0…100, of the working size of `geometry`.
  ///   - body: is given the output on the padded grid: `paddedGridHeight` × `paddedGridWidth`
  ///     positions of 313 logits or 2 ab values side by side.
  public func run<R>(
    lightness: FloatImage, geometry: WorkingGeometry,
    _ body: (UnsafePointer<Float>) throws -> R
  ) throws -> R {
    let outputs = try session.run(
      try inputs(lightness: lightness, geometry: geometry), outputLayout: .nhwc)
    let channels = description.output == .bins313 ? 313 : 2
    let expected = [1, geometry.paddedGridHeight, geometry.paddedGridWidth, channels]
    guard let output = outputs[outputName], output.shape == expected else {
      throw ColorizationError.interface(
        model: description.name,
        problem: "its output has the shape \(outputs[outputName]?.shape ?? []) (N, H, W, C), "
          + "expected \(expected)")
    }
    let result = try output.withUnsafeFloats { floats in
      try floats.baseAddress.map { try body($0) }
    }
    guard let result = result ?? nil else {
      throw ColorizationError.interface(
        model: description.name, problem: "its output is of type \(output.elementType.name)")
    }
    return result
  }

  /// What the network is given for a lightness image: L\*, 0…100, of the working size of `geometry`.
  func inputs(lightness: FloatImage, geometry: WorkingGeometry) throws -> [String: Tensor] {
    let input = try NetworkInput(
      mean: description.lightnessOffset, scale: description.lightnessScale
    ).tensorValues(lightness: lightness, geometry: geometry)
    let tensor = try Tensor(shape: [1, 1, input.height, input.width]) { values in
      values.baseAddress?.update(from: input.channel(0), count: input.area)
      withExtendedLifetime(input) {}
    }
    return [inputName: tensor]
  }
}
