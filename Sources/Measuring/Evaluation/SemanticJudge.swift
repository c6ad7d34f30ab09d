import AutochromeKit
import Imaging
import Media
import Quality

/// Whether a classifier that was trained on color pictures recognizes what is shown, in the original, in gray and in the
/// colorized pictures: Zhang et al. 2016, section 3.1, "Semantic interpretability".
struct SemanticJudge: Sendable {
  /// What counts as right.
  enum Answer: Sendable {
    /// What a file says of each picture.
    case labels(PictureLabels)
    /// The class after which the folder of the pictures is called.
    case folder(Int)
    /// What the classifier sees in the original.
    case originals
  }

  /// Whether a picture was recognized.
  struct Verdict: Sendable {
    /// Whether the right class came first.
    var first: Bool
    /// Whether it was among the first five.
    var five: Bool
  }

  let classifier: PictureClassifier
  let answer: Answer

  /// - Parameters:
  ///   - path: the classifier.
  ///   - labels: a file that says what the pictures show; nil to go by their folder or by the originals.
  ///   - input: the folder of the pictures.
  /// - Throws: `NetworkError` or `AutochromeError` if one of them can't be used.
  init(classifier path: String, labels: String?, input: String) throws {
    classifier = try PictureClassifier(contentsOf: path)
    if let labels {
      answer = .labels(try PictureLabels(contentsOf: labels, classes: classifier.classes))
      return
    }
    let folder = FileSystem.isFolder(input) ? input : PathParts.folder(of: input)
    let name = PathParts.name(of: ResolvedPath.of(folder.isEmpty ? "." : folder))
    let classes = Int(name) == nil ? classifier.classes.classes(of: name) : []
    answer = classes.count == 1 ? .folder(classes[0]) : .originals
  }

  /// How the versions of a picture were recognized: the original, gray, and each result.
  func verdicts(of trial: PictureTrial) throws -> [Verdict] {
    let best = try ([trial.truth, trial.gray] + trial.results).map {
      try classifier.best(of: try RGBImage($0))
    }
    let right =
      switch answer {
      case .labels(let labels): try labels.number(of: trial.frame)
      case .folder(let number): number
      case .originals: best[0][0]
      }
    return best.map { Verdict(first: $0.first == right, five: $0.contains(right)) }
  }
}

/// Verdicts of all pictures, counted.
struct SemanticSums: Sendable {
  private struct Counts: Sendable {
    var first = 0
    var five = 0
    /// Recognized here, but not in gray.
    var gained = 0
    /// Recognized in gray, but not here.
    var lost = 0
  }

  private var pictures = 0
  private var counts: [Counts] = []

  /// Adds those of a picture: original, gray, results.
  mutating func add(_ verdicts: [SemanticJudge.Verdict]) {
    if counts.isEmpty { counts = verdicts.map { _ in Counts() } }
    pictures += 1
    for (index, verdict) in verdicts.enumerated() {
      counts[index].first += verdict.first ? 1 : 0
      counts[index].five += verdict.five ? 1 : 0
      counts[index].gained += verdict.first && !verdicts[1].first ? 1 : 0
      counts[index].lost += !verdict.first && verdicts[1].first ? 1 : 0
    }
  }

  /// - Parameter names: of the results.
  func report(of judge: SemanticJudge, names: [String]) -> SemanticReport {
    let rows = zip(["original", "gray"] + names, counts).enumerated().map { index, row in
      SemanticReport.Row(
        name: row.0, top1: Proportion(row.1.first, of: pictures),
        top5: Proportion(row.1.five, of: pictures), gained: index < 2 ? nil : row.1.gained,
        lost: index < 2 ? nil : row.1.lost)
    }
    let answer: SemanticReport.Answer =
      switch judge.answer {
      case .labels: .labels
      case .folder: .folder
      case .originals: .originals
      }
    return SemanticReport(
      classifier: judge.classifier.path, answer: answer,
      // The originals agree with themselves.
      rows: answer == .originals ? Array(rows.dropFirst()) : rows,
      published: answer == .originals ? [] : PublishedAccuracy.zhang2016)
  }
}
