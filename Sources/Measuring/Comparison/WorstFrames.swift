import AutochromeKit
import Imaging

/// The frames that differ most, kept while a film goes by: the worst of each second or so, and of those
/// the worst few.
struct WorstFrames {
  /// A frame, ready to be shown.
  struct Shown {
    let row: ComparisonReport.FrameRow
    let reference: Thumbnail
    let result: Thumbnail
    let badness: Double
  }

  /// Frames of which no more than one is shown.
  private static let span = 24
  private static let most = 10
  private static let widest = 560

  private var best: [Shown] = []
  private var current: Shown?
  private var seen = 0

  /// Worst first.
  var frames: [Shown] {
    Array(
      (best + (current.map { [$0] } ?? [])).sorted { $0.badness > $1.badness }
        .prefix(Self.most))
  }

  mutating func offer(
    _ row: ComparisonReport.FrameRow, _ pictures: (reference: Picture, result: Picture)
  ) throws {
    if seen % Self.span == 0, let finished = current {
      best.append(finished)
      best = Array(best.sorted { $0.badness > $1.badness }.prefix(Self.most))
      current = nil
    }
    seen += 1
    // Against the truth, or where there is none, against the frame before.
    let badness = row.deltaE2000 ?? row.warpErrorAB?.result ?? 0
    let bar = current?.badness ?? (best.count == Self.most ? best[Self.most - 1].badness : -1)
    guard badness > bar else { return }
    current = Shown(
      row: row, reference: try Thumbnail(color: pictures.reference, widest: Self.widest),
      result: try Thumbnail(color: pictures.result, widest: Self.widest), badness: badness)
  }
}
