import COpenBLAS
import Dispatch

/// Convolution over one to three spatial axes, with bias and ``PostOperations``.
///
/// Inputs: x (N, C, spatial), weights (M, C/groups, kernel), then bias (M) where `hasBias`, then what
/// the post operations name. Output (N, M, spatial). The output may be the memory of the summand.
///
/// The plain implementation gathers the taps of a tile of output positions into the columns of a
/// matrix and multiplies (im2col); a 1×1 convolution reads the input directly.
struct Convolution: Operator {
  let batch: Int
  let groups: Int
  let inputChannels: Int
  let outputChannels: Int
  let window: SpatialWindow
  let output: TensorType
  var hasBias: Bool
  var post = PostOperations()

  var outputs: [TensorType] { [output] }

  /// Multiplications and additions, as usually counted: padding included, bias not.
  var floatingPointOperations: Int {
    2 * output.count * (inputChannels / groups) * window.kernel.reduce(1, *)
  }

  private var positions: Int { window.output.reduce(1, *) }
  private var depth: Int { inputChannels / groups * window.kernel.reduce(1, *) }

  private var isPointwise: Bool {
    (window.kernel + window.stride).allSatisfy { $0 == 1 }
      && (window.begin + window.end).allSatisfy { $0 == 0 }
  }

  /// Columns of one tile: what keeps the matrix within about a megabyte.
  private var tile: Int {
    let columns = max(16, (1 << 18) / max(depth, 1) / 16 * 16)
    return min(columns, max(positions, 1))
  }

  /// One matrix for each thread.
  func scratchByteCount(threads: Int) -> Int { isPointwise ? 0 : tile * depth * 4 * threads }

  func run(_ memory: OperatorMemory) {
    let tiles = (positions + tile - 1) / max(tile, 1)
    let jobs = batch * groups * tiles
    let threads = min(memory.threads, jobs)
    guard threads > 1 else {
      for job in 0..<jobs { run(job: job, tiles: tiles, slot: 0, memory) }
      return
    }
    nonisolated(unsafe) let shared = memory
    DispatchQueue.concurrentPerform(iterations: threads) { slot in
      for job in stride(from: slot, to: jobs, by: threads) {
        run(job: job, tiles: tiles, slot: slot, shared)
      }
    }
  }

  private func run(job: Int, tiles: Int, slot: Int, _ memory: OperatorMemory) {
    let first = job % tiles * tile
    let count = min(tile, positions - first)
    let group = job / tiles % groups
    let image = job / tiles / groups
    let perGroup = outputChannels / groups
    let inputPlane = window.input.reduce(1, *)
    let x =
      memory.input(0) + (image * inputChannels + group * (inputChannels / groups)) * inputPlane
    let y =
      memory.output() + (image * outputChannels + group * perGroup) * positions + first
    let weights = memory.input(1) + group * perGroup * depth

    var columns = x + first
    var leading = inputPlane
    if !isPointwise {
      let matrix = memory.scratch() + slot * tile * depth
      window.threeDimensional.gather(
        x, channels: inputChannels / groups, positions: first..<(first + count), into: matrix)
      columns = UnsafePointer(matrix)
      leading = count
    }
    // A summand that lies in the output's own memory is added by the multiplication.
    var post = self.post
    var beta: Float = 0
    if let sum = post.sum, memory.inputs[sum] == memory.outputs[0] {
      post.sum = nil
      beta = 1
    }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(perGroup), Int32(count), Int32(depth), 1,
      weights, Int32(depth), columns, Int32(leading), beta, y, Int32(positions))
    for channel in 0..<perGroup {
      let row = y + channel * positions
      if hasBias {
        let bias = memory.input(2)[group * perGroup + channel]
        for i in 0..<count { row[i] += bias }
      }
      if !post.isEmpty {
        post.apply(
          to: row, count: count,
          offset: (image * outputChannels + group * perGroup + channel) * positions + first,
          channel: group * perGroup + channel, memory)
      }
    }
  }
}

extension Convolution {
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])
    let x = try context.imageType()
    let weights = try context.floatType(1)
    let groups = try context.int("group", default: 1)
    guard weights.rank == x.rank, groups >= 1, weights.shape[0] % groups == 0,
      weights.shape[0] > 0,
      x.shape[1] > 0,
      weights.shape[1].multipliedReportingOverflow(by: groups) == (x.shape[1], false)
    else {
      throw context.fail(
        .shapeMismatch,
        "weights of shape \(weights.shape) in \(groups) groups don't fit an input of shape \(x.shape)"
      )
    }
    let kernel = try kernel(context, weights: weights)
    let window = try SpatialWindow(context, input: Array(x.shape[2...]), kernel: kernel)
    if context.has(2) {
      let bias = try context.floatType(2)
      guard bias.shape == [weights.shape[0]] else {
        throw context.fail(
          .shapeMismatch, "a bias of shape \(bias.shape) does not fit \(weights.shape[0]) channels")
      }
    }
    let operation = Convolution(
      batch: x.shape[0], groups: groups, inputChannels: x.shape[1],
      outputChannels: weights.shape[0], window: window,
      output: try TensorType(.float32, [x.shape[0], weights.shape[0]] + window.output),
      hasBias: context.has(2))
    return .operation(operation, operands: context.has(2) ? [0, 1, 2] : [0, 1])
  }

  /// The kernel's extents, which the weights give and an attribute may repeat.
  static func kernel(_ context: NodeContext, weights: TensorType) throws(NetworkError) -> [Int] {
    let kernel = Array(weights.shape[2...])
    if let stated = try context.ints("kernel_shape"), stated != kernel {
      throw context.fail(
        .shapeMismatch, "kernel_shape is \(stated) but the weights have shape \(weights.shape)")
    }
    guard kernel.allSatisfy({ (1...SpatialWindow.limit).contains($0) }) else {
      throw context.fail(.malformed, "the weights of shape \(weights.shape) have an empty kernel")
    }
    return kernel
  }
}
