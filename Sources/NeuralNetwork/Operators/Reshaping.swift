/// Operators that change the shape only: Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout.
enum Reshaping {
  static func reshape(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["allowzero"])
    let x = try context.type(0)
    let zeroIsZero = try context.flag("allowzero")
    let wanted = try context.integers(input: 1)
    var shape: [Int] = []
    var inferred: Int?
    for (index, extent) in wanted.enumerated() {
      switch extent {
      case 0 where !zeroIsZero:
        guard index < x.rank else { throw mismatch(context, x, wanted) }
        shape.append(x.shape[index])
      case -1:
        guard inferred == nil else { throw mismatch(context, x, wanted) }
        inferred = index
        shape.append(1)
      default: shape.append(extent)
      }
    }
    if let inferred {
      let known = try TensorType(x.elementType, shape).count
      guard known > 0, x.count % known == 0 else { throw mismatch(context, x, wanted) }
      shape[inferred] = x.count / known
    }
    guard try TensorType(x.elementType, shape).count == x.count else {
      throw mismatch(context, x, wanted)
    }
    return .reshaped(shape)
  }

  private static func mismatch(_ context: NodeContext, _ x: TensorType, _ wanted: [Int])
    -> NetworkError
  {
    context.fail(.shapeMismatch, "the shape \(x.shape) can't become \(wanted)")
  }

  static func flatten(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["axis"])
    let x = try context.type(0)
    let value = try context.int("axis", default: 1)
    let axis = value < 0 ? value + x.rank : value
    guard (0...x.rank).contains(axis) else {
      throw context.fail(.malformed, "the axis \(value) is out of range for \(x.rank) axes")
    }
    return .reshaped([x.product(0..<axis), x.product(axis..<x.rank)])
  }

  static func squeeze(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.type(0)
    guard let list = try axes(context) else { return .reshaped(x.shape.filter { $0 != 1 }) }
    var removed = Set<Int>()
    for value in list {
      let axis = try context.axis(value, rank: x.rank)
      guard x.shape[axis] == 1 else {
        throw context.fail(.shapeMismatch, "axis \(axis) of the shape \(x.shape) is not 1")
      }
      removed.insert(axis)
    }
    return .reshaped(x.shape.indices.filter { !removed.contains($0) }.map { x.shape[$0] })
  }

  static func unsqueeze(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.type(0)
    let list = try axes(context) ?? []
    let rank = x.rank + list.count
    var added = Set<Int>()
    for value in list {
      guard added.insert(try context.axis(value, rank: rank)).inserted else {
        throw context.fail(.malformed, "the axis \(value) is named twice")
      }
    }
    var rest = x.shape[...]
    return .reshaped((0..<rank).map { added.contains($0) ? 1 : rest.removeFirst() })
  }

  /// Axes are an attribute up to operator set 12 and an input from 13 on.
  private static func axes(_ context: NodeContext) throws(NetworkError) -> [Int]? {
    if context.opset < 13 {
      try context.allow(["axes"])
      return try context.ints("axes")
    }
    try context.allow([])
    return context.has(1) ? try context.integers(input: 1) : nil
  }

  static func identity(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow([])
    return .reshaped(try context.type(0).shape)
  }

  /// Outside training Dropout passes its input on.
  static func dropout(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["ratio", "seed"])
    if context.has(2), try context.integers(input: 2).first != 0 {
      throw context.fail(.unsupported, "training_mode is not supported")
    }
    guard context.node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw context.fail(.unsupported, "the output mask is not supported")
    }
    return .reshaped(try context.type(0).shape)
  }

  static func shape(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["start", "end"])
    let x = try context.type(0)
    func bounded(_ value: Int) -> Int { min(max(value < 0 ? value + x.rank : value, 0), x.rank) }
    let start = bounded(try context.int("start", default: 0))
    let end = bounded(try context.int("end", default: x.rank))
    let extents = start < end ? x.shape[start..<end].map(Int64.init) : []
    return .constant(try Tensor(shape: [extents.count], integers: extents))
  }
}
