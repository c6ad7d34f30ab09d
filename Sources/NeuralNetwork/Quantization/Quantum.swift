import COneDNN

/// How an array of real numbers is kept in 8 bits: number = `scale` × integer. Zero is exact.
struct Quantum: Sendable, Hashable {
  let scale: Float
  /// −127…127; otherwise 0…255.
  let isSigned: Bool

  /// Spreads 8 bits over a range.
  init(_ range: ValueRanges.Range) {
    isSigned = range.low < 0
    let limit = max(-range.low, range.high)
    // Of a value that is always 0 nothing is to be told apart.
    scale = limit > 0 ? max(limit / (isSigned ? 127 : 255), .leastNormalMagnitude) : 1
  }

  var oneDNN: dnnl_data_type_t { isSigned ? dnnl_s8 : dnnl_u8 }
}
