import COpenBLAS

/// Transposed convolution over one to three spatial axes, with bias and ``PostOperations`` but for
/// the sum.
///
/// Inputs: x (N, C, spatial), weights (C, M/groups, kernel), then as ``Convolution``. In `window` the
/// roles are those of the convolution whose gradient this is: `input` is our output and `output` our
/// input.
///
/// The plain implementation multiplies weights and a tile of input positions, then adds each product
/// where it belongs (col2im).
struct Deconvolution: Operator {
  let batch: Int
  let groups: Int
  let inputChannels: Int
  let outputChannels: Int
  let window: SpatialWindow
  let output: TensorType
  var hasBias: Bool
  var post = PostOperations()

  var outputs: [TensorType] { [output] }

  var floatingPointOperations: Int {
    2 * batch * inputChannels * positions * (outputChannels / groups)
      * window.kernel.reduce(1, *)
  }

  /// Input positions of one image.
  private var positions: Int { window.output.reduce(1, *) }
  private var rows: Int { outputChannels / groups * window.kernel.reduce(1, *) }
  private var tile: Int {
    min(max(16, (1 << 20) / max(rows, 1) / 16 * 16), max(positions, 1))
  }

  func scratchByteCount(threads: Int) -> Int { tile * rows * 4 }

  func run(_ memory: OperatorMemory) {
    let plane = window.input.reduce(1, *)
    let (c, m) = (inputChannels / groups, outputChannels / groups)
    for image in 0..<batch {
      for group in 0..<groups {
        let x = memory.input(0) + (image * inputChannels + group * c) * positions
        let weights = memory.input(1) + group * c * rows
        let first = (image * outputChannels + group * m) * plane
        let y = memory.output() + first
        for channel in 0..<m {
          let bias = hasBias ? memory.input(2)[group * m + channel] : 0
          (y + channel * plane).update(repeating: bias, count: plane)
        }
        var position = 0
        while position < positions {
          let count = min(tile, positions - position)
          cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(rows), Int32(count), Int32(c), 1,
            weights, Int32(rows), x + position, Int32(positions), 0, memory.scratch(),
            Int32(count))
          window.threeDimensional.scatter(
            memory.scratch(), channels: m, positions: position..<(position + count), into: y)
          position += count
        }
        guard !post.isEmpty else { continue }
        for channel in 0..<m {
          post.apply(
            to: y + channel * plane, count: plane, offset: first + channel * plane,
            channel: group * m + channel, memory)
        }
      }
    }
  }
}

extension Deconvolution {
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([
      "auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads",
      "strides",
    ])
    let x = try context.imageType()
    let weights = try context.floatType(1)
    let groups = try context.int("group", default: 1)
    guard weights.rank == x.rank, groups >= 1, weights.shape[0] == x.shape[1],
      x.shape[1] > 0, x.shape[1] % groups == 0, weights.shape[1] > 0
    else {
      throw context.fail(
        .shapeMismatch,
        "weights of shape \(weights.shape) in \(groups) groups don't fit an input of shape \(x.shape)"
      )
    }
    let channels = weights.shape[1] * groups
    if context.has(2) {
      let bias = try context.floatType(2)
      guard bias.shape == [channels] else {
        throw context.fail(
          .shapeMismatch, "a bias of shape \(bias.shape) does not fit \(channels) channels")
      }
    }
    let window = try window(
      context, input: Array(x.shape[2...]),
      kernel: try Convolution.kernel(context, weights: weights))
    let operation = Deconvolution(
      batch: x.shape[0], groups: groups, inputChannels: x.shape[1], outputChannels: channels,
      window: window, output: try TensorType(.float32, [x.shape[0], channels] + window.input),
      hasBias: context.has(2))
    return .operation(operation, operands: context.has(2) ? [0, 1, 2] : [0, 1])
  }

  private static func window(
    _ context: NodeContext, input: [Int], kernel: [Int]
  ) throws(NetworkError) -> SpatialWindow {
    let rank = input.count
    let limit = SpatialWindow.limit
    let stride = try context.ints("strides", count: rank, default: 1, in: 1...limit)
    let dilation = try context.ints("dilations", count: rank, default: 1, in: 1...limit)
    let extra = try context.ints("output_padding", count: rank, default: 0, in: 0...limit)
    let pads = try context.ints("pads", count: 2 * rank, default: 0, in: 0...limit)
    let mode = try context.string("auto_pad", default: "NOTSET")
    guard ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(mode) else {
      throw context.fail(.unsupported, "auto_pad \(mode) is not supported")
    }
    var stated: [Int]?
    if context.has("output_shape") {
      let list = try context.ints("output_shape", count: rank, default: 1, in: 1...(1 << 31))
      stated = list
    }
    var begin = Array(pads[..<rank])
    var end = Array(pads[rank...])
    var output: [Int] = []
    for axis in 0..<rank {
      let span = SpatialWindow.span(kernel[axis], dilation[axis])
      let whole = stride[axis] * (input[axis] - 1) + extra[axis] + span
      var wanted = stated?[axis]
      if wanted == nil, mode.hasPrefix("SAME") { wanted = input[axis] * stride[axis] }
      if mode == "VALID", stated == nil { (begin[axis], end[axis]) = (0, 0) }
      if let wanted {
        let total = max(whole - wanted, 0)
        begin[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
        end[axis] = total - begin[axis]
        output.append(wanted)
      } else {
        output.append(whole - begin[axis] - end[axis])
      }
      guard output[axis] > 0, input[axis] > 0 else {
        throw context.fail(.shapeMismatch, "an input of \(input) elements leaves no output")
      }
      // What makes the extents come out, output padding included.
      end[axis] = stride[axis] * (input[axis] - 1) + span - begin[axis] - output[axis]
    }
    return SpatialWindow(
      input: output, output: input, kernel: kernel, stride: stride, dilation: dilation,
      begin: begin, end: end)
  }
}
