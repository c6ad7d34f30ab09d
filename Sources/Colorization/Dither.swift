/// Thresholds at which a code is rounded up, for each place of a plane: where a slow change would be a
/// contour, the share of places with the higher code rises in its stead, and the mean of 8 × 8 places is
/// exact to 1/64 of a code.
///
/// The pattern is the ordered one of Bayer, "An optimum method for two-level rendition of
/// continuous-tone pictures", 1973, of order 8. It rests: what does not change gets the same codes in
/// each frame, and whole numbers, gray among them, stay what they are.
struct Dither {
  /// 8 rows of 8, each 0…1.
  private let thresholds: [Float]

  /// To the nearest code, halves up.
  static let none = Dither(thresholds: [Float](repeating: 0.5, count: 64))

  /// For Cb and Cr: mirror images, so that their codes do not step together.
  static let chroma = [
    Dither { column, row in ordered(column, row) },
    Dither { column, row in ordered(7 - column, row) },
  ]

  private init(thresholds: [Float]) { self.thresholds = thresholds }

  private init(_ threshold: (_ column: Int, _ row: Int) -> Float) {
    thresholds = (0..<64).map { threshold($0 % 8, $0 / 8) }
  }

  /// The place's rank among its 64, in the middle of its share of 0…1.
  private static func ordered(_ column: Int, _ row: Int) -> Float {
    // From coarse to fine, of each pair of bits: the diagonal first, then the rows.
    let rank = (0..<3).reduce(0) { rank, bit in
      let (x, y) = (column >> bit & 1, row >> bit & 1)
      return rank << 2 | (x ^ y) << 1 | y
    }
    return (Float(rank) + 0.5) / 64
  }

  /// The eight thresholds of a row, which repeat along it.
  func withRow<Result>(_ row: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result {
    thresholds.withUnsafeBufferPointer { all in
      // Never empty: 64 were made.
      body(all.baseAddress.unsafelyUnwrapped + row % 8 * 8)
    }
  }
}
