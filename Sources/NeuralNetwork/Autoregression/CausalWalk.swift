/// One picture that is drawn by a ``CausalProgram``: all values within the network, each computed once.
///
/// Not thread-safe.
final class CausalWalk {
  private let program: CausalProgram
  /// Each value: height × width × channels, 0 where it is not yet computed.
  private let values: [UnsafeMutablePointer<Float>]
  private let scratch: UnsafeMutablePointer<Float>
  /// Where they lie.
  private let storages: [TensorStorage]
  /// Keeps what the steps read alive.
  private let conditioning: [(tensor: Tensor, isChannelsLast: Bool)]
  private let phases: [[Step]]

  /// A step with pointers to what it reads.
  private struct Step {
    let kind: CausalProgram.Kind
    let views: [View]
    let value: Int
    let channels: Range<Int>
    let channelCount: Int
  }

  /// An array: where it begins, and how far its elements lie apart along each axis.
  private struct View {
    let base: UnsafePointer<Float>
    let channel: Int
    let row: Int
    let column: Int

    func at(_ row: Int, _ column: Int) -> UnsafePointer<Float> {
      base + row * self.row + column * self.column
    }
  }

  /// - Parameters:
  ///   - conditioning: values that were computed of the condition; images with their channels last.
  ///   - inputs: of the network.
  /// - Throws: when a value is missing, or memory runs out.
  init(
    _ program: CausalProgram, conditioning computed: [String: Tensor], inputs: [String: Tensor]
  ) throws(NetworkError) {
    self.program = program
    var conditioning: [(tensor: Tensor, isChannelsLast: Bool)] = []
    for name in program.conditioning {
      guard let tensor = computed[name] ?? inputs[name] else {
        throw NetworkError(.backEnd, at: "value \"\(name)\"", "it was not computed")
      }
      conditioning.append((tensor, computed[name] != nil && tensor.shape.count == 4))
    }
    self.conditioning = conditioning
    let area = program.width * program.height
    var storages: [TensorStorage] = []
    func allocate(_ count: Int) throws(NetworkError) -> UnsafeMutablePointer<Float> {
      let storage = try TensorStorage(byteCount: max(count, 1) * MemoryLayout<Float>.stride)
      storages.append(storage)
      let floats = storage.base.assumingMemoryBound(to: Float.self)
      floats.update(repeating: 0, count: count)
      return floats
    }
    var values: [UnsafeMutablePointer<Float>] = []
    for count in program.channelCounts { values.append(try allocate(count * area)) }
    self.values = values
    func view(_ operand: CausalProgram.Operand) -> View {
      let (channels, rows, columns) = (operand.shape[1], operand.shape[2], operand.shape[3])
      let steps: (channel: Int, row: Int, column: Int)
      let base: UnsafePointer<Float>
      switch operand.source {
      case .causal(let index):
        base = UnsafePointer(values[index])
        steps = (1, columns * channels, channels)
      case .conditioning(let index):
        let (tensor, isChannelsLast) = conditioning[index]
        base = UnsafePointer(tensor.storage.base.assumingMemoryBound(to: Float.self))
        steps =
          isChannelsLast ? (1, columns * channels, channels) : (rows * columns, columns, 1)
      case .constant(let tensor):
        base = UnsafePointer(tensor.storage.base.assumingMemoryBound(to: Float.self))
        steps = (rows * columns, columns, 1)
      }
      return View(
        base: base, channel: channels > 1 ? steps.channel : 0, row: rows > 1 ? steps.row : 0,
        column: columns > 1 ? steps.column : 0)
    }
    var scratchCount = 1
    phases = program.phases.map { steps in
      steps.map { step in
        var views: [View] = []
        switch step.kind {
        case .binary(_, let a, let b): views = [view(a), view(b)]
        case .copy(let operand, _): views = [view(operand)]
        case .convolution(let convolution, _):
          scratchCount = max(scratchCount, convolution.scratchCount)
        case .unary, .affine: break
        }
        return Step(
          kind: step.kind, views: views, value: step.value, channels: step.channels,
          channelCount: program.channelCounts[step.value])
      }
    }
    scratch = try allocate(scratchCount)
    self.storages = storages
  }

  /// Draws all values; see ``AutoregressiveNetwork/draw(_:shape:choosing:)``.
  func run(_ choose: (Int, Int, UnsafeBufferPointer<Float>) -> Float) {
    let channels = program.channelCounts[0]
    for row in 0..<program.height {
      for column in 0..<program.width {
        let position = row * program.width + column
        for phase in phases.indices {
          if phase > 0 {
            let output = program.outputs[phase - 1]
            let count = program.channelCounts[output]
            let logits = UnsafeBufferPointer(
              start: values[output] + position * count, count: count)
            values[0][position * channels + phase - 1] = choose(position, phase - 1, logits)
          }
          for step in phases[phase] { compute(step, phase, row, column) }
        }
      }
    }
  }

  private func compute(_ step: Step, _ phase: Int, _ row: Int, _ column: Int) {
    let position = row * program.width + column
    let value = values[step.value] + position * step.channelCount
    let (first, count) = (step.channels.lowerBound, step.channels.count)
    let output = value + first
    switch step.kind {
    case .convolution(let convolution, let input):
      convolution.compute(
        phase: phase, row: row, column: column, from: values[input], width: program.width,
        height: program.height, to: value, scratch: scratch)
    case .unary(let function, let input):
      function.apply(
        values[input] + position * step.channelCount + first, output, count: count)
    case .binary(let function, _, _):
      let (a, b) = (step.views[0], step.views[1])
      function.apply(
        a.at(row, column) + first * a.channel, step: a.channel,
        b.at(row, column) + first * b.channel, step: b.channel, to: output, count: count)
    case .affine(let input, let scale, let shift):
      let from = values[input] + position * step.channelCount
      for channel in step.channels {
        value[channel] = from[channel] * scale[channel] + shift[channel]
      }
    case .copy(_, let start):
      let view = step.views[0]
      let from = view.at(row, column) + (first + start) * view.channel
      for index in 0..<count { output[index] = from[index * view.channel] }
    }
  }

  /// The picture, 1 × C × height × width.
  func picture() throws(NetworkError) -> Tensor {
    let (channels, area) = (program.channelCounts[0], program.width * program.height)
    return try Tensor(shape: [1, channels, program.height, program.width]) { out in
      for channel in 0..<channels {
        for position in 0..<area {
          out[channel * area + position] = values[0][position * channels + channel]
        }
      }
    }
  }
}
