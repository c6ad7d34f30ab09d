/// Copies an array of any type with axes permuted, cut, reversed, repeated or regrouped: Transpose,
/// Slice, Expand, Tile, DepthToSpace, SpaceToDepth.
struct Strided: Operator {
  let output: TensorType
  /// Index of the input's element that comes first.
  let offset: Int
  /// Extents and steps in the input, in elements, of the axes along which the output is written, the
  /// slowest first; those that are one walk in the input are joined, those of one element left out.
  private let axes: [(extent: Int, step: Int)]

  /// - Parameters:
  ///   - shape: the extents of the axes along which the output is written; nil for the output's own.
  ///   - strides: steps in the input, in elements, for each of them.
  init(output: TensorType, shape: [Int]? = nil, offset: Int, strides: [Int]) {
    self.output = output
    self.offset = offset
    var axes: [(extent: Int, step: Int)] = []
    for (extent, step) in zip(shape ?? output.shape, strides) where extent != 1 {
      if let last = axes.last,
        last.step == step.multipliedReportingOverflow(by: extent).partialValue
      {
        axes[axes.count - 1] = (last.extent * extent, step)
      } else {
        axes.append((extent, step))
      }
    }
    self.axes = axes
  }

  var outputs: [TensorType] { [output] }

  /// Where it cuts channels in a row out of one picture of so many positions, the first of them; nil where it does
  /// anything else.
  func firstChannel(ofPlanes area: Int) -> Int? {
    guard output.rank == 4, output.shape[0] == 1, output.product(2..<4) == area, area > 0,
      offset >= 0, offset % area == 0, axes.count <= 1, axes.allSatisfy({ $0.step == 1 }),
      axes.reduce(1, { $0 * $1.extent }) == output.count
    else { return nil }
    return offset / area
  }

  func run(_ memory: OperatorMemory) {
    copy(from: memory.inputs[0], to: memory.outputs[0])
  }

  /// Copies an array that lies at `from`.
  func copy(from: UnsafeRawPointer, to: UnsafeMutableRawPointer) {
    switch output.elementType.byteCount {
    case 1: copy(from, to, UInt8.self)
    case 2: copy(from, to, UInt16.self)
    case 4: copy(from, to, UInt32.self)
    default: copy(from, to, UInt64.self)
    }
  }

  private func copy<T>(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ type: T.Type) {
    guard output.count > 0 else { return }
    let x = from.assumingMemoryBound(to: T.self) + offset
    let y = to.assumingMemoryBound(to: T.self)
    let inner = axes.last ?? (1, 1)
    let rows = axes.dropLast().last ?? (1, 0)
    let outer = axes.dropLast(2)
    let walk = StridedWalk(shape: outer.map(\.extent) + [1], strides: [outer.map(\.step) + [0]])
    walk.rows { position, offsets, _, _ in
      Self.copy(x + offsets[0], rows, inner, y + position * rows.extent * inner.extent)
    }
  }

  /// Copies a matrix. Where its rows, but not its columns, lie close together in the input, a few rows
  /// are written at once, so that each line of memory is read but once.
  private static func copy<T>(
    _ x: UnsafePointer<T>, _ rows: (extent: Int, step: Int), _ columns: (extent: Int, step: Int),
    _ y: UnsafeMutablePointer<T>
  ) {
    let (height, down) = rows
    let (width, right) = columns
    guard right != 1 else {
      for row in 0..<height { (y + row * width).update(from: x + row * down, count: width) }
      return
    }
    let block = down == 1 ? 16 : 1
    for first in stride(from: 0, to: height, by: block) {
      let count = min(block, height - first)
      for column in 0..<width {
        let from = x + first * down + column * right
        let to = y + first * width + column
        for row in 0..<count { to[row * width] = from[row * down] }
      }
    }
  }
}

