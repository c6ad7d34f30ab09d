import Foundation
import Imaging
import Media

/// Where shots begin, as a text that people read and correct: `probe --write-cuts` writes it, `--cuts`
/// takes it in place of the shots that the program finds.
///
/// Each line holds a place after the start of the film, in any of the forms of `TimePosition`; what
/// follows a `#` is not read, unless the line begins with the `#` of a frame number. The frame at that
/// place, or the first one after it, starts a shot.
public struct CutList: Hashable, Sendable {
  /// In the order of the file.
  public let positions: [TimePosition]
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
    var positions: [TimePosition] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let entry = Self.entry(of: line)
      guard !entry.isEmpty else { continue }
      guard let position = TimePosition(entry) else {
        throw AutochromeError(
          .badData,
          "The cuts '\(path)' have '\(entry)' in line \(number + 1), which is no time such as "
            + "\(TimePosition.forms); a comment begins with '# '.")
      }
      positions.append(position)
    }
    self.positions = positions
  }

  /// What a line holds before its comment. `#12` is a frame, `# 12` a comment.
  private static func entry(of line: Substring) -> String {
    let text = line.trimmingCharacters(in: .whitespaces)
    let isFrame = text.hasPrefix("#") && text.dropFirst().first?.isNumber == true
    let rest = isFrame ? text.dropFirst() : Substring(text)
    return ((isFrame ? "#" : "") + rest.prefix { $0 != "#" }).trimmingCharacters(in: .whitespaces)
  }

  /// Whether the numbers of frames are needed to follow it.
  var countsFrames: Bool {
    positions.contains {
      if case .frame = $0.position { true } else { false }
    }
  }

  /// The text for shots that were found.
  static func text(of shots: [Probe.Shot]) -> String {
    ([
      "# Where shots begin: \(TimePosition.forms), one a line.",
      "# What follows a # and a space is not read.",
    ]
      + shots.map { TimePosition.clock($0.time) + "  # frame \($0.frame)" })
      .joined(separator: "\n") + "\n"
  }

  /// How many of the times and of the numbers of a list were passed.
  struct Place: Codable, Hashable, Sendable {
    fileprivate var second = 0
    fileprivate var number = 0
  }

  /// Follows a film from frame to frame.
  struct Reader {
    private let info: SourceInfo
    /// Each rising.
    private let seconds: [Double]
    private let numbers: [Int]
    /// How far it is.
    var next = Place()

    /// - Parameter info: of the film, which knows its rate and the numbers of its frames.
    /// - Throws: `MediaError` if the list has a time code that the film can't have.
    init(_ cuts: CutList, of info: SourceInfo) throws(MediaError) {
      self.info = info
      var (seconds, numbers): ([Double], [Int]) = ([], [])
      for position in cuts.positions {
        if case .frame(let number) = position.position { numbers.append(number) }
        if let time = try position.position.seconds(
          rate: info.frameRate, firstTimecode: info.firstTimecode)
        {
          seconds.append(time)
        }
      }
      self.seconds = seconds.sorted()
      self.numbers = numbers.sorted()
    }

    /// Whether this frame, which is shown later than the one before, starts a shot.
    mutating func startsShot(at frame: Frame) -> Bool {
      let first = next
      let time = info.seconds(of: frame)
      while next.second < seconds.count, seconds[next.second] <= time + CutList.tolerance {
        next.second += 1
      }
      if let number = info.number(of: frame) {
        while next.number < numbers.count, numbers[next.number] <= number { next.number += 1 }
      }
      return next != first
    }
  }
}
