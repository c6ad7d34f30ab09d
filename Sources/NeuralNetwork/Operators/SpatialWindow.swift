/// How a window slides over one to three spatial axes, as convolutions and poolings share it. Counts
/// are in elements; arrays have one entry for each spatial axis.
struct SpatialWindow: Sendable, Hashable {
  var input: [Int]
  var output: [Int]
  var kernel: [Int]
  var stride: [Int]
  /// Distance between taps; 1 is dense.
  var dilation: [Int]
  /// Padding before the first element; negative crops.
  var begin: [Int]
  /// Padding after the last element that makes `output` come out.
  var end: [Int]

  var rank: Int { input.count }

  /// The extent that the taps span.
  static func span(_ kernel: Int, _ dilation: Int) -> Int { (kernel - 1) * dilation + 1 }

  /// Largest stride, kernel, dilation and padding that are taken.
  static let limit = 1 << 20

  /// Reads kernel, stride, dilation and padding of a convolution or pooling whose output extents
  /// follow from its input's. `ceiling`: round the output extent up.
  init(
    _ context: NodeContext, input: [Int], kernel: [Int], ceiling: Bool = false
  ) throws(NetworkError) {
    let rank = input.count
    self.input = input
    self.kernel = kernel
    stride = try context.ints("strides", count: rank, default: 1, in: 1...Self.limit)
    dilation = try context.ints("dilations", count: rank, default: 1, in: 1...Self.limit)
    let pads = try context.ints("pads", count: 2 * rank, default: 0, in: 0...Self.limit)
    begin = Array(pads[..<rank])
    end = Array(pads[rank...])
    output = []
    let mode = try context.string("auto_pad", default: "NOTSET")
    for axis in 0..<rank {
      let span = Self.span(kernel[axis], dilation[axis])
      switch mode {
      case "NOTSET": break
      case "VALID":
        begin[axis] = 0
        end[axis] = 0
      case "SAME_UPPER", "SAME_LOWER":
        let wanted = (input[axis] + stride[axis] - 1) / stride[axis]
        let total = max((wanted - 1) * stride[axis] + span - input[axis], 0)
        begin[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
        end[axis] = total - begin[axis]
      default: throw context.fail(.unsupported, "auto_pad \(mode) is not supported")
      }
      let room = input[axis] + begin[axis] + end[axis] - span
      guard room >= 0 else {
        throw context.fail(
          .shapeMismatch,
          "the window of \(span) elements does not fit into \(input[axis]) elements with padding \(begin[axis]) and "
            + "\(end[axis])"
        )
      }
      var extent = room / stride[axis] + 1
      if ceiling, mode == "NOTSET", room % stride[axis] != 0,
        extent * stride[axis] < input[axis] + begin[axis]
      {
        extent += 1
      }
      output.append(extent)
    }
  }

  init(
    input: [Int], output: [Int], kernel: [Int], stride: [Int], dilation: [Int], begin: [Int],
    end: [Int]
  ) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.begin = begin
    self.end = end
  }

  /// Whether some output position sees padding only, no element.
  var hasEmptyPositions: Bool {
    input.indices.contains { axis in
      (0..<output[axis]).contains { position in
        let first = position * stride[axis] - begin[axis]
        let (step, taps) = (dilation[axis], kernel[axis])
        let skipped = first < 0 ? (-first + step - 1) / step : 0
        return skipped >= taps || first + skipped * step >= input[axis]
      }
    }
  }

  /// The same window with leading axes of extent 1, so that there are three.
  var threeDimensional: SpatialWindow {
    func fill(_ list: [Int], _ value: Int) -> [Int] {
      [Int](repeating: value, count: 3 - rank) + list
    }
    return SpatialWindow(
      input: fill(input, 1), output: fill(output, 1), kernel: fill(kernel, 1),
      stride: fill(stride, 1), dilation: fill(dilation, 1), begin: fill(begin, 0),
      end: fill(end, 0))
  }
}
