/// Which integers stand for the weights of a convolution of bytes: those from `-limit` to `limit` that
/// are multiples of `step`.
///
/// Where a CPU has no instruction that sums products of bytes in 32 bits (VNNI), oneDNN adds two of
/// them in 16 bits. With unsigned bytes, 2 · 255 · 64 is the most that fits. Signed bytes are made
/// unsigned by adding 128, and their weights are halved and rounded when they are packed: of 126 levels
/// on each side 63 are left. Even integers go through that unchanged.
enum WeightRounding: Sendable, Hashable {
  /// Whole bytes, where their products are exact.
  case whole
  /// Seven bits, for products with unsigned bytes.
  case sevenBits
  /// Even numbers, which lose nothing when they are halved.
  case even

  /// What this CPU and library take, for products with an array of this kind.
  static func here(multiplying quantum: Quantum) -> WeightRounding {
    if OneDNNInstructions.multipliesWholeBytes { return .whole }
    return quantum.isSigned ? .even : .sevenBits
  }

  /// The largest integer.
  var limit: Float {
    switch self {
    case .whole: 127
    case .sevenBits: 64
    case .even: 126
    }
  }

  /// The distance of two integers.
  var step: Float { self == .even ? 2 : 1 }

  /// What one integer is worth, when the largest weight is `largest`.
  func scale(_ largest: Float) -> Float {
    largest > 0 ? max(largest / limit, .leastNormalMagnitude) : 1
  }

  /// The integer nearest to a weight that was divided by its scale.
  func nearest(_ exact: Float) -> Float {
    min(max((exact / step).rounded() * step, -limit), limit)
  }
}
