internal import Imaging

/// Another frame's colors and the motion that leads to it: what a position can fetch there. Plain
/// pointers: whoever makes one keeps all of it alive.
struct Reach {
  private let source: ColorMean.Source
  private let vectors: GridMotion.Vectors
  private let exposure: ExposureChange
  private let leastConfidence: Float
  /// What a step in the other frame's lightness is here.
  private let stepGain: Float

  private static let fullConfidence: Float = 0.6
  private static let leastGain: Float = 0.1

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
    stepGain = 1 / max(motion.exposure.gain, Self.leastGain)
  }

  /// How far the motion of a position is to be believed, 0…1.
  @inline(__always)
  func confidence(_ column: Int, _ row: Int) -> Float {
    max(vectors.pointer[row * source.width + column].z, leastConfidence)
  }

  /// Adds the colors that lie where the motion leads from a position of lightness `lightness`, by how like
  /// they are to it; returns how many frames that stands for. Whether the motion is to be believed, and how
  /// far the color is to be trusted, is the caller's.
  @inline(__always)
  func fetch(into mean: inout ColorMean, _ column: Int, _ row: Int, lightness: Float) -> Float {
    let vector = vectors.pointer[row * source.width + column]
    return mean.fetch(
      source, x: Float(column) + vector.x, y: Float(row) + vector.y,
      expected: expected(column, row, lightness: lightness))
  }

  /// Adds the color that a position of lightness `lightness` had in the other frame.
  /// - Parameter levels: the L\* at which the other frame's colors were learned.
  /// - Returns: how many frames that stands for, and the L\* at which it was learned, as of the exposure here.
  @inline(__always)
  func follow(
    into mean: inout ColorMean, _ column: Int, _ row: Int, lightness: Float,
    levels: UnsafePointer<Float>
  ) -> (frames: Float, level: Float) {
    let vector = vectors.pointer[row * source.width + column]
    // Motion that is believed this far is followed without reserve.
    let trust = max(min(vector.z / Self.fullConfidence, 1), leastConfidence)
    let expected = expected(column, row, lightness: lightness)
    let (frames, level) = mean.follow(
      source, levels: levels, x: Float(column) + vector.x, y: Float(row) + vector.y, trust: trust,
      expected: expected)
    return (frames, lightness + (level - expected) * stepGain)
  }

  /// The lightness in the other frame of what has `lightness` at a position here.
  @inline(__always)
  private func expected(_ column: Int, _ row: Int, lightness: Float) -> Float {
    exposure(
      lightness, x: 2 * (Float(column) + 0.5) / Float(source.width) - 1,
      y: 2 * (Float(row) + 0.5) / Float(source.height) - 1)
  }
}
