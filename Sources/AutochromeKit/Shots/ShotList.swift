import Foundation
package import Imaging
package import Media

/// Where shots begin, as people give it, and how single ones look. It comes from a list of cuts (`--cuts`),
/// plain text that `probe --write-cuts` writes, or from a shots file (`--shots`), which says more of each
/// shot; see `ShotsFile`.
package struct ShotList: Sendable {
  /// One shot.
  package struct Shot: Hashable, Sendable {
    /// Where it begins: the frame at this place after the start of the film, or the first one after it.
    package var position: TimePosition
    /// What looks otherwise than the rest of the film.
    package var look = SettingsLayer()
    /// What becomes of colors that it has; nil for what holds for the film.
    package var color: ColorMode?
    /// What is given of its colors; nil for nothing.
    var given: GivenColors?
  }

  /// In the order of the file.
  package private(set) var shots: [Shot]
  /// Whether the shots may have looks of their own, so that each is a part of the film by itself.
  package let hasLooks: Bool
  /// The file that it comes from, and the fingerprint of the film that it was written for, if it says.
  var origin: (path: String, fingerprint: String)?
  /// Times are written with three decimals, so that they are half of the last one off at most.
  private static let tolerance = 0.0006

  /// Of a picture that belongs to no shot.
  package static let none = ShotList(shots: [], hasLooks: false)

  init(shots: [Shot], hasLooks: Bool) {
    self.shots = shots
    self.hasLooks = hasLooks
  }

  /// Reads a list of cuts, or what a shots file says of cuts. Each line of a list holds a place in any of the
  /// forms of `TimePosition`; what follows a `#` is not read, unless the line begins with the `#` of a frame
  /// number.
  /// - Throws: `AutochromeError` that names the file, the line and what it should be.
  package init(cuts path: String) throws(AutochromeError) {
    if ["yaml", "yml"].contains(PathParts.fileExtension(of: path).lowercased()) {
      let shots = try ShotsFile(contentsOf: path).list.shots
      self.init(shots: shots.map { Shot(position: $0.position) }, hasLooks: false)
      return
    }
    let text = try Self.text(of: path, as: "The cuts")
    var shots: [Shot] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let entry = Self.entry(of: line)
      guard !entry.isEmpty else { continue }
      guard let position = TimePosition(entry) else {
        throw AutochromeError(
          .badData,
          "Line \(number + 1) of the cuts '\(path)' is '\(entry)'; expected \(TimePosition.forms), or a comment that "
            + "begins with '# '.")
      }
      shots.append(Shot(position: position))
    }
    self.init(shots: shots, hasLooks: false)
  }

  /// The list that settings name; nil where shots are to be found.
  /// - Throws: `AutochromeError` if it can't be read.
  package static func given(by settings: Settings) throws(AutochromeError) -> ShotList? {
    if let path = settings.shots { return try ShotsFile(contentsOf: path).list }
    if let path = settings.cuts { return try ShotList(cuts: path) }
    return nil
  }

  /// The same with what is given of the shots identified, see `GivenColors`.
  /// - Throws: `AutochromeError` if a picture can't be read.
  func identified() throws(AutochromeError) -> ShotList {
    var result = self
    for index in shots.indices { result.shots[index].given = try shots[index].given?.identified() }
    return result
  }

  /// The text of a file that people write.
  /// - Parameter what: what messages call it, such as `The shots`.
  /// - Throws: `AutochromeError` with status `noInput` if it can't be read or is not UTF-8.
  package static func text(of path: String, as what: String) throws(AutochromeError) -> String {
    let bytes: Data
    do { bytes = try WholeFile.read(path, mayBeEmpty: true) } catch {
      throw AutochromeError(.noInput, "\(what) '\(path)' can't be read: \(error)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw AutochromeError(.noInput, "\(what) '\(path)' can't be read: it is not UTF-8 text.")
    }
    return text
  }

  /// What a line holds before its comment. `#12` is a frame, `# 12` a comment.
  private static func entry(of line: Substring) -> String {
    let text = line.trimmingCharacters(in: .whitespaces)
    let isFrame = text.hasPrefix("#") && text.dropFirst().first?.isNumber == true
    let rest = isFrame ? text.dropFirst() : Substring(text)
    return ((isFrame ? "#" : "") + rest.prefix { $0 != "#" }).trimmingCharacters(in: .whitespaces)
  }

  /// Whether the numbers of frames are needed to follow it.
  package var countsFrames: Bool {
    shots.contains {
      if case .frame = $0.position.position { true } else { false }
    }
  }

  /// The text of a list of cuts for shots that were found.
  static func cutText(of shots: [Probe.Shot]) -> String {
    ([
      "# Where shots begin, one per line: \(TimePosition.forms).",
      "# Text after a # and a space is a comment.",
    ]
      + shots.map { TimePosition.clock($0.time) + "  # frame \($0.frame)" })
      .joined(separator: "\n") + "\n"
  }

  /// How much of a list was passed.
  package struct Place: Codable, Hashable, Sendable {
    fileprivate var second = 0
    fileprivate var number = 0
    /// The shot at hand, as an index into the list; nil before the first.
    fileprivate(set) var shot: Int?
  }

  /// Follows a film from frame to frame.
  package struct Reader {
    private let info: SourceInfo
    /// Each rising, with the index of the shot.
    private let seconds: [(time: Double, shot: Int)]
    private let numbers: [(number: Int, shot: Int)]
    /// How far it is.
    package var next = Place()

    /// - Parameter info: of the film, which knows its rate and the numbers of its frames.
    /// - Throws: `MediaError` if the list has a time code that the film can't have.
    package init(_ list: ShotList, of info: SourceInfo) throws(MediaError) {
      self.info = info
      var (seconds, numbers): ([(Double, Int)], [(Int, Int)]) = ([], [])
      for (index, shot) in list.shots.enumerated() {
        let position = shot.position.position
        if case .frame(let number) = position { numbers.append((number, index)) }
        if let time = try position.seconds(
          rate: info.frameRate, firstTimecode: info.firstTimecode)
        {
          seconds.append((time, index))
        }
      }
      self.seconds = seconds.sorted { $0.0 < $1.0 }
      self.numbers = numbers.sorted { $0.0 < $1.0 }
    }

    /// Whether this frame, which is shown later than the one before, starts a shot.
    package mutating func startsShot(at frame: Frame) -> Bool {
      let first = next
      let time = info.seconds(of: frame)
      while next.second < seconds.count, seconds[next.second].time <= time + ShotList.tolerance {
        pass(seconds[next.second].shot)
        next.second += 1
      }
      if let number = info.number(of: frame) {
        while next.number < numbers.count, numbers[next.number].number <= number {
          pass(numbers[next.number].shot)
          next.number += 1
        }
      }
      return next != first
    }

    /// Times and numbers may lead past several shots at once; the last one counts.
    private mutating func pass(_ shot: Int) { next.shot = max(next.shot ?? 0, shot) }
  }
}
