import Foundation
import Imaging
import Locking

/// A sheet of source and color frames, those of the source above, with shot and time under each.
final class PreviewSheet: Sendable {
  private let samples: EvenSamples<ContactSheet.Cell>
  private let shot = Locked(0)

  /// - Parameters:
  ///   - expected: how many frames will be offered, if known.
  ///   - limit: how many of them are shown at most.
  init(expected: Int?, limit: Int) {
    samples = EvenSamples(expected: expected, limit: limit)
  }

  /// Takes the next frame if it is one of those wanted.
  func offer(_ frame: Frame, colored: Picture, seconds: Double, startsShot: Bool) throws {
    let number = shot.withLock { shot in
      if startsShot { shot += 1 }
      return shot
    }
    try samples.offer {
      Self.cell(
        SpreadFrame(frame: frame, seconds: seconds, shot: number),
        thumbnails: try Self.thumbnails(of: frame, colored: colored))
    }
  }

  /// Takes a frame anew, if it is one of those that are shown: it was colored otherwise.
  func renew(_ frame: Frame, colored: Picture) throws {
    try samples.renew(frame.index) { old in
      ContactSheet.Cell(
        thumbnails: try Self.thumbnails(of: frame, colored: colored), caption: old.caption)
    }
  }

  private static func thumbnails(of frame: Frame, colored: Picture) throws -> [Thumbnail] {
    [try Thumbnail(gray: frame.picture), try Thumbnail(color: colored)]
  }

  /// What was taken so far.
  struct State: Codable, Sendable {
    fileprivate var samples: EvenSamples<ContactSheet.Cell>.State
    fileprivate var shot: Int

    /// How many frames were taken.
    var count: Int { samples.samples.count }
  }

  var state: State { State(samples: samples.state, shot: shot.withLock { $0 }) }

  /// Goes on from an earlier state.
  /// - Parameters:
  ///   - frames: how many frames came before.
  ///   - shots: how many shots began with them.
  func restore(_ state: State, frames: Int, shots: Int) {
    samples.restore(state.samples, at: frames)
    shot.withLock { $0 = shots }
  }

  /// Writes the sheet; nothing if there were no frames.
  func write(to file: SideFile) throws { try Self.sheet(of: samples.samples).write(to: file) }

  static func cell(_ frame: SpreadFrame, thumbnails: [Thumbnail]) -> ContactSheet.Cell {
    ContactSheet.Cell(thumbnails: thumbnails, caption: frame.caption)
  }

  /// About as wide as high: pairs of pictures of film are nearly square.
  static func sheet(of cells: [ContactSheet.Cell]) -> ContactSheet {
    ContactSheet(cells: cells, columns: max(1, Int(Double(cells.count).squareRoot().rounded(.up))))
  }
}
