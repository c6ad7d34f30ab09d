import CFFmpeg
import Foundation
import Imaging
import Locking

/// Writes segments of a film, each into a file of its own, and no film: another run joins them.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
final class SegmentSink: SegmentedSink, @unchecked Sendable {
  private let lock = Locked(())
  private let encoder: FilmEncoder
  private let source: SourceInfo
  private let path: String
  private let interruption: MediaInterruption?

  /// - Parameter path: of the film, which is not touched.
  init(path: String, source: SourceInfo, options: SinkOptions) throws {
    self.source = source
    self.path = path
    interruption = options.interruption
    encoder = try FilmEncoder(
      FilmEncoding(path: path, source: source, options: options), options: options)
  }

  var keepsFramesApart: Bool { false }
  var canKeepSegments: Bool { true }

  func outputFormat(for frame: Frame) -> OutputFormat { encoder.encoding.outputFormat }

  func write(_ element: SourceElement) throws {
    try lock.withLock { _ in
      let element = try element.onOutputClock(of: source)
      for packet in element.packets { try encoder.copy(packet) }
      guard let frame = element.frame else { return }
      try encoder.encoding.check(frame, of: path)
      try encoder.encode(frame) { _ in }
    }
  }

  func beginSegment(keptAs path: String, isBegun: Bool) throws {
    try lock.withLock { _ in try encoder.beginSegment(keptAs: path) }
  }

  func endSegment(trailer: Data) throws {
    try lock.withLock { _ in try encoder.endSegment(trailer: trailer) { _ in } }
  }

  func restoreSegment(_ path: String) throws -> RestoredSegment {
    throw MediaError(.internalFault, "'\(path)' is a segment of a film that is not written here.")
  }

  func takePackets(ofSegment path: String) throws {
    try lock.withLock { _ in
      let reader = try PacketLogReader(path: path, interruption: interruption)
      _ = try reader.forEach { event in
        guard case .copied(let packet, let timeBase) = event else { return }
        try encoder.copy(try CopiedPacket(moving: packet, timeBase: timeBase))
      }
    }
  }

  func finish() { discard() }

  func finishEarly() -> String? {
    discard()
    return nil
  }

  func discard() { lock.withLock { _ in encoder.discardSegment() } }
}
