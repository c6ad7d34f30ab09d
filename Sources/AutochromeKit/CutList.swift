import Foundation

/// Where shots begin, as a text that people read and correct: `probe --write-cuts` writes it, `--cuts`
/// takes it in place of the shots that the program finds.
///
/// Each line holds a time, in seconds or as [hours:]minutes:seconds, after the start of the film;
/// what follows a `#` is not read. The frame at that time, or the first one after it, starts a shot.
public struct CutList: Hashable, Sendable {
  /// In seconds after the start of the film, rising.
  public let seconds: [Double]
  /// Times are written with three decimals, so that they are half of the last one off at most.
  private static let tolerance = 0.0006

  /// Reads a file.
  /// - Throws: `AutochromeError` that names the file, the line and what it should be.
  public init(contentsOf path: String) throws(AutochromeError) {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw AutochromeError(
        .noInput, "The cuts '\(path)' can't be read: \(error.localizedDescription).")
    }
    var seconds: [Double] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let entry = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
      guard !entry.isEmpty else { continue }
      guard let time = Self.time(entry) else {
        throw AutochromeError(
          .badData,
          "The cuts '\(path)' have '\(entry)' in line \(number + 1), which is no time such as 12.48 or "
            + "1:02:12.48.")
      }
      seconds.append(time)
    }
    self.seconds = seconds.sorted()
  }

  private static func time(_ text: String) -> Double? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count) else { return nil }
    var sum = 0.0
    for part in parts {
      guard part.first?.isNumber == true, let value = Double(part), value.isFinite else {
        return nil
      }
      sum = 60 * sum + value
    }
    return sum
  }

  /// The text for shots that were found.
  static func text(of shots: [Probe.Shot]) -> String {
    (["# Where shots begin, in seconds or hours:minutes:seconds. What follows a # is not read."]
      + shots.map { String(format: "%.3f  # frame %d", $0.time, $0.frame) })
      .joined(separator: "\n") + "\n"
  }

  /// Follows a film from frame to frame.
  struct Reader {
    private let seconds: [Double]
    private var next = 0

    init(_ cuts: CutList) { seconds = cuts.seconds }

    /// Whether the frame at this time, which is later than the one before, starts a shot.
    mutating func startsShot(at time: Double) -> Bool {
      let first = next
      while next < seconds.count, seconds[next] <= time + CutList.tolerance { next += 1 }
      return next > first
    }
  }
}
