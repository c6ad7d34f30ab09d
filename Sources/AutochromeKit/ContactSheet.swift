import Foundation
import Imaging
import Media
import Locking

/// A picture of some frames of a film, the source above and the result below, in columns.
///
/// Columns are taken evenly. When the length is not known, every frame is taken first, and each time
/// that there are too many, every other one is dropped and the step doubled.
final class ContactSheet: Sendable {
  private static let columns = 5
  private static let widestColumn = 320
  private static let gap = 4

  private struct State {
    var seen = 0
    var step: Int
    var pairs: [(source: Thumbnail, result: Thumbnail)] = []
  }

  private let state: Locked<State>

  init(expectedFrames: Int?) {
    // The middle of each of `columns` equal parts.
    state = Locked(State(step: max(1, (expectedFrames ?? 1) / Self.columns)))
  }

  /// Takes the frame if it is one of those wanted. Called in order.
  func offer(source: Picture, result: Picture) throws {
    try state.withLock { state in
      defer { state.seen += 1 }
      guard state.seen % state.step == state.step / 2 else { return }
      state.pairs.append(
        (
          try Thumbnail(gray: source, width: Self.widestColumn),
          try Thumbnail(color: result, width: Self.widestColumn)
        ))
      if state.pairs.count >= 2 * Self.columns {
        state.pairs = state.pairs.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        state.step *= 2
      }
    }
  }

  /// Writes the sheet as a PNG; nothing if there were no frames.
  func write(to path: String) throws {
    let pairs = state.withLock { $0.pairs.prefix(Self.columns).map { $0 } }
    guard let first = pairs.first else { return }
    let columnWidth = pairs.map(\.source.width).max() ?? first.source.width
    let rowHeight = pairs.map(\.source.height).max() ?? first.source.height
    let width = pairs.count * (columnWidth + Self.gap) - Self.gap
    let height = 2 * rowHeight + Self.gap
    var rgb = [[UInt8]](repeating: [UInt8](repeating: 255, count: width * height), count: 3)
    for (column, pair) in pairs.enumerated() {
      let left = column * (columnWidth + Self.gap)
      for (thumbnail, top) in [(pair.source, 0), (pair.result, rowHeight + Self.gap)] {
        for channel in 0..<3 {
          for y in 0..<thumbnail.height {
            let from = y * thumbnail.width
            let to = (top + y) * width + left
            rgb[channel].replaceSubrange(
              to..<to + thumbnail.width,
              with: thumbnail.rgb[channel][from..<from + thumbnail.width])
          }
        }
      }
    }
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
