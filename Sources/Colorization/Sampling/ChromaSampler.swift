import Foundation
import Imaging
import NeuralNetwork

/// The part of a network that draws the small chroma picture: PixelCNN on gray (Guadarrama et al. 2017, "PixColor:
/// Pixel Recursive Colorization", section 3.1; Royer, Kolesnikov and Lampert 2017, "Probabilistic Image
/// Colorization", section 3.2).
final class ChromaSampler: Sendable {
  private let network: AutoregressiveNetwork
  private let form: ColorNetworkDescription.Sampler
  private let name: String

  /// - Parameters:
  ///   - input: the name of the model's other input.
  ///   - geometry: any size that the network takes.
  /// - Throws: `NetworkError` naming the node if the distributions of a position depend on it or a later one.
  init(
    _ model: Model, name: String, form: ColorNetworkDescription.Sampler,
    input: (name: String, channels: Int), geometry: WorkingGeometry, backend: Backend?
  ) throws {
    self.form = form
    self.name = name
    network = try AutoregressiveNetwork(
      model: model, picture: form.input, outputs: form.outputs, backend: backend)
    guard network.reads(input.name) else {
      throw ColorizationError.interface(
        model: name, problem: "its outputs \(form.outputs) do not depend on '\(input.name)'")
    }
    for output in model.outputs where form.outputs.contains(output.name) {
      guard let channels = output.channels, channels != form.levels else { continue }
      throw wrongLevels(channels, output.name)
    }
    let grid = ChromaGrid(geometry, scale: form.scale)
    try network.check(inputShapes: [
      input.name: [1, input.channels, geometry.paddedHeight, geometry.paddedWidth],
      form.input: [1, 2, grid.paddedHeight, grid.paddedWidth],
    ])
  }

  /// Draws a small chroma picture.
  /// - Parameters:
  ///   - condition: what the network is given beside it.
  ///   - known: what is known of it already; the rest is drawn so that it goes with it.
  /// - Throws: `NetworkError`, or `ColorizationError` if the network gives something else than logits.
  func draw(
    _ draw: SampleDraw, condition: [String: Tensor], geometry: WorkingGeometry,
    known: KnownChroma?
  ) throws -> SampledChroma {
    let grid = ChromaGrid(geometry, scale: form.scale)
    let (width, area) = (grid.paddedWidth, grid.paddedWidth * grid.paddedHeight)
    var values = [Float](repeating: 0, count: 2 * area)
    var (likelihood, count) = (0.0, 0)
    var fault: ColorizationError?
    func choose(
      _ position: Int, _ channel: Int, _ logits: UnsafeBufferPointer<Float>
    ) -> Float {
      let (row, column) = (position / width, position % width)
      let at = channel * area + position
      if row >= grid.height || column >= grid.width {
        values[at] = values[channel * area + grid.source(row: row, column: column)]
      } else if let known, known.isKnown[row * grid.width + column] {
        values[at] = known.values.channel(channel)[row * grid.width + column]
      } else if logits.count == form.levels,
        let level = draw.level(
          of: logits, uniform: draw.uniform(position: position, channel: channel)),
        let own = SampleDraw.logProbability(of: level, logits: logits)
      {
        values[at] = form.value(of: level)
        likelihood += own
        count += 1
      } else if fault == nil {
        fault = wrong(logits, form.outputs[channel])
      }
      return values[at]
    }
    if let known, !known.isKnown.contains(false) {
      // Nothing is drawn, so the network need not be asked.
      let none = UnsafeBufferPointer<Float>(start: nil, count: 0)
      for place in 0..<2 * area { _ = choose(place / 2, place % 2, none) }
    } else {
      _ = try network.draw(
        condition, shape: [1, 2, grid.paddedHeight, width], choosing: choose)
    }
    withExtendedLifetime(known) {}
    if let fault { throw fault }
    return SampledChroma(
      values: FloatImage(width: width, height: grid.paddedHeight, channels: 2) {
        $0.update(from: values, count: values.count)
      }, logLikelihood: likelihood, drawnCount: count)
  }

  /// How likely the network takes a small chroma picture to be.
  /// - Parameter truth: Cr, then Cb, 2 × `height` × `width` of the grid, with values of levels.
  func judged(
    _ truth: FloatImage, condition: [String: Tensor], geometry: WorkingGeometry
  ) throws -> SampledChroma {
    let grid = ChromaGrid(geometry, scale: form.scale)
    try truth.check("the small chroma picture", 2, grid.width, grid.height)
    let (width, height) = (grid.paddedWidth, grid.paddedHeight)
    let values = FloatImage(width: width, height: height, channels: 2) { out in
      for channel in 0..<2 {
        let (from, to) = (truth.channel(channel), out + channel * width * height)
        for row in 0..<height {
          let line = from + NetworkInput.reflect(row, grid.height) * grid.width
          for column in 0..<width {
            to[row * width + column] = line[NetworkInput.reflect(column, grid.width)]
          }
        }
      }
      withExtendedLifetime(truth) {}
    }
    let picture = SampledChroma(values: values, logLikelihood: 0, drawnCount: 0)
    let logits = try network.logits(condition, of: try picture.tensor)
    var likelihood = 0.0
    for (channel, tensor) in logits.enumerated() {
      guard tensor.shape == [1, height, width, form.levels] else {
        throw wrongLevels(tensor.shape.last ?? 0, form.outputs[channel])
      }
      let output = form.outputs[channel]
      let sum = try tensor.withUnsafeFloats { floats in
        var sum = 0.0
        for row in 0..<grid.height {
          for column in 0..<grid.width {
            let at = row * width + column
            let own = UnsafeBufferPointer(
              rebasing: floats[at * form.levels..<(at + 1) * form.levels])
            let level = form.level(of: values.channel(channel)[at])
            guard let found = SampleDraw.logProbability(of: level, logits: own) else {
              throw wrong(own, output)
            }
            sum += found
          }
        }
        return sum
      }
      likelihood += sum ?? 0
    }
    withExtendedLifetime(values) {}
    return SampledChroma(
      values: values, logLikelihood: likelihood, drawnCount: 2 * grid.width * grid.height)
  }

  private func wrong(_ logits: UnsafeBufferPointer<Float>, _ output: String) -> ColorizationError {
    guard logits.count == form.levels else { return wrongLevels(logits.count, output) }
    return .interface(
      model: name, problem: "its output '\(output)' holds logits that are no numbers")
  }

  private func wrongLevels(_ count: Int, _ output: String) -> ColorizationError {
    .interface(
      model: name,
      problem:
        "its output '\(output)' has \(count) channels, but its property autochrome.levels says \(form.levels)"
    )
  }
}
