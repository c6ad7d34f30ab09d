import CKernels

/// A convolution that sees no later position, packed for computing one position at a time: for each phase
/// (``CausalProgram``) a matrix of the weights of its channels, without the taps that are 0 for all of them.
struct MaskedConvolution: Sendable {
  /// Channels of the input at a position, counted from the one at hand.
  private struct Tap: Sendable {
    let rows: Int
    let columns: Int
    let channels: Range<Int>
  }

  private struct Part: Sendable {
    /// Output channels, rising.
    let channels: [Int]
    let taps: [Tap]
    let depth: Int
    /// depth × channels: the weights of an input lie side by side.
    let weights: [Float]
    let bias: [Float]
  }

  /// The phase of each output channel.
  let levels: [Int]
  private let parts: [Part?]
  private let inputChannels: Int

  /// - Parameters:
  ///   - weights: M × C/groups × kernel.
  ///   - levels: the phase of each input channel.
  ///   - place: the node, for messages.
  /// - Throws: when a weight of a later position is not 0.
  init(
    _ kind: Convolution, weights: [Float], bias: [Float], levels: [Int], phases: Int,
    at place: String
  ) throws(NetworkError) {
    let window = kind.window
    let (kernelHeight, kernelWidth) = (window.kernel[0], window.kernel[1])
    let perGroup = (
      inputs: kind.inputChannels / kind.groups, outputs: kind.outputChannels / kind.groups
    )
    inputChannels = kind.inputChannels
    /// The weight from an input channel to an output channel; 0 between groups.
    func weight(_ output: Int, _ input: Int, _ y: Int, _ x: Int) -> Float {
      guard input / perGroup.inputs == output / perGroup.outputs else { return 0 }
      let row = output * perGroup.inputs + input % perGroup.inputs
      return weights[(row * kernelHeight + y) * kernelWidth + x]
    }
    var found = [Int](repeating: 0, count: kind.outputChannels)
    var earlier: [(y: Int, x: Int, rows: Int, columns: Int)] = []
    for y in 0..<kernelHeight {
      for x in 0..<kernelWidth {
        let rows = y * window.dilation[0] - window.begin[0]
        let columns = x * window.dilation[1] - window.begin[1]
        let isLater = rows > 0 || rows == 0 && columns > 0
        let isOwn = rows == 0 && columns == 0
        if !isLater { earlier.append((y, x, rows, columns)) }
        guard isLater || isOwn else { continue }
        for output in 0..<kind.outputChannels {
          for input in 0..<kind.inputChannels where weight(output, input, y, x) != 0 {
            if isLater {
              throw NetworkError(
                .unsupported, at: place,
                "the weight [\(output), \(input % perGroup.inputs), \(y), \(x)] is \(weight(output, input, y, x)), expected "
                  + "0: it looks ahead, \(rows) rows down and \(columns) columns to the right; mask it when exporting the "
                  + "model")
            }
            found[output] = max(found[output], levels[input])
          }
        }
      }
    }
    var parts: [Part?] = []
    for phase in 0..<phases {
      let channels = found.indices.filter { found[$0] == phase }
      guard !channels.isEmpty else {
        parts.append(nil)
        continue
      }
      var (taps, packed): ([Tap], [Float]) = ([], [])
      for (y, x, rows, columns) in earlier {
        let used = (0..<kind.inputChannels).filter { input in
          channels.contains { weight($0, input, y, x) != 0 }
        }
        guard let first = used.first, let last = used.last else { continue }
        taps.append(Tap(rows: rows, columns: columns, channels: first..<last + 1))
        for input in first...last {
          packed += channels.map { weight($0, input, y, x) }
        }
      }
      parts.append(
        Part(
          channels: channels, taps: taps, depth: taps.reduce(0) { $0 + $1.channels.count },
          weights: packed, bias: channels.map { bias[$0] }))
    }
    self.levels = found
    self.parts = parts
  }

  /// Floats of temporary memory that ``compute(phase:row:column:from:width:height:to:scratch:)`` needs.
  var scratchCount: Int {
    parts.reduce(0) { max($0, ($1?.depth ?? 0) + ($1?.channels.count ?? 0)) }
  }

  /// Computes the channels of a phase at a position.
  /// - Parameters:
  ///   - input: height × width × C, the channels side by side.
  ///   - output: M values, of which those of the phase are written.
  func compute(
    phase: Int, row: Int, column: Int, from input: UnsafePointer<Float>, width: Int, height: Int,
    to output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    guard let part = parts[phase] else { return }
    var next = scratch
    for tap in part.taps {
      let (y, x) = (row + tap.rows, column + tap.columns)
      if y >= 0, x >= 0, x < width {
        let from = input + (y * width + x) * inputChannels + tap.channels.lowerBound
        next.update(from: from, count: tap.channels.count)
      } else {
        next.update(repeating: 0, count: tap.channels.count)
      }
      next += tap.channels.count
    }
    let sums = scratch + part.depth
    let count = Int32(part.channels.count)
    ac_inner_products(
      part.weights, Int64(count), Int32(part.depth), count, scratch, 1, sums, Int64(count))
    part.channels.withUnsafeBufferPointer { channels in
      part.bias.withUnsafeBufferPointer { bias in
        for index in channels.indices { output[channels[index]] = sums[index] + bias[index] }
      }
    }
  }
}
