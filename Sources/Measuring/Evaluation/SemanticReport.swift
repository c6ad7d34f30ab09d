import Foundation
package import Quality

/// How well a classifier recognizes colorized pictures, beside gray and original ones.
package struct SemanticReport: Codable, Sendable {
  /// What counts as right.
  package enum Answer: String, Codable, Sendable {
    /// The class that a file of labels gives.
    case labels
    /// The class after which the folder is called.
    case folder
    /// The class that the classifier sees in the original.
    case originals
  }

  /// One version of all pictures.
  package struct Row: Codable, Hashable, Sendable {
    /// The version.
    package var name: String
    /// Pictures of which the right class came first.
    package var top1: Proportion
    /// Pictures of which the right class was among the first five.
    package var top5: Proportion
    /// Pictures that were recognized in this version but not in gray; nil for the original and gray.
    package var gained: Int?
    /// Pictures that were recognized in gray but not in this version; nil for the original and gray.
    package var lost: Int?
  }

  /// The file of the classifier.
  package var classifier: String
  /// What counts as right.
  package var answer: Answer
  /// The original (only where it is not itself what counts as right), gray, and each result.
  package var rows: [Row]
  /// Published figures of the same kind; none where the original is what counts as right.
  package var published: [PublishedAccuracy]

  /// A table for people.
  var text: String {
    let what =
      switch answer {
      case .labels: "Recognized by '\(classifier)', by the labels given"
      case .folder: "Recognized by '\(classifier)', by the name of the folder"
      case .originals:
        "Agreement with the class that '\(classifier)' sees in the original (no labels were given)"
      }
    let width = (rows.map(\.name.count).max() ?? 0) + 2
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    func words(_ share: Proportion) -> String {
      String(format: "%5.1f (%.1f–%.1f)", share.share, share.low, share.high)
    }
    var lines = ["\(what), in percent with 95 % intervals (Wilson):"]
    lines.append(padded("", width) + padded("  top-1", 22) + "  top-5")
    for row in rows {
      var line = padded(row.name, width) + padded(words(row.top1), 22) + words(row.top5)
      if let gained = row.gained, let lost = row.lost {
        line += "  against gray: \(gained) gained, \(lost) lost"
      }
      lines.append(line)
    }
    if !published.isEmpty {
      let shares = published.map { "\($0.name) \(String(format: "%.1f", $0.top1))" }
      lines.append(
        "Zhang et al. 2016, Table 1, top-1 of VGG on 10,000 pictures of ImageNet: "
          + shares.joined(separator: "; ") + ".")
    }
    return lines.joined(separator: "\n")
  }
}
