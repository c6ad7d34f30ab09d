/// Which pixels of a frame are seen in the frame before it too, and where: found once on the input, and
/// used for everything that is compared along it.
package struct Correspondence: Sendable {
  /// In pixels.
  package let width: Int
  /// In pixels.
  package let height: Int
  /// Pixels of the later frame, each with where it was in the earlier.
  let pairs: [(place: Int, source: Footprint)]

  /// - Parameters:
  ///   - backward: the flow from the later frame to the earlier.
  ///   - forward: the flow from the earlier frame to the later.
  /// - Throws: `QualityError.sizesDiffer`.
  package init(backward: FlowField, forward: FlowField) throws(QualityError) {
    try Pair.check(
      reference: (backward.width, backward.height), result: (forward.width, forward.height))
    width = backward.width
    height = backward.height
    var pairs: [(place: Int, source: Footprint)] = []
    pairs.reserveCapacity(width * height)
    for y in 0..<height {
      for x in 0..<width {
        if let source = backward.trusted(x: x, y: y, back: forward) {
          pairs.append((y * width + x, source))
        }
      }
    }
    self.pairs = pairs
  }

  /// The share of the later frame's pixels that are seen in both.
  package var share: Double { Double(pairs.count) / Double(max(width * height, 1)) }
}
