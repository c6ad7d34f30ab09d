package import Imaging
import Locking
package import NeuralNetwork

/// A network that says which colors a picture may have.
package final class ColorNetwork: Sendable {
  /// What the network says about itself.
  package let description: ColorNetworkDescription
  private let session: Session
  /// The size, in samples, that all pictures are brought to for the network, if it takes no other.
  package let fixedSize: WorkingGeometry.FixedSize?
  private let inputName: String
  private let outputName: String
  /// Whether one run takes several tiles.
  private let takesTilesTogether: Bool
  /// All that the file computes: a session may run a part of it.
  private let model: Model
  /// nil for a network that draws nothing.
  private let sampler: ChromaSampler?
  /// Gives the features too. Made when it is first asked for, so that nobody else pays for it.
  private let featureSession = Locked<FeatureSession?>(nil)

  /// - Parameters:
  ///   - model: the network; its metadata must tell what it puts out.
  ///   - name: the name for people.
  ///   - backend: nil for the fastest.
  ///   - precision: nil for the fastest that the CPU does well.
  /// - Throws: `ColorizationError` if the metadata or the shapes are not those of a colorization
  ///   network, `NetworkError` if the engine can't run it.
  package init(model: Model, name: String, backend: Backend? = nil, precision: Precision? = nil)
    throws
  {
    description = try ColorNetworkDescription(name: name, metadata: model.metadata)
    let form = description.sampler
    let inputs = model.inputs.filter { $0.name != form?.input }
    guard let input = inputs.first, let output = model.outputs.first else {
      throw ColorizationError.interface(model: name, problem: "it has no input or no output")
    }
    guard inputs.count == 1 else {
      throw ColorizationError.interface(
        model: name,
        problem:
          "it has \(model.inputs.count) inputs, expected one; for a network with inputs for hints, run 'autochrome "
          + "model import'")
    }
    if let channels = output.channels, channels != description.output.channels {
      throw ColorizationError.interface(
        model: name,
        problem:
          "its output '\(output.name)' has \(channels) channels, but its property autochrome.output describes "
          + "\(description.output.channels)")
    }
    let fixedSize = try Self.fixedSize(of: input, description)
    self.fixedSize = fixedSize
    takesTilesTogether = try Self.takesTilesTogether(model, input, output, description)
    inputName = input.name
    outputName = output.name
    self.model = model
    guard let form else {
      sampler = nil
      session = try Session(model: model, backend: backend, precision: precision)
      return
    }
    if let fixedSize, fixedSize.width % form.scale > 0 || fixedSize.height % form.scale > 0 {
      throw ColorizationError.interface(
        model: name,
        problem: "its input size \(fixedSize.width)×\(fixedSize.height) is not a multiple of its "
          + "autochrome.sampler-scale \(form.scale)")
    }
    let side = description.size ?? 64
    sampler = try ChromaSampler(
      model, name: name, form: form, input: (input.name, description.input.channels),
      geometry: WorkingGeometry(
        width: side, height: side, shortSide: side, stride: description.stride,
        scale: description.scale, fixedSize: fixedSize), backend: backend)
    let refinement = try model.computing([output.name])
    guard refinement.inputs.contains(where: { $0.name == form.input }) else {
      throw ColorizationError.interface(
        model: name,
        problem: "its output '\(output.name)' does not depend on the drawn input '\(form.input)'")
    }
    session = try Session(model: refinement, backend: backend, precision: precision)
  }

  /// The arithmetic between layers.
  package var precision: Precision { session.precision }

  /// The network, its back end and arithmetic, in words.
  package var title: String {
    "\(description.name) on \(session.backend.rawValue), \(session.precision.rawValue)"
  }

  /// Multiplications and additions for a frame, padding included.
  package func floatingPointOperations(_ geometry: WorkingGeometry) throws -> Int {
    let (height, width, count) =
      description.tile.map {
        ($0.size, $0.size, TileCover($0, geometry: geometry).count)
      } ?? (geometry.paddedHeight, geometry.paddedWidth, 1)
    var shapes = [inputName: [1, description.input.channels, height, width]]
    if let form = description.sampler {
      let grid = ChromaGrid(geometry, scale: form.scale)
      shapes[form.input] = [1, 2, grid.paddedHeight, grid.paddedWidth]
    }
    return count * (try model.floatingPointOperations(inputShapes: shapes))
  }

  /// The height and width that the file fixes, and to which pictures are brought; nil if they are free, or those of a
  /// tile.
  private static func fixedSize(
    of input: ValueInfo, _ description: ColorNetworkDescription
  ) throws(ColorizationError) -> WorkingGeometry.FixedSize? {
    guard let dimensions = input.dimensions else { return nil }
    guard dimensions.count == 4 else {
      throw .interface(
        model: description.name,
        problem: "its input '\(input.name)' has \(dimensions.count) axes, expected n, c, h, w")
    }
    if let channels = input.channels, channels != description.input.channels {
      throw .interface(
        model: description.name,
        problem:
          "its input '\(input.name)' has \(channels) channels, but its property autochrome.input describes "
          + "\(description.input.channels)")
    }
    switch (dimensions[2], dimensions[3]) {
    case (.symbolic, .symbolic): return nil
    case (.fixed(let height), .fixed(let width)):
      if let tile = description.tile {
        guard height == tile.size, width == tile.size else {
          throw .interface(
            model: description.name,
            problem:
              "its input '\(input.name)' has the size \(width)×\(height), but its property autochrome.tile says "
              + "\(tile.size)×\(tile.size)")
        }
        return nil
      }
      guard height > 0, width > 0, height % description.scale == 0,
        width % description.scale == 0
      else {
        throw .interface(
          model: description.name,
          problem:
            "its input size \(width)×\(height) is not a multiple of its scale \(description.scale)")
      }
      return WorkingGeometry.FixedSize(width: width, height: height)
    default:
      throw .interface(
        model: description.name,
        problem:
          "only one of the height and width of its input '\(input.name)' is fixed; export it with both free (dynamic "
          + "axes) or both fixed")
    }
  }

  /// Whether one run takes several tiles: their number is free in the file, and the graph gives as many answers.
  /// - Throws: `ColorizationError.interface` if the answer for a tile has another shape than the metadata says.
  private static func takesTilesTogether(
    _ model: Model, _ input: ValueInfo, _ output: ValueInfo, _ description: ColorNetworkDescription
  ) throws -> Bool {
    guard let tile = description.tile else { return false }
    let inner = tile.answerSize(scale: description.scale)
    func answer(to count: Int) throws -> [Int]? {
      try model.outputShapes(
        inputShapes: [input.name: [count, description.input.channels, tile.size, tile.size]])[
          output.name]
    }
    let expected = [1, description.output.channels, inner, inner]
    let found = try answer(to: 1)
    guard found == expected else {
      throw ColorizationError.interface(
        model: description.name,
        problem:
          "its output for a tile of \(tile.size)×\(tile.size) has the shape \(found ?? []) (N, C, H, W), expected "
          + "\(expected): the tile without its margins, ÷ the scale \(description.scale)")
    }
    if let number = input.dimensions?.first, case .fixed = number { return false }
    // What is exported for one picture often says so within the graph alone, by a shape.
    do { return try answer(to: 2) == [2] + expected.dropFirst() } catch is NetworkError {
      return false
    }
  }

  /// The sizes that a picture passes through.
  /// - Parameter shortSide: short side of what the network sees, in samples; more where it needs more.
  package func geometry(
    width: Int, height: Int, shortSide: Int, sampleAspectRatio: Rational = Rational(1, 1)
  ) -> WorkingGeometry {
    WorkingGeometry(
      width: width, height: height, shortSide: max(shortSide, description.size ?? 0),
      stride: description.tile == nil ? description.stride : 1, scale: description.scale,
      sampleAspectRatio: sampleAspectRatio, fixedSize: fixedSize)
  }

  /// Draws the small chroma picture of a lightness image.
  /// - Parameters:
  ///   - lightness: L\*, 0…100, of the working size of `geometry`.
  ///   - known: what is known of it already; nil for nothing.
  /// - Returns: nil from a network that does not sample.
  package func sample(
    lightness: FloatImage, geometry: WorkingGeometry, draw: SampleDraw, known: KnownChroma? = nil
  ) throws -> SampledChroma? {
    try sampler?.draw(
      draw, condition: [inputName: try input(lightness: lightness, geometry: geometry)],
      geometry: geometry,
      known: known)
  }

  /// A small chroma picture with how likely the network takes it to be; one run over the whole of it.
  /// - Parameter truth: Cr, then Cb, on the ``ChromaGrid``.
  /// - Returns: nil from a network that does not sample.
  package func judged(
    _ truth: FloatImage, lightness: FloatImage, geometry: WorkingGeometry
  ) throws -> SampledChroma? {
    try sampler?.judged(
      truth, condition: [inputName: try input(lightness: lightness, geometry: geometry)],
      geometry: geometry)
  }

  /// The estimates that decoders make of what the network says of a lightness image; decoders matter only
  /// where it gives a distribution.
  /// - Parameter chroma: see `run`.
  package func estimates(
    lightness: FloatImage, geometry: WorkingGeometry, decoders: [DistributionDecoder],
    chroma: SampledChroma? = nil
  ) throws -> [CoarseEstimate] {
    try run(lightness: lightness, geometry: geometry, chroma: chroma) { values in
      decoders.map { decoder in
        switch description.output {
        case .bins313: decoder.estimate(values: values, geometry: geometry)
        case .ab: CoarseEstimate(ab: values, geometry: geometry)
        case .rgb(let scale): CoarseEstimate(rgb: values, scale: scale, geometry: geometry)
        case .uv(let scale):
          CoarseEstimate(uv: values, scale: scale, lightness: lightness, geometry: geometry)
        case .hueChroma(let bins):
          CoarseEstimate(hueChroma: values, bins: bins, geometry: geometry)
        }
      }
    }
  }

  /// Runs the network on a lightness image. The answers for tiles are blended as they come: of logits, that is the
  /// geometric mean of the distributions.
  /// - Parameters:
  ///   - lightness: L\*, 0…100, of the working size of `geometry`.
  ///   - chroma: what was drawn for it, from a network that samples; nil for the sample 0 of the seed 0 at the
  ///     network's own temperature.
  ///   - body: is given the output on the padded grid: `paddedGridHeight` × `paddedGridWidth`
  ///     positions of as many values side by side as the output has channels.
  package func run<R>(
    lightness: FloatImage, geometry: WorkingGeometry, chroma: SampledChroma? = nil,
    _ body: (UnsafePointer<Float>) throws -> R
  ) throws -> R {
    guard let tile = description.tile else {
      // The colors may be made of what was drawn alone.
      let given = try inputs(lightness: lightness, geometry: geometry, chroma: chroma).filter {
        name, _ in session.model.inputs.contains { $0.name == name }
      }
      return try run(
        given, count: 1,
        height: geometry.paddedGridHeight, width: geometry.paddedGridWidth, body)
    }
    let cover = TileCover(tile, geometry: geometry)
    let channels = description.output.channels
    let grid = try FloatImage(
      width: geometry.gridWidth * channels, height: geometry.gridHeight
    ) { grid in
      grid.update(repeating: 0, count: geometry.gridWidth * channels * geometry.gridHeight)
      for places in cover.batches(areRows: takesTilesTogether) {
        let tiles = try input(of: places, in: cover, lightness: lightness, geometry: geometry)
        try run([inputName: tiles], count: places.count, height: cover.inner, width: cover.inner) {
          values in
          for (index, place) in places.enumerated() {
            cover.add(
              values + index * cover.inner * cover.inner * channels, of: place, channels: channels,
              to: grid)
          }
        }
      }
    }
    return try withExtendedLifetime(grid) { try body(grid.channel(0)) }
  }

  /// Runs the network once, and hands over `count` answers of `height` × `width` positions, one behind the other.
  private func run<R>(
    _ inputs: [String: Tensor], count: Int, height: Int, width: Int,
    _ body: (UnsafePointer<Float>) throws -> R
  ) throws -> R {
    let outputs = try session.run(inputs, outputLayout: .nhwc)
    let expected = [count, height, width, description.output.channels]
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
        model: description.name,
        problem: "its output has the element type \(output.elementType.name), expected "
          + "floating point")
    }
    return result
  }

  /// What the network is given for a lightness image, run after run: L\*, 0…100, of the working size of `geometry`.
  func inputs(lightness: FloatImage, geometry: WorkingGeometry) throws -> [[String: Tensor]] {
    guard let tile = description.tile else {
      return [try inputs(lightness: lightness, geometry: geometry, chroma: nil)]
    }
    let cover = TileCover(tile, geometry: geometry)
    return try cover.batches(areRows: takesTilesTogether).map { places in
      [inputName: try input(of: places, in: cover, lightness: lightness, geometry: geometry)]
    }
  }

  /// The whole picture and, for a network that samples, what was drawn for it; nil to draw it.
  private func inputs(
    lightness: FloatImage, geometry: WorkingGeometry, chroma: SampledChroma?
  ) throws -> [String: Tensor] {
    var inputs = [inputName: try input(lightness: lightness, geometry: geometry)]
    guard let form = description.sampler else { return inputs }
    let drawn =
      try chroma
      ?? sample(lightness: lightness, geometry: geometry, draw: Look().draw(of: description))
    inputs[form.input] = try drawn?.tensor
    return inputs
  }

  /// The whole picture.
  private func input(lightness: FloatImage, geometry: WorkingGeometry) throws -> Tensor {
    let input = try NetworkInput(description.input).tensorValues(
      lightness: lightness, geometry: geometry)
    let channels = description.input.channels
    return try Tensor(shape: [1, channels, input.height, input.width]) { values in
      // The channels lie one behind the other.
      values.baseAddress?.update(from: input.channel(0), count: channels * input.area)
      withExtendedLifetime(input) {}
    }
  }

  /// Some tiles of it.
  private func input(
    of places: [TileCover.Place], in cover: TileCover, lightness: FloatImage,
    geometry: WorkingGeometry
  ) throws -> Tensor {
    let form = NetworkInput(description.input)
    try form.check(lightness, geometry)
    let (channels, size) = (description.input.channels, cover.tile.size)
    return try Tensor(shape: [places.count, channels, size, size]) { values in
      guard let base = values.baseAddress else { return }
      for (index, place) in places.enumerated() {
        let (columns, rows) = cover.samples(of: place)
        form.write(
          lightness, columns: columns, rows: rows, to: base + index * channels * size * size)
      }
    }
  }

  // MARK: - Features

  /// What the network takes each place to be: what its last convolution reads and, brought to the size of the
  /// grid, what is enlarged on the way there, down to a quarter of the grid's size. Places of like
  /// things have like features, across pictures too.
  ///
  /// Each part is freed of its mean over the channels of a place and has the same length there; all of them
  /// together are a unit vector.
  ///
  /// - Parameter lightness: L\*, 0…100, of the working size of `geometry`.
  /// - Returns: C × `gridHeight` × `gridWidth`.
  /// - Throws: `ColorizationError.needsFeatures` if nothing in the network is known to be features,
  ///   `ColorizationError.needsWholePictures` if it sees tiles, `NetworkError` if the model names values that it does
  ///   not have.
  package func features(lightness: FloatImage, geometry: WorkingGeometry) throws -> FloatImage {
    guard description.tile == nil else {
      throw ColorizationError.needsWholePictures(model: description.name)
    }
    let features = try featureSession.withLock { made in
      if let made { return made }
      let new = try FeatureSession(
        session, of: model, description: description, output: outputName)
      made = new
      return new
    }
    let outputs = try features.session.run(
      [inputName: try input(lightness: lightness, geometry: geometry)], outputLayout: .nhwc)
    let parts = features.values.compactMap { outputs[$0] }.filter { part in
      part.shape.count == 4 && part.shape[0] == 1 && part.shape[1] <= geometry.paddedGridHeight
        && part.shape[2] <= geometry.paddedGridWidth
        && part.shape[1] * Self.coarsestFeatures >= geometry.paddedGridHeight
        && part.shape[2] * Self.coarsestFeatures >= geometry.paddedGridWidth
    }
    guard !parts.isEmpty else { throw ColorizationError.needsFeatures(model: description.name) }
    return FloatImage(
      width: geometry.gridWidth, height: geometry.gridHeight,
      channels: parts.reduce(0) { $0 + $1.shape[3] }
    ) { out in
      var to = out
      for part in parts {
        part.withUnsafeFloats { values in
          values.baseAddress.map {
            FeaturePart(
              values: $0, height: part.shape[1], width: part.shape[2], channels: part.shape[3]
            ).write(to: to, geometry: geometry, length: 1 / Float(parts.count).squareRoot())
          }
        }
        to += part.shape[3] * geometry.gridWidth * geometry.gridHeight
      }
    }
  }

  /// The grid's size ÷ that of the coarsest features that say something of a place.
  private static let coarsestFeatures = 4

  private struct FeatureSession: Sendable {
    let values: [String]
    let session: Session

    init(
      _ plain: Session, of model: Model, description: ColorNetworkDescription, output: String
    ) throws {
      let named = description.features
      // What comes after a sample says what was drawn, not what the network takes a place to be.
      values =
        named.isEmpty && description.sampler == nil ? model.featureValues(of: output) : named
      guard !values.isEmpty else { throw ColorizationError.needsFeatures(model: description.name) }
      let giving =
        description.sampler == nil ? try model.giving(values) : try model.computing(values)
      if let form = description.sampler, giving.inputs.contains(where: { $0.name == form.input }) {
        throw ColorizationError.needsFeatures(model: description.name)
      }
      session = try Session(model: giving, backend: plain.backend, precision: plain.precision)
    }
  }
}
