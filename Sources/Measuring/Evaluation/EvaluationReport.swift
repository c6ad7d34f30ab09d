import AutochromeKit
import Foundation
import Quality

/// What an evaluation found.
package struct EvaluationReport: Codable, Sendable {
  /// Figures of one method over all pictures.
  package struct Row: Codable, Hashable, Sendable {
    /// The method.
    package var name: String
    /// The vividness in force; nil for gray.
    package var vividness: Float?
    /// The temperature in force; nil for gray.
    package var temperature: Float?
    /// Area under the curve of accuracy, in percent.
    package var auc: Double?
    /// Class-rebalanced area, in percent.
    package var rebalancedAUC: Double?
    /// `auc` minus that of gray.
    package var aucGain: Double?
    /// `rebalancedAUC` minus that of gray.
    package var rebalancedAUCGain: Double?
    /// In decibels, of the squared error pooled over all pictures; nil if nothing differs.
    package var psnr: Double?
    /// Mean over pictures and over R′, G′, B′.
    package var ssim: Double?
    /// ΔE₀₀, mean over pictures.
    package var deltaE2000: Double?
    /// Hasler and Süsstrunk's, mean over pictures.
    package var colorfulness: Double
    /// How far `colorfulness` is from the truth's.
    package var deltaColorfulness: Double?
  }

  /// What was measured.
  package var input: String
  /// The network, its back end and arithmetic.
  package var network: String
  /// Pictures measured.
  package var pictures: Int
  /// Whether the input is in color, so that there is a truth to compare with.
  package var hasTruth: Bool
  /// Where the weights of the rebalanced figure are from.
  package var prior: String
  /// Whether the user named that prior.
  package var priorIsGiven: Bool
  /// Colorfulness of the truth, mean over pictures.
  package var truthColorfulness: Double
  /// What the true small chroma costs in the distribution of a network that samples, in bits for each number; nil for
  /// other networks, or if there is no truth.
  package var bitsPerDimension: Double?
  /// Figures of the pictures without color; nil if there is no truth.
  package var gray: Row?
  /// Figures of the results, one row for each setting of the dials.
  package var rows: [Row]
  /// Published figures to compare the gains with.
  package var published: [PublishedRow]
  /// How well a classifier recognizes the pictures; nil if none was named.
  package var semantic: SemanticReport?
  /// Wall-clock seconds.
  package var seconds: Double
  /// What the user should know.
  package var warnings: [String]

  /// A table for people.
  package var text: String {
    var lines = [
      "\(input): \(counted(pictures, "picture")), \(network)"
    ]
    guard hasTruth, let gray else {
      lines.append("The input is black and white, so there are no colors to compare with.")
      lines += rows.map { row in
        row.name + String(format: ": colorfulness %.1f", row.colorfulness)
      }
      return lines.joined(separator: "\n")
    }
    lines.append(
      String(
        format: "colorfulness of the originals %.1f, rare colors weighted by the prior of ",
        truthColorfulness) + prior)
    if let bitsPerDimension {
      lines.append(
        String(format: "true colors: %.3f bits per dimension of the small chroma", bitsPerDimension)
      )
    }
    lines.append("")
    let names = ([gray] + rows).map(\.name) + published.map(\.name)
    let width = (names.map(\.count).max() ?? 0) + 1
    func line(_ name: String, _ cells: [String]) -> String {
      name.padding(toLength: width, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(0, 8 - $0.count)) + $0 }.joined()
    }
    lines.append(
      line("", ["AuC", "gain", "rebal.", "gain", "PSNR", "SSIM", "ΔE00", "CF", "ΔCF"]))
    lines += ([gray] + rows).map { line($0.name, Self.cells($0)) }
    if !priorIsGiven, !published.isEmpty {
      lines.append(
        "The published figures below use the prior of ImageNet; give its prior_probs.npy with --prior to compare."
      )
    }
    lines += published.map { row in
      line(
        row.name,
        [
          "", String(format: "%+.1f", row.aucGain), "",
          String(format: "%+.1f", row.rebalancedAUCGain),
        ])
    }
    if let semantic { lines += ["", semantic.text] }
    return lines.joined(separator: "\n")
  }

  private static func cells(_ row: Row) -> [String] {
    func number(_ value: Double?, _ format: String, none: String = "") -> String {
      value.map { String(format: format, $0) } ?? none
    }
    return [
      number(row.auc, "%.2f"), number(row.aucGain, "%+.2f"), number(row.rebalancedAUC, "%.2f"),
      number(row.rebalancedAUCGain, "%+.2f"), number(row.psnr, "%.2f", none: "∞"),
      number(row.ssim, "%.4f"), number(row.deltaE2000, "%.2f"),
      number(row.colorfulness, "%.1f"), number(row.deltaColorfulness, "%.1f"),
    ]
  }
}

extension EvaluationReport.Row {
  /// - Parameters:
  ///   - figures: nil-valued figures are left out where there is no truth.
  ///   - gray: the row that gains are taken over; nil for that row itself.
  init(
    name: String, figures: Figures, prior: [Double], hasTruth: Bool = true, gray: Self? = nil
  ) throws(QualityError) {
    self.name = name
    colorfulness = figures.colorfulness
    guard hasTruth else { return }
    auc = figures.accuracy.area.map { 100 * $0 }
    rebalancedAUC = try figures.accuracy.rebalancedArea(prior: prior).map { 100 * $0 }
    if let gray {
      aucGain = auc.flatMap { auc in gray.auc.map { auc - $0 } }
      rebalancedAUCGain = rebalancedAUC.flatMap { auc in gray.rebalancedAUC.map { auc - $0 } }
    }
    psnr = figures.squaredError.peakSignalToNoiseRatio.flatMap { $0.isFinite ? $0 : nil }
    ssim = figures.structuralSimilarity
    deltaE2000 = figures.colorDifference
    deltaColorfulness = figures.colorfulnessDifference
  }
}
