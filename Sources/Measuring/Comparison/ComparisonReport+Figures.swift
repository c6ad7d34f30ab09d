import AutochromeKit
import Foundation
import Imaging

extension ComparisonReport {
  /// One figure with the sentence that says what it means.
  struct Figure {
    var name: String
    var result: String
    /// The reference's own, where it has one.
    var reference = ""
    var sentence: String
    /// Whether it is told to everybody; the others are details.
    var isMain = false
  }

  /// All figures, those that matter most first.
  var allFigures: [Figure] { lumaFigures + colorFigures + filmFigures }

  /// What the reference is good for, where it is no truth.
  var referenceSentence: String? {
    switch referenceColor {
    case .color: nil
    case .gray:
      "The reference has no color, so the accuracy of the colors can't be measured."
    case .toned:
      "The reference is toned: it has one hue everywhere, so the accuracy of the colors can't be measured."
    }
  }

  // MARK: Luma

  private var lumaFigures: [Figure] {
    let differing = frames - luma.identicalFrames
    let share =
      differing == frames
      ? (frames == 1 ? "in the one frame" : "in all \(frames) frames")
      : "in \(differing) of \(counted(frames, "frame"))"
    let psnr = Self.number(luma.psnr, 1) + " dB"
    let sentence =
      switch luma.kind {
      case .identical: "The luma is identical to that of the reference, sample by sample."
      case .lossy:
        "The luma differs \(share), but only as a lossy encoder leaves it (PSNR \(psnr)); it was not altered otherwise."
      case .altered:
        "The luma was altered \(share), by up to \(Self.number(luma.largestDifference, 1)) of 255 codes (PSNR "
          + "\(psnr)): the differences are larger, or more one-sided, than those of a lossy encoder."
      }
    return [
      Figure(
        name: "luma", result: luma.kind == .identical ? "identical" : psnr, sentence: sentence,
        isMain: true),
      Figure(
        name: "luma, largest difference", result: Self.number(luma.largestDifference, 2),
        sentence: "The largest difference of a sample, in codes of 0 to 255."),
    ]
  }

  // MARK: Color

  private var colorFigures: [Figure] {
    var list: [Figure] = []
    if let figures {
      list = [
        Figure(
          name: "ΔE00", result: Self.number(figures.deltaE2000, 2),
          sentence: Self.words(deltaE: figures.deltaE2000), isMain: true),
        Figure(
          name: "AuC", result: Self.number(figures.auc, 2),
          sentence: "Overall accuracy of the colors; 100 means that all are right."),
        Figure(
          name: "AuC, rebalanced", result: Self.number(figures.rebalancedAUC, 2),
          sentence: "The same with rare colors counting as much as frequent ones."),
        Figure(
          name: "PSNR", result: figures.psnr.map { Self.number($0, 2) + " dB" } ?? "∞",
          sentence: "The error of red, green and blue, luma included; higher is better."),
        Figure(
          name: "SSIM", result: Self.number(figures.ssim, 4),
          sentence: "Similarity of structures; 1 means that they are identical."),
      ]
    }
    list.append(
      Figure(
        name: "colorfulness", result: Self.number(colorfulness.result, 1),
        reference: Self.number(colorfulness.reference, 1),
        sentence: colorfulnessWords, isMain: true))
    return list
  }

  private static func words(deltaE: Double?) -> String {
    guard let deltaE else { return "The difference between the colors can't be measured." }
    let words =
      switch deltaE {
      case ..<1: "which the eye does not see"
      case ..<2.5: "which the eye sees only side by side"
      case ..<6: "which the eye sees at a second look"
      case ..<12: "which the eye sees at once"
      default: "which makes them different colors"
      }
    return "Colors are ΔE \(number(deltaE, 1)) from the reference on average, \(words)."
  }

  private var colorfulnessWords: String {
    let figure = Self.number(colorfulness.result, 1)
    let scale = "on a scale where 0 is gray and 45 is average"
    guard referenceColor == .color, let ratio = colorfulness.ratio,
      let reference = colorfulness.reference
    else { return "The result's colorfulness is \(figure), \(scale)." }
    let words =
      switch ratio {
      case ..<0.6: "much paler than"
      case ..<0.9: "paler than"
      case ..<1.1: "about as colorful as"
      case ..<1.5: "more colorful than"
      default: "much more colorful than"
      }
    return
      "The result is \(words) the reference: \(figure) against \(Self.number(reference, 1)), \(scale)."
  }

