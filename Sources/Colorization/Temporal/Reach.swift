internal import Imaging

/// Another frame's colors and the motion that leads to it: what a position can fetch there. Plain
/// pointers: whoever makes one keeps all of it alive.
struct Reach {
  private let source: ColorMean.Source
  private let vectors: GridMotion.Vectors
  private let exposure: ExposureChange
  private let leastConfidence: Float

  /// - Parameters:
  ///   - samples: a, b, L\* and weight of the other frame's positions.
  ///   - counts: how many frames each of them stands for.
  ///   - motion: from here to the other frame, on the same grid.
  init(_ samples: SampleGrid, counts: FloatImage, along motion: GridMotion) {
    source = ColorMean.Source(
      width: samples.width, height: samples.height, samples: samples.pointer,
      counts: counts.channel(0))
    vectors = motion.vectors
    exposure = motion.exposure
    leastConfidence = motion.leastConfidence
  }

  /// How far the motion of a position is believed, 0…1.
  @inline(__always)
  func confidence(_ column: Int, _ row: Int) -> Float {
    max(vectors.pointer[row * source.width + column].z, leastConfidence)
  }

  /// Adds what is found for a position of lightness `lightness`, weighted by the motion's confidence;
  /// returns how many frames that stands for.
  @inline(__always)
  func fetch(
    into mean: inout ColorMean, _ column: Int, _ row: Int, lightness: Float
  ) -> Float {
    fetch(
      into: &mean, column, row, lightness: lightness, confidence: confidence(column, row))
  }

  /// The same with a confidence of the caller's.
  @inline(__always)
  func fetch(
    into mean: inout ColorMean, _ column: Int, _ row: Int, lightness: Float, confidence: Float
  ) -> Float {
    let vector = vectors.pointer[row * source.width + column]
    return mean.fetch(
      source, x: Float(column) + vector.x, y: Float(row) + vector.y, confidence: confidence,
      expected: exposure(
        lightness, x: 2 * (Float(column) + 0.5) / Float(source.width) - 1,
        y: 2 * (Float(row) + 0.5) / Float(source.height) - 1))
  }
}
