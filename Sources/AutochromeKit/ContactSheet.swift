import Foundation
import Imaging
import Media
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
    try Self.writePNG(rgb, width: width, height: height, to: path)
  }

  private static func writePNG(_ rgb: [[UInt8]], width: Int, height: Int, to path: String) throws {
    let planes = rgb.map { values in
      Plane(width: width, height: height, bitDepth: 8) { base, bytesPerRow in
        values.withUnsafeBytes { bytes in
          for y in 0..<height {
            (base + y * bytesPerRow).copyMemory(
              from: UnsafeRawBufferPointer(rebasing: bytes[y * width..<(y + 1) * width])
                .baseAddress ?? UnsafeRawPointer(base), byteCount: width)
          }
        }
      }
    }
    let color = ColorDescription(
      primaries: .bt709, transfer: .iec61966_2_1, matrix: .identity, range: .full)
    let picture = Picture(
      width: width, height: height, format: .rgb(8), color: color, planes: planes)
    var options = SinkOptions()
    options.encoder = "png"
    options.overwrite = true
    let info = SourceInfo(
      width: width, height: height, format: .rgb(8), color: color, timeBase: Rational(1, 1))
    let sink = try PictureSink(path: path, source: info, options: options)
    try sink.write(SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
    try sink.finish()
  }
}
