public import Imaging
import Quality

/// What a comparison found.
public struct ComparisonReport: Codable, Sendable {
  /// A figure of the reference beside the result's.
  public struct Both: Codable, Hashable, Sendable {
    public var reference: Double?
    public var result: Double?

    /// `result` ÷ `reference`; nil where the reference has nothing to compare with.
    public var ratio: Double? {
      guard let reference, let result, reference > 0 else { return nil }
      return result / reference
    }
  }

  /// Luma of the result against that of the reference.
  public struct Luma: Codable, Hashable, Sendable {
    /// What the difference is like.
    public enum Kind: String, Codable, Sendable {
      /// There is none.
      case identical
      /// As a lossy encoder leaves it: small, and both ways at each brightness.
      case lossy
      /// Larger than that, or one way.
      case altered
    }
    public var kind: Kind
    /// Frames whose luma is that of the reference, sample by sample.
    public var identicalFrames: Int
    /// In codes of 8 bits.
    public var largestDifference: Double
    /// In decibels, of the luma of all frames; nil if nothing differs.
    public var psnr: Double?
  }

  /// Figures over time.
  public struct Film: Codable, Hashable, Sendable {
    /// Pairs of neighbouring frames of one shot.
    public var pairs: Int
    /// The mean share of pixels that are seen in both frames of a pair.
    public var comparedShare: Double
    /// Mean squared distance in a\*b\*, Lab units.
    public var warpErrorAB: Both
    /// Mean squared difference of R′G′B′ in 0…1, the literature's figure.
    public var warpErrorRGB: Both
    /// CDC; nil below five frames.
    public var colorDistributionConsistency: Both
    /// Energy of a\*b\* along the paths of motion by octave: periods of about 2, 4, 8 and 16 frames.
    public var spectrum: [Both]
    /// How far a place's a\*b\* go from the first to the last frame of its path, long paths in parts of
    /// 48 frames: the mean distance, Lab units; nil where no path was long enough.
    public var drift: Both
  }

  /// A run of frames without a cut.
  public struct Shot: Codable, Hashable, Sendable {
    /// Index of the first frame.
    public var first: Int
    public var frames: Int
    /// As `Film.spectrum`.
    public var spectrum: [Both]
    /// As `Film.drift`.
    public var drift: Both
  }

  /// One frame.
  public struct FrameRow: Codable, Hashable, Sendable {
    public var index: Int
    /// The file, where frames are files.
    public var name: String?
    /// Presentation time, seconds.
    public var seconds: Double
    public var startsShot: Bool
    /// Area under the curve of accuracy, in percent; nil if the reference has no color.
    public var auc: Double?
    /// ΔE₀₀; nil if the reference has no color.
    public var deltaE2000: Double?
    /// From the frame before; nil at the start of a shot.
    public var warpErrorAB: Both?
    /// In codes of 8 bits.
    public var lumaDifference: Double
  }

  public var reference: String
  public var result: String
  /// Width × height.
  public var size: String
  public var frames: Int
  /// Where one of the two goes on after the other's end, in words; nil if both end together.
  public var lengthNote: String?
  /// Whether the reference is in color, so that there is a truth to compare with.
  public var hasTruth: Bool
  /// What the reference's colors are; where any frame has colors, they are taken for the truth.
  public var referenceColor: ColorContent
  /// Where the weights of the rebalanced figure are from.
  public var prior: String
  /// The result against the reference; nil if there is no truth.
  public var figures: EvaluationReport.Row?
  public var colorfulness: Both
  public var luma: Luma
  /// nil if no two frames belong to one shot.
  public var film: Film?
  public var shots: [Shot]
  public var frameRows: [FrameRow]
  public var seconds: Double
  public var warnings: [String]
}

extension ComparisonReport.Both {
  static func spectrum(
    _ reference: PathVariation.Spectrum, _ result: PathVariation.Spectrum
  ) -> [Self] {
    zip(reference.energies, result.energies).map { Self(reference: $0, result: $1) }
  }
}
