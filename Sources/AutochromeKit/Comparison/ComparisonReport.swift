import Foundation
import Quality

/// What a comparison found.
public struct ComparisonReport: Codable, Sendable {
  /// A figure of the reference beside the result's.
  public struct Both: Codable, Hashable, Sendable {
    public var reference: Double?
    public var result: Double?

    /// What rounding leaves of the changes in a film without color.
    private static let nothing = 1e-9

    /// `result` ÷ `reference`; nil where the reference has nothing to compare with.
    public var ratio: Double? {
      guard let reference, let result, reference > Self.nothing else { return nil }
      return result / reference
    }
  }

  /// Luma of the result against that of the reference.
  public struct Luma: Codable, Hashable, Sendable {
    /// Frames whose luma is that of the reference, sample by sample.
    public var identicalFrames: Int
    /// In codes of 8 bits.
    public var largestDifference: Double
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
  }

  /// A run of frames without a cut.
  public struct Shot: Codable, Hashable, Sendable {
    /// Index of the first frame.
    public var first: Int
    public var frames: Int
    /// As `Film.spectrum`.
    public var spectrum: [Both]
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
  /// Whether the reference is in color, so that there is a truth to compare with.
  public var hasTruth: Bool
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

  /// A table for people.
  public var text: String {
    var lines = [
      "\(result) against \(reference): \(frames) frame\(frames == 1 ? "" : "s"), \(size)"
    ]
    func number(_ value: Double?, _ format: String) -> String {
      value.map { String(format: format, $0) } ?? "–"
    }
    func add(_ name: String, _ value: String) {
      lines.append(name.padding(toLength: 22, withPad: " ", startingAt: 0) + value)
    }
    if let figures {
      add("AuC, rebalanced", number(figures.auc, "%.2f") + number(figures.rebalancedAUC, "  %.2f"))
      add(
        "PSNR, SSIM, ΔE00",
        (figures.psnr.map { String(format: "%.2f", $0) } ?? "∞") + number(figures.ssim, "  %.4f")
          + number(figures.deltaE2000, "  %.2f"))
    } else {
      lines.append("There is no color in the reference to compare with.")
    }
    add(
      "colorfulness",
      number(colorfulness.result, "%.1f") + number(colorfulness.reference, " (reference %.1f)"))
    add(
      "luma",
      luma.identicalFrames == frames
        ? "identical"
        : "differs in \(frames - luma.identicalFrames) frames, by up to "
          + number(luma.largestDifference, "%.2f codes of 8 bits"))
    if let film {
      func line(_ name: String, _ both: Both, _ format: String) {
        add(
          name,
          number(both.result, format) + " (reference " + number(both.reference, format) + ")"
            + (both.ratio.map { String(format: "  %.2f ×", $0) } ?? ""))
      }
      lines.append("")
      line("warp error, a*b*", film.warpErrorAB, "%.3f")
      line("warp error, RGB", film.warpErrorRGB, "%.6f")
      line("CDC", film.colorDistributionConsistency, "%.5f")
      for (octave, both) in film.spectrum.enumerated() {
        line("period \(2 << octave) frames", both, "%.3f")
      }
      lines.append(
        "\(shots.count) shot\(shots.count == 1 ? "" : "s"), \(film.pairs) pairs of frames, "
          + String(format: "%.0f %% of their pixels compared", 100 * film.comparedShare))
    }
    return lines.joined(separator: "\n")
  }
}

extension ComparisonReport.Both {
  static func spectrum(
    _ reference: PathVariation.Spectrum, _ result: PathVariation.Spectrum
  ) -> [Self] {
    zip(reference.energies, result.energies).map { Self(reference: $0, result: $1) }
  }
}
