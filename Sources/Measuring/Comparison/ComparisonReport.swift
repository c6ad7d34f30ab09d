package import Imaging
import Quality

/// What a comparison found.
package struct ComparisonReport: Codable, Sendable {
  /// A figure of the reference beside the result's.
  package struct Both: Codable, Hashable, Sendable {
    package var reference: Double?
    package var result: Double?

    /// `result` ÷ `reference`; nil where the reference has nothing to compare with.
    package var ratio: Double? {
      guard let reference, let result, reference > 0 else { return nil }
      return result / reference
    }
  }

  /// Luma of the result against that of the reference.
  package struct Luma: Codable, Hashable, Sendable {
    /// What the difference is like.
    package enum Kind: String, Codable, Sendable {
      /// There is none.
      case identical
      /// As a lossy encoder leaves it: small, and both ways at each brightness.
      case lossy
      /// Larger than that, or one way.
      case altered
    }
    package var kind: Kind
    /// Frames whose luma is that of the reference, sample by sample.
    package var identicalFrames: Int
    /// In codes of 8 bits.
    package var largestDifference: Double
    /// In decibels, of the luma of all frames; nil if nothing differs.
    package var psnr: Double?
  }

  /// Figures over time.
  package struct Film: Codable, Hashable, Sendable {
    /// Pairs of neighbouring frames of one shot.
    package var pairs: Int
    /// The mean share of pixels that are seen in both frames of a pair.
    package var comparedShare: Double
    /// Mean squared distance in a\*b\*, Lab units.
    package var warpErrorAB: Both
    /// Mean squared difference of R′G′B′ in 0…1, the literature's figure.
    package var warpErrorRGB: Both
    /// CDC; nil below five frames.
    package var colorDistributionConsistency: Both
    /// Energy of a\*b\* along the paths of motion by octave: periods of about 2, 4, 8 and 16 frames.
    package var spectrum: [Both]
    /// How far a place's a\*b\* go from the first to the last frame of its path, long paths in parts of
    /// 48 frames: the mean distance, Lab units; nil where no path was long enough.
    package var drift: Both
  }

  /// A run of frames without a cut.
  package struct Shot: Codable, Hashable, Sendable {
    /// Index of the first frame.
    package var first: Int
    package var frames: Int
    /// As `Film.spectrum`.
    package var spectrum: [Both]
    /// As `Film.drift`.
    package var drift: Both
  }

  /// One frame.
  package struct FrameRow: Codable, Hashable, Sendable {
    package var index: Int
    /// The file, where frames are files.
    package var name: String?
    /// Presentation time, seconds.
    package var seconds: Double
    package var startsShot: Bool
    /// Area under the curve of accuracy, in percent; nil if the reference has no color.
    package var auc: Double?
    /// ΔE₀₀; nil if the reference has no color.
    package var deltaE2000: Double?
    /// From the frame before; nil at the start of a shot.
    package var warpErrorAB: Both?
    /// In codes of 8 bits.
    package var lumaDifference: Double
  }

  package var reference: String
  package var result: String
  /// Width × height.
  package var size: String
  package var frames: Int
  /// Where one of the two goes on after the other's end, in words; nil if both end together.
  package var lengthNote: String?
  /// Whether the reference is in color, so that there is a truth to compare with.
  package var hasTruth: Bool
  /// What the reference's colors are; where any frame has colors, they are taken for the truth.
  package var referenceColor: ColorContent
  /// Where the weights of the rebalanced figure are from.
  package var prior: String
  /// The result against the reference; nil if there is no truth.
  package var figures: EvaluationReport.Row?
  package var colorfulness: Both
  package var luma: Luma
  /// nil if no two frames belong to one shot.
  package var film: Film?
  package var shots: [Shot]
  package var frameRows: [FrameRow]
  package var seconds: Double
  package var warnings: [String]
}

extension ComparisonReport.Both {
  static func spectrum(
    _ reference: PathVariation.Spectrum, _ result: PathVariation.Spectrum
  ) -> [Self] {
    zip(reference.energies, result.energies).map { Self(reference: $0, result: $1) }
  }
}