extension Strided {
  static func transpose(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["perm"])
    let x = try context.type(0)
    let order = try context.ints("perm") ?? Array((0..<x.rank).reversed())
    guard order.sorted() == Array(0..<x.rank) else {
      throw context.fail(.malformed, "perm \(order) is not a permutation of \(x.rank) axes")
    }
    let own = StridedWalk.dense(x.shape)
    let operation = Strided(
      output: try TensorType(x.elementType, order.map { x.shape[$0] }), offset: 0,
      strides: order.map { own[$0] })
    return .operation(operation, operands: [0])
  }

  static func expand(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let x = try context.type(0)
    let shape = try Binary.broadcast(context, x.shape, try context.integers(input: 1))
    let operation = Strided(
      output: try TensorType(x.elementType, shape), offset: 0,
      strides: StridedWalk.broadcast(x.shape, to: shape))
    return .operation(operation, operands: [0])
  }

  /// Bounds are attributes up to operator set 9 and inputs from 10 on.
  static func slice(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.type(0)
    var starts: [Int]
    var ends: [Int]
    var axes: [Int]?
    var steps: [Int]?
    if context.opset < 10 {
      try context.allow(["starts", "ends", "axes"])
      starts = try context.ints("starts") ?? []
      ends = try context.ints("ends") ?? []
      axes = try context.ints("axes")
    } else {
      try context.allow([])
      starts = try context.integers(input: 1)
      ends = try context.integers(input: 2)
      if context.has(3) { axes = try context.integers(input: 3) }
      if context.has(4) { steps = try context.integers(input: 4) }
    }
    let along = axes ?? Array(starts.indices)
    let by = steps ?? [Int](repeating: 1, count: starts.count)
    guard ends.count == starts.count, along.count == starts.count, by.count == starts.count,
      !by.contains(0), !by.contains(Int.min)
    else {
      throw context.fail(.malformed, "starts \(starts), ends \(ends), axes \(along), steps \(by)")
    }
    var shape = x.shape
    var strides = StridedWalk.dense(x.shape)
    var offset = 0
    var seen = Set<Int>()
    for (index, value) in along.enumerated() {
      let axis = try context.axis(value, rank: x.rank)
      guard seen.insert(axis).inserted else {
        throw context.fail(.malformed, "the axis \(axis) is named twice")
      }
      let extent = x.shape[axis]
      let step = by[index]
      func bounded(_ value: Int, _ low: Int, _ high: Int) -> Int {
        min(max(value < 0 ? value + extent : value, low), high)
      }
      let first = bounded(starts[index], 0, step > 0 ? extent : extent - 1)
      let last = bounded(ends[index], step > 0 ? 0 : -1, step > 0 ? extent : extent - 1)
      let count =
        step > 0
        ? (last <= first ? 0 : (last - first - 1) / step + 1)
        : (last >= first ? 0 : (first - last - 1) / -step + 1)
      shape[axis] = count
      if count > 0 { offset += first * strides[axis] }
      strides[axis] =
        strides[axis].multipliedReportingOverflow(by: count > 1 ? step : 0).partialValue
    }
    let operation = Strided(
      output: try TensorType(x.elementType, shape), offset: offset, strides: strides)
    return .operation(operation, operands: [0])
  }

  static func tile(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    let x = try context.type(0)
    let repeats = try context.integers(input: 1)
    guard repeats.count == x.rank,
      repeats.allSatisfy({ (0...TensorType.maximumCount).contains($0) })
    else {
      throw context.fail(.shapeMismatch, "the repeats \(repeats) don't fit the shape \(x.shape)")
    }
    let own = StridedWalk.dense(x.shape)
    let operation = Strided(
      output: try TensorType(x.elementType, zip(x.shape, repeats).map { $0 * $1 }),
      shape: zip(repeats, x.shape).flatMap { [$0, $1] }, offset: 0,
      strides: own.flatMap { [0, $0] })
    return .operation(operation, operands: [0])
  }

  /// Channels become places (pixel shuffle). In the mode DCR the block's place is the slower part of a
  /// channel's number, in the mode CRD the faster one.
  static func depthToSpace(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["blocksize", "mode"])
    let (x, block) = try blocks(context)
    let mode = try context.string("mode", default: "DCR")
    guard mode == "DCR" || mode == "CRD" else {
      throw context.fail(.unsupported, "mode \(mode) is not supported")
    }
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    guard c % (block * block) == 0 else {
      throw context.fail(.shapeMismatch, "\(c) channels are not a multiple of \(block * block)")
    }
    let channels = c / (block * block)
    // Steps from one channel of the result to the next, one row and one column of the block.
    let steps = mode == "DCR" ? [1, block * channels, channels] : [block * block, block, 1]
    let plane = h * w
    let operation = Strided(
      output: try TensorType(x.elementType, [n, channels, h * block, w * block]),
      shape: [n, channels, h, block, w, block], offset: 0,
      strides: [c * plane, steps[0] * plane, w, steps[1] * plane, 1, steps[2] * plane])
    return .operation(operation, operands: [0])
  }

  /// Places become channels; the block's place is the slower part of a channel's number.
  static func spaceToDepth(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["blocksize"])
    let (x, block) = try blocks(context)
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    guard h % block == 0, w % block == 0 else {
      throw context.fail(.shapeMismatch, "\(h)×\(w) positions are not a multiple of \(block)")
    }
    let operation = Strided(
      output: try TensorType(x.elementType, [n, c * block * block, h / block, w / block]),
      shape: [n, block, block, c, h / block, w / block], offset: 0,
      strides: [c * h * w, w, 1, h * w, block * w, block])
    return .operation(operation, operands: [0])
  }

  private static func blocks(_ context: NodeContext) throws(NetworkError) -> (TensorType, Int) {
    let x = try context.type(0)
    let block = try context.int("blocksize", default: 0)
    guard x.rank == 4 else {
      throw context.fail(.shapeMismatch, "an input of shape \(x.shape) is not N, C, H, W")
    }
    guard (1...SpatialWindow.limit).contains(block) else {
      throw context.fail(.malformed, "the attribute blocksize is \(block)")
    }
    return (x, block)
  }
}
