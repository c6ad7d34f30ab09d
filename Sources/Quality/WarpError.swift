package import Imaging

/// How much the colors of things change as they move: the warping error of Lai et al., *Learning blind
/// video temporal consistency*, ECCV 2018. The earlier frame is warped to the later by the flow of the
/// input; over the pixels that are seen in both the mean squared difference is taken, then the mean
/// over pairs of frames.
package struct WarpError: Hashable, Sendable {
  private var sum = 0.0
  /// Pairs of frames that have any pixel to compare.
  package private(set) var pairs = 0

  /// Of no frames.
  package init() {}

  /// Adds a pair of neighbouring frames as the literature does: of R′, G′, B′ in 0…1, averaged over
  /// channels.
  /// - Returns: the pair's own error; nil if no pixel is seen in both.
  /// - Throws: `QualityError.sizesDiffer`.
  @discardableResult
  package mutating func add(
    earlier: RGBImage, later: RGBImage, along correspondence: Correspondence
  ) throws(QualityError) -> Double? {
    try Self.check((earlier.width, earlier.height), (later.width, later.height), correspondence)
    return add(correspondence) { place, source in
      var square: Float = 0
      for channel in 0..<3 {
        var warped: Float = 0
        for tap in 0..<4 {
          warped += source.weights[tap] * Float(earlier.codes[3 * source.places[tap] + channel])
        }
        let difference = (warped - Float(later.codes[3 * place + channel])) / 255
        square += difference * difference / 3
      }
      return square
    }
  }

  /// Adds a pair of neighbouring frames: of a\*b\* alone, the squared distance. Where luma is kept it is
  /// the same for every method and would dilute the figure.
  /// - Returns: the pair's own error; nil if no pixel is seen in both.
  /// - Throws: `QualityError.sizesDiffer`.
  @discardableResult
  package mutating func add(
    earlier: LabImage, later: LabImage, along correspondence: Correspondence
  ) throws(QualityError) -> Double? {
    try Self.check((earlier.width, earlier.height), (later.width, later.height), correspondence)
    return add(correspondence) { place, source in
      var difference = later.values[place]
      for tap in 0..<4 { difference -= source.weights[tap] * earlier.values[source.places[tap]] }
      return difference.y * difference.y + difference.z * difference.z
    }
  }

  private static func check(
    _ earlier: (Int, Int), _ later: (Int, Int), _ correspondence: Correspondence
  ) throws(QualityError) {
    let expected = (correspondence.width, correspondence.height)
    try Pair.check(reference: expected, result: earlier)
    try Pair.check(reference: expected, result: later)
  }

  private mutating func add(
    _ correspondence: Correspondence, _ square: (_ place: Int, _ source: Footprint) -> Float
  ) -> Double? {
    guard !correspondence.pairs.isEmpty else { return nil }
    var error = 0.0
    for (place, source) in correspondence.pairs { error += Double(square(place, source)) }
    error /= Double(correspondence.pairs.count)
    sum += error
    pairs += 1
    return error
  }

  /// Adds other pairs.
  package mutating func add(_ other: WarpError) {
    sum += other.sum
    pairs += other.pairs
  }

  /// The mean over pairs; nil without pairs.
  package var mean: Double? { pairs > 0 ? sum / Double(pairs) : nil }
}