  // MARK: Steadiness

  private var filmFigures: [Figure] {
    guard let film else { return [] }
    func figure(_ name: String, _ both: Both, _ digits: Int, _ sentence: String) -> Figure {
      Figure(
        name: name, result: Self.number(both.result, digits),
        reference: Self.number(both.reference, digits), sentence: sentence)
    }
    var steady = figure("warp error, a*b*", film.warpErrorAB, 3, steadinessWords(film.warpErrorAB))
    steady.isMain = true
    return [
      steady,
      figure(
        "warp error, RGB", film.warpErrorRGB, 6,
        "The same for red, green and blue, luma included, as given in papers."),
      figure(
        "CDC", film.colorDistributionConsistency, 5,
        "How much the mixture of colors changes over one to four frames; best if equal to the reference's."
      ),
    ]
      + film.spectrum.enumerated().map { octave, both in
        figure(
          "period \(2 << octave) frames", both, 3,
          "How much colors oscillate with a period of about \(2 << octave) frames along the motion"
            + (octave == 0 ? ": flicker." : "."))
      }
      + [
        figure(
          "drift, ΔE", film.drift, 2,
          "How far the color of a place moves from the first to the last frame in which it is visible."
        )
      ]
  }

  /// A reference whose colors change by less, in Lab units along the motion, is no measure for another's.
  private static let leastChange = 0.1

  private func steadinessWords(_ error: Both) -> String {
    guard let result = error.result else {
      return "Steadiness can't be measured: no motion could be followed from "
        + "frame to frame."
    }
    if referenceColor == .color, let ratio = error.ratio, let reference = error.reference,
      reference >= Self.leastChange * Self.leastChange
    {
      let words =
        switch ratio {
        case ..<0.8: "steadier than the reference's"
        case ..<1.25: "as steady as the reference's"
        case ..<2: "a little less steady than the reference's"
        case ..<4: "less steady than the reference's"
        default: "far less steady than the reference's: they flicker"
        }
      return
        "From frame to frame, colors are \(words) (\(Self.number(ratio, 2)) × its change along the motion)."
    }
    let distance = result.squareRoot()
    let words =
      switch distance {
      case ..<1: "which the eye does not see"
      case ..<3: "which may be visible in even areas"
      default: "which the eye sees as flicker"
      }
    return
      "From frame to frame, colors change by \(Self.number(distance, 2)) Lab units along the motion, \(words)."
  }

  private static func number(_ value: Double?, _ digits: Int) -> String {
    value.map { String(format: "%.\(digits)f", $0) } ?? "–"
  }

  // MARK: For people

  /// What the figures say, one sentence each.
  package var text: String { ([headline] + sentences).joined(separator: "\n") }

  /// All figures with what each means.
  package var fullText: String {
    let figures = allFigures
    func column(_ texts: [String]) -> [String] {
      let width = texts.map(\.count).max() ?? 0
      return texts.map { $0 + String(repeating: " ", count: width - $0.count + 2) }
    }
    let names = column(figures.map(\.name))
    let results = column(["result"] + figures.map(\.result))
    let references = column(["reference"] + figures.map(\.reference))
    let head = String(repeating: " ", count: names.first?.count ?? 0) + results[0] + references[0]
    let rows = figures.indices.map {
      names[$0] + results[$0 + 1] + references[$0 + 1] + figures[$0].sentence
    }
    return ([headline] + notes + ["", head] + rows + (coverage.map { ["", $0] } ?? []))
      .joined(separator: "\n")
  }

  var headline: String {
    PrintableText("\(result) against \(reference): ").description
      + "\(counted(frames, "frame")), \(size)"
  }

  /// What matters, for people.
  var sentences: [String] { notes + allFigures.filter(\.isMain).map(\.sentence) }

  private var notes: [String] {
    [lengthNote.map { PrintableText($0).description }, referenceSentence].compactMap { $0 }
  }

  /// Of how much the figures over time are.
  var coverage: String? {
    film.map {
      "\(counted(shots.count, "shot")), \(counted($0.pairs, "pair")) of frames, "
        + String(format: "%.0f %% of their pixels compared", 100 * $0.comparedShare)
    }
  }
}
