import Foundation

extension Resize {
  /// What the node asks for.
  private struct Settings {
    var mode = "nearest"
    var coordinates = "asymmetric"
    var rounding = "floor"
  }

  /// Longer axes are refused, because a table is made for each.
  private static let maximumExtent = 1 << 24

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    let x = try context.floatType(0)
    var settings = Settings()
    settings.mode = try context.string("mode", default: "nearest")
    if context.node.op == "Upsample" || context.opset < 11 {
      try context.allow(["mode", "scales"])
    } else {
      settings.coordinates = try context.string(
        "coordinate_transformation_mode", default: "half_pixel")
      settings.rounding = try context.string("nearest_mode", default: "round_prefer_floor")
      try checkAttributes(context, mode: settings.mode)
    }
    guard settings.mode == "nearest" || settings.mode == "linear" else {
      throw context.fail(.unsupported, "mode \(settings.mode) is not supported")
    }
    guard
      ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"].contains(
        settings.coordinates)
    else {
      throw context.fail(
        .unsupported,
        "coordinate_transformation_mode \(settings.coordinates) is not supported")
    }
    guard
      ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].contains(settings.rounding)
    else {
      throw context.fail(.unsupported, "nearest_mode \(settings.rounding) is not supported")
    }
    let (shape, scales) = try target(context, x)
    guard shape.allSatisfy({ $0 <= maximumExtent }) else {
      throw context.fail(.unsupported, "an output of shape \(shape) is too large")
    }
    return .operation(
      resize(x, to: try TensorType(.float32, shape), scales: scales, settings), operands: [0])
  }

  private static func checkAttributes(_ context: NodeContext, mode: String) throws(NetworkError) {
    try context.allow([
      "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
      "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode",
    ])
    let policy = try context.string("keep_aspect_ratio_policy", default: "stretch")
    guard policy == "stretch" else {
      throw context.fail(.unsupported, "keep_aspect_ratio_policy \(policy) is not supported")
    }
    for name in ["antialias", "exclude_outside"] where try context.flag(name) {
      throw context.fail(.unsupported, "\(name) is not supported")
    }
  }

  /// The output's shape and the factor of each axis.
  private static func target(_ context: NodeContext, _ x: TensorType) throws(NetworkError) -> (
    [Int], [Double]
  ) {
    var axes = Array(0..<x.rank)
    if let stated = try context.ints("axes") {
      axes = []
      for value in stated { axes.append(try context.axis(value, rank: x.rank)) }
    }
    var shape = x.shape
    var scales = [Double](repeating: 1, count: x.rank)
    let newForm = context.node.op == "Resize" && context.opset >= 11
    let scaleIndex = newForm ? 2 : 1
    var factors: [Double] = []
    if case .floats(let list)? = context.node.attributes["scales"] {
      factors = list.map(Double.init)
    } else if context.has(scaleIndex) {
      factors = try context.floats(input: scaleIndex).map(Double.init)
    }
    if factors.isEmpty, newForm, context.has(3) {
      let sizes = try context.integers(input: 3)
      guard sizes.count == axes.count, sizes.allSatisfy({ $0 > 0 }) else {
        throw context.fail(.malformed, "the sizes \(sizes) don't fit \(axes.count) axes")
      }
      for (axis, size) in zip(axes, sizes) {
        guard x.shape[axis] > 0 else { throw context.fail(.shapeMismatch, "the input is empty") }
        scales[axis] = Double(size) / Double(x.shape[axis])
        shape[axis] = size
      }
      return (shape, scales)
    }
    guard factors.count == axes.count,
      factors.allSatisfy({ $0.isFinite && $0 > 0 && $0 < Double(SpatialWindow.limit) })
    else {
      throw context.fail(.malformed, "the scales \(factors) don't fit \(axes.count) axes")
    }
    for (axis, factor) in zip(axes, factors) {
      scales[axis] = factor
      shape[axis] = Int((Double(x.shape[axis]) * factor).rounded(.down))
    }
    return (shape, scales)
  }

  private static func resize(
    _ x: TensorType, to output: TensorType, scales: [Double], _ settings: Settings
  ) -> Resize {
    let isLinear = settings.mode == "linear"
    let changing = x.shape.indices.filter { scales[$0] != 1 || x.shape[$0] != output.shape[$0] }
    let axes = changing.map { index in
      axis(
        index, from: x.shape[index], to: output.shape[index], scale: scales[index],
        isLinear: isLinear, settings)
    }
    let isRepetition =
      !isLinear
      && axes.allSatisfy { axis in
        let extent = x.shape[axis.axis]
        guard extent > 0, axis.low.count % extent == 0 else { return false }
        let factor = axis.low.count / extent
        return axis.low.indices.allSatisfy { axis.low[$0] == $0 / factor }
      }
    let isHalfPixel =
      isLinear
      && (settings.coordinates == "half_pixel" || settings.coordinates == "pytorch_half_pixel")
      && changing.allSatisfy {
        output.shape[$0] > 1
          && abs(scales[$0] * Double(x.shape[$0]) - Double(output.shape[$0])) < 1e-9
      }
    return Resize(
      input: x, output: output, isLinear: isLinear, axes: axes, isRepetition: isRepetition,
      isHalfPixelLinear: isHalfPixel)
  }

  private static func axis(
    _ index: Int, from extent: Int, to count: Int, scale: Double, isLinear: Bool,
    _ settings: Settings
  ) -> Axis {
    var low: [Int] = []
    var high: [Int] = []
    var fraction: [Float] = []
    for i in 0..<count {
      let position = source(Double(i), extent, count, scale, settings.coordinates)
      if isLinear {
        let clamped = min(max(position, 0), Double(extent - 1))
        let below = Int(clamped.rounded(.down))
        low.append(below)
        high.append(min(below + 1, extent - 1))
        fraction.append(Float(clamped - Double(below)))
      } else {
        let rounded: Double
        switch settings.rounding {
        case "floor": rounded = position.rounded(.down)
        case "ceil": rounded = position.rounded(.up)
        case "round_prefer_ceil": rounded = (position + 0.5).rounded(.down)
        default: rounded = (position - 0.5).rounded(.up)
        }
        low.append(Int(min(max(rounded, 0), Double(extent - 1))))
        high.append(low[i])
        fraction.append(0)
      }
    }
    return Axis(axis: index, low: low, high: high, fraction: fraction)
  }

  /// The input coordinate for output coordinate `i`.
  private static func source(
    _ i: Double, _ extent: Int, _ count: Int, _ scale: Double, _ coordinates: String
  ) -> Double {
    // The output extent before it was rounded down.
    let stretched = Double(extent) * scale
    return switch coordinates {
    case "half_pixel": (i + 0.5) / scale - 0.5
    case "pytorch_half_pixel": count > 1 ? (i + 0.5) / scale - 0.5 : 0
    case "align_corners": stretched > 1 ? i * Double(extent - 1) / (stretched - 1) : 0
    default: i / scale
    }
  }
}
