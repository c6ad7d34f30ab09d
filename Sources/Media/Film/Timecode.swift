import Imaging
import Foundation

/// The label of a frame after SMPTE ST 12-1: hours, minutes, seconds, and the frame within the second.
///
/// At the rates of NTSC a second of the label holds 30 (or 60) frames, which take a little longer.
/// Drop-frame labels leave out the first two (or four) of each minute but every tenth, so that they stay
/// with the clock.
package struct Timecode: Hashable, Sendable {
  package var hours: Int
  package var minutes: Int
  package var seconds: Int
  package var frames: Int
  package var isDropFrame: Bool

  static let zero = Timecode(hours: 0, minutes: 0, seconds: 0, frames: 0, isDropFrame: false)

  /// The number of the frame that carries this label, where the one with 00:00:00:00 is 0.
  /// - Parameter rate: frames per second.
  /// - Throws: `MediaError` if there is no such label at this rate.
  func frameCount(rate: Rational) throws(MediaError) -> Int {
    let perSecond = Int(rate.value.rounded(.up))
    guard frames < perSecond else {
      throw MediaError(
        .usage,
        "Time code \(self) does not exist: at \(Self.words(rate)) frames/s, frames are numbered from 00 to "
          + "\(String(format: "%02d", perSecond - 1)).")
    }
    let minute = 60 * hours + minutes
    let count = (60 * minute + seconds) * perSecond + frames
    guard isDropFrame else { return count }
    guard perSecond % 30 == 0, rate.value < Double(perSecond) else {
      throw MediaError(
        .usage,
        "Time code \(self) is in drop-frame notation, which exists at 29.97 and 59.94 frames/s only; the film has "
          + "\(Self.words(rate)). Write the last separator as a colon.")
    }
    let dropped = perSecond / 15
    guard seconds > 0 || frames >= dropped || minutes % 10 == 0 else {
      throw MediaError(
        .usage,
        "Time code \(self) does not exist: drop-frame time code skips this label."
      )
    }
    return count - dropped * (minute - minute / 10)
  }

  private static func words(_ rate: Rational) -> String {
    String(format: "%.3f", rate.value)
      .replacingOccurrences(of: "\\.?0+$", with: "", options: .regularExpression)
  }
}

extension Timecode: LosslessStringConvertible {
  /// Reads `hh:mm:ss:ff`, or `hh:mm:ss;ff` with dropped frames: at least two digits each after the hours.
  package init?(_ text: String) {
    let fields = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == ";" }
    let values = fields.compactMap { Self.whole($0) }
    let marks = text.filter { $0 == ":" || $0 == ";" }
    guard values.count == 4, marks == ":::" || marks == "::;" || marks == ";;;",
      fields[0].count <= 3, fields[1].count == 2, fields[2].count == 2,
      (2...3).contains(fields[3].count), values[1] < 60, values[2] < 60
    else { return nil }
    self.init(
      hours: values[0], minutes: values[1], seconds: values[2], frames: values[3],
      isDropFrame: marks.last == ";")
  }

  /// Digits alone, few enough for any film.
  package static func whole(_ digits: Substring) -> Int? {
    guard (1...12).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(digits)
  }

  package var description: String {
    String(format: "%02d:%02d:%02d", hours, minutes, seconds) + (isDropFrame ? ";" : ":")
      + String(format: "%02d", frames)
  }
}

extension Timecode {
  /// The time code of the first frame, as containers tell it in a tag.
  /// - Parameter metadata: tags of the container and of its streams.
  init?(of metadata: [MetadataEntry]) {
    guard let tag = metadata.first(where: { $0.key.lowercased() == "timecode" }) else { return nil }
    // Some write a point before the frames.
    self.init(tag.value.replacingOccurrences(of: ".", with: ";"))
  }
}
