import Locking

/// A picture of some frames of a film or pictures of a folder, each as a set of thumbnails: the source
/// and what came of it.
///
/// Samples are taken evenly. When the length is not known, every frame is taken first, and each time
/// that there are too many, every other one is dropped and the step doubled.
final class ContactSheet: Sendable {
  /// Where the thumbnails of one sample lie.
  enum Arrangement {
    /// Above each other: a film goes from left to right.
    case columns
    /// Beside each other, samples below each other.
    case rows

    var samples: Int { self == .columns ? 5 : 8 }
  }

  private static let gap = 4

  private struct State {
    var seen = 0
    var step: Int
    var samples: [[Thumbnail]] = []
  }

  private let state: Locked<State>
  private let arrangement: Arrangement

  init(expected: Int?, arrangement: Arrangement) {
    self.arrangement = arrangement
    // The middle of each of as many equal parts as there are samples.
    state = Locked(State(step: max(1, (expected ?? 1) / arrangement.samples)))
  }

  /// Takes the frame if it is one of those wanted. Called in order.
  func offer(_ thumbnails: () throws -> [Thumbnail]) throws {
    try state.withLock { state in
      defer { state.seen += 1 }
      guard state.seen % state.step == state.step / 2 else { return }
      state.samples.append(try thumbnails())
      if state.samples.count >= 2 * arrangement.samples {
        state.samples = state.samples.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        state.step *= 2
      }
    }
  }

  /// Writes the sheet as a PNG; nothing if there were no frames.
  /// - Parameter limit: how many thumbnails of each sample are shown at most.
  func write(to path: String, thumbnailsPerSample limit: Int = .max) throws {
    let samples = state.withLock { state in
      state.samples.prefix(arrangement.samples).map { $0.prefix(limit) }
    }
    guard let parts = samples.map(\.count).max() else { return }
    let (columns, rows) =
      arrangement == .columns ? (samples.count, parts) : (parts, samples.count)
    func thumbnail(_ column: Int, _ row: Int) -> Thumbnail {
      arrangement == .columns ? samples[column][row] : samples[row][column]
    }
    let columnWidths = (0..<columns).map { column in
      (0..<rows).map { thumbnail(column, $0).width }.max() ?? 0
    }
    let rowHeights = (0..<rows).map { row in
      (0..<columns).map { thumbnail($0, row).height }.max() ?? 0
    }
    func start(_ index: Int, _ sizes: [Int]) -> Int {
      sizes[..<index].reduce(0) { $0 + $1 + Self.gap }
    }
    let width = start(columns, columnWidths) - Self.gap
    let height = start(rows, rowHeights) - Self.gap
    var rgb = [[UInt8]](repeating: [UInt8](repeating: 255, count: width * height), count: 3)
    for column in 0..<columns {
      for row in 0..<rows {
        let thumbnail = thumbnail(column, row)
        let origin = start(row, rowHeights) * width + start(column, columnWidths)
        for channel in 0..<3 {
          for y in 0..<thumbnail.height {
            let from = y * thumbnail.width
            let to = origin + y * width
            rgb[channel].replaceSubrange(
              to..<to + thumbnail.width,
              with: thumbnail.rgb[channel][from..<from + thumbnail.width])
          }
        }
      }
    }
    try Thumbnail(width: width, height: height, rgb: rgb).write(to: path)
  }
}
