package import Foundation

/// A sink that can keep what it was given in segments, so that another run goes on after the last one that
/// is whole and makes the very same output.
package protocol SegmentedSink: FrameSink {
  /// Begins a segment with the next element, which is kept in the file `path` once it has ended.
  /// Throws `MediaError`.
  /// - Parameter isBegun: whether an earlier run may have begun it and left some of its frames.
  func beginSegment(keptAs path: String, isBegun: Bool) throws

  /// Ends the segment: its file lies whole on the disk, with `trailer`, when this returns. Throws
  /// `MediaError`.
  func endSegment(trailer: Data) throws

  /// Takes a segment of an earlier run in place of its elements. Called for each, in their order, before
  /// anything is written. Throws `MediaError`.
  func restoreSegment(_ path: String) throws -> RestoredSegment

  /// Takes the packets of other streams from a segment of an earlier run into the one that was begun. Throws
  /// `MediaError`.
  func takePackets(ofSegment path: String) throws

  /// Whether each frame is an output of its own, that stays as it was written.
  var keepsFramesApart: Bool { get }

  /// Whether what is written lies where another run finds it: pipes and devices keep nothing.
  var canKeepSegments: Bool { get }
}

/// What a segment of an earlier run holds beside its frames.
package struct RestoredSegment: Sendable {
  /// As it was given to `endSegment`.
  package var trailer: Data
  /// Packets of other streams.
  package var packetCount: Int
}
