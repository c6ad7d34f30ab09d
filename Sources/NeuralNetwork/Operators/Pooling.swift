/// The largest number or the mean in a window that slides over one to three spatial axes.
struct Pooling: Operator {
  enum Function: Sendable {
    case maximum
    /// `countsPadding`: padding enters the mean as zeros.
    case mean(countsPadding: Bool)
  }

  let function: Function
  var isMaximum: Bool { if case .maximum = function { true } else { false } }
  /// Images times channels.
  let planes: Int
  let window: SpatialWindow
  let output: TensorType

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int {
    let taps = window.kernel.reduce(1, *)
    let (product, overflow) = output.count.multipliedReportingOverflow(by: taps)
    return overflow ? .max : product
  }

  func run(_ memory: OperatorMemory) {
    let window = window.threeDimensional
    let inputPlane = window.input.reduce(1, *)
    let outputPlane = window.output.reduce(1, *)
    for plane in 0..<planes {
      pool(memory.input(0) + plane * inputPlane, memory.output() + plane * outputPlane, window)
    }
  }

  private func pool(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ window: SpatialWindow
  ) {
    var index = 0
    for d in 0..<window.output[0] {
      let depths = window.taps(0, d)
      for h in 0..<window.output[1] {
        let heights = window.taps(1, h)
        for w in 0..<window.output[2] {
          let widths = window.taps(2, w)
          var largest = -Float.infinity
          var sum: Float = 0
          for z in depths.inside {
            for v in heights.inside {
              let line = x + (z * window.input[1] + v) * window.input[2]
              for u in widths.inside {
                largest = line[u] > largest || line[u].isNaN ? line[u] : largest
                sum += line[u]
              }
            }
          }
          switch function {
          case .maximum: y[index] = largest
          case .mean(let countsPadding):
            let count =
              countsPadding
              ? depths.padded * heights.padded * widths.padded
              : depths.inside.count * heights.inside.count * widths.inside.count
            y[index] = sum / Float(count)
          }
          index += 1
        }
      }
    }
  }
}

/// The taps of a window along one axis that lie on elements.
private struct Taps: Sequence, IteratorProtocol {
  let count: Int
  private var remaining: Int
  private var index: Int
  private let step: Int

  init(first: Int, step: Int, count: Int) {
    self.count = count
    remaining = count
    index = first
    self.step = step
  }

  mutating func next() -> Int? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    defer { index += step }
    return index
  }
}

extension SpatialWindow {
  /// The taps at output position `i` of an axis that lie on elements, and how many lie on elements or
  /// padding.
  fileprivate func taps(_ axis: Int, _ i: Int) -> (inside: Taps, padded: Int) {
    let first = i * stride[axis] - begin[axis]
    let step = dilation[axis]
    func tapsBelow(_ bound: Int) -> Int {
      Swift.min(kernel[axis], Swift.max(0, (bound - first + step - 1) / step))
    }
    let (skipped, inside) = (tapsBelow(0), tapsBelow(input[axis]))
    return (
      Taps(first: first + skipped * step, step: step, count: inside - skipped),
      tapsBelow(input[axis] + end[axis])
    )
  }
}

extension Pooling {
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let isMaximum = context.node.op == "MaxPool"
    try context.allow([
      "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides",
      isMaximum ? "storage_order" : "count_include_pad",
    ])
    guard context.node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw context.fail(.unsupported, "the output Indices is not supported")
    }
    let x = try context.imageType()
    guard context.has("kernel_shape") else {
      throw context.fail(.malformed, "the attribute kernel_shape is missing")
    }
    let rank = x.rank - 2
    let kernel = try context.ints(
      "kernel_shape", count: rank, default: 1, in: 1...SpatialWindow.limit)
    let window = try SpatialWindow(
      context, input: Array(x.shape[2...]), kernel: kernel,
      ceiling: try context.flag("ceil_mode"))
    for axis in 0..<rank
    where window.begin[axis] >= SpatialWindow.span(kernel[axis], window.dilation[axis]) {
      throw context.fail(.malformed, "padding \(window.begin) is larger than the window \(kernel)")
    }
    let countsPadding = try context.flag("count_include_pad")
    let operation = Pooling(
      function: isMaximum ? .maximum : .mean(countsPadding: countsPadding),
      planes: x.shape[0] * x.shape[1], window: window,
      output: try TensorType(.float32, Array(x.shape[..<2]) + window.output))
    return .operation(operation, operands: [0])
  }
}
