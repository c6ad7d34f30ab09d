import Colorization
package import Foundation
import Imaging
import Media

/// All that a run must know to begin with a frame in the middle of a film as if it had made all that is
/// before.
struct Checkpoint: Codable, Sendable {
  /// The frame's number, from 0.
  var frame: Int
  /// Where the source finds it.
  var place: FramePlace?
  /// By which it is recognized.
  var lumaChecksum: UInt32
  var motion: MotionStage.State
  var steady: StabilizerState

  init(
    frame: Frame, place: FramePlace?, motion: MotionStage.State, steady: StabilizerState
  ) {
    self.frame = frame.index
    self.place = place
    lumaChecksum = frame.picture.lumaChecksum
    self.motion = motion
    self.steady = steady
  }
}

/// What the file of a segment tells at its end: how it was made, and how the film goes on.
package struct SegmentTrailer: Codable, Sendable {
  /// What is known of its frames.
  var counts: JobLog.Counts
  /// How its shots were colored, in their order.
  var looks: [ShotLook]
  /// Where the next one begins; nil where the film ends.
  var next: Checkpoint?
  /// Where the film ends, the colors that it came with.
  var colors: ColorWatch.State?

  /// As bytes.
  package func encoded() throws -> Data { try SegmentFiles.encoded(self) }

  /// - Parameter segment: the file that `bytes` come from, for messages.
  /// - Throws: `AutochromeError` if they are none of a trailer.
  package init(_ bytes: Data, segment: String) throws(AutochromeError) {
    self = try SegmentFiles.decoded(bytes, of: segment)
  }

  init(
    counts: JobLog.Counts, looks: [ShotLook], next: Checkpoint?, colors: ColorWatch.State? = nil
  ) {
    self.counts = counts
    self.looks = looks
    self.next = next
    self.colors = colors
  }
}

/// How values are kept in the files of a job: as JSON, since Foundation's reader of binary property lists traps on
/// damaged ones.
enum SegmentFiles {
  private static let notANumber = (positive: "inf", negative: "-inf", nan: "nan")

  static func encoded(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: notANumber.positive, negativeInfinity: notANumber.negative,
      nan: notANumber.nan)
    return try encoder.encode(value)
  }

  /// - Parameter path: the file that `bytes` come from, for messages.
  /// - Throws: `AutochromeError` if they hold no such value.
  static func decoded<Value: Decodable>(
    _ bytes: Data, of path: String
  ) throws(AutochromeError) -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: notANumber.positive, negativeInfinity: notANumber.negative,
      nan: notANumber.nan)
    do { return try decoder.decode(Value.self, from: bytes) } catch {
      throw AutochromeError(
        .badData,
        "'\(path)' does not contain the state from which to continue; give --restart to start over."
      )
    }
  }
}
