import Colorization
import Foundation
import Imaging
import Media

/// All that a run must know to go on with a frame in the middle of a film as if it had made all that is
/// before. It is the trailer of the segment that ends there.
struct Checkpoint: Codable, Sendable {
  /// The frame's number, from 0.
  var frame: Int
  /// Where the source finds it.
  var place: FramePlace?
  /// By which it is recognized.
  var lumaChecksum: UInt32
  var motion: MotionStage.State
  var steady: StabilizerState
  var counts: JobLog.Counts

  /// As bytes.
  func encoded() throws -> Data {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    return try encoder.encode(self)
  }

  init(
    frame: Frame, place: FramePlace?, motion: MotionStage.State, steady: StabilizerState,
    counts: JobLog.Counts
  ) {
    self.frame = frame.index
    self.place = place
    lumaChecksum = frame.picture.lumaChecksum
    self.motion = motion
    self.steady = steady
    self.counts = counts
  }

  /// - Parameter segment: the file that `bytes` come from, for messages.
  /// - Throws: `AutochromeError` if they are none of a checkpoint.
  init(_ bytes: Data, segment: String) throws(AutochromeError) {
    do {
      self = try PropertyListDecoder().decode(Checkpoint.self, from: bytes)
    } catch {
      throw AutochromeError(
        .badData,
        "'\(segment)' does not tell how to go on after it; give --restart to begin anew.")
    }
  }
}
