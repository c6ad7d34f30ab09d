import Colorization
import Foundation

/// What became of a shot, in sentences for people who did not work on it. It tells what the shots file says, and
/// nothing else.
struct ShotStory: Sendable {
  /// From 1.
  let number: Int
  /// The numbers of its frames, from 0.
  let frames: Range<Int>
  /// What the shots file says of it.
  private let values: [String: ShotValue]
  /// What its look sets, with that of a shot which it is like.
  private let look: SettingsLayer

  /// - Parameters:
  ///   - values: as of `ShotsDocument.shots`.
  ///   - look: as of `ShotList.Shot`.
  init(number: Int, frames: Range<Int>, values: [String: ShotValue], look: SettingsLayer) {
    (self.number, self.frames, self.values, self.look) = (number, frames, values, look)
  }

  // MARK: What it is

  /// What stands for it: the first frame for which a hint is given, or the one in the middle.
  var shownFrame: Int {
    let hinted = hints.lazy.compactMap { Self.frame(of: $0) }.first { frames.contains($0) }
    return hinted ?? frames.lowerBound + frames.count / 2
  }

  /// Whether somebody has looked at it and found it right.
  var isAccepted: Bool { values["state"] == .text("accepted") }

  /// Whether it was flagged, and nobody has accepted it.
  var isOpen: Bool { !flags.isEmpty && !isAccepted }

  /// Whether a person has said anything of its colors.
  var isCorrected: Bool {
    ["look", "color", "like", "hints", "references", "palette"].contains { value($0) != nil }
  }

  /// Whether it keeps the colors that it came with.
  var keepsColors: Bool { values["color"] == .text(ColorMode.keep.rawValue) }

  /// Hints at single places.
  var points: Int { hints.count - strokes }

  /// Hints along lines.
  var strokes: Int {
    hints.count { if case .mapping(let hint) = $0 { hint["stroke"] != nil } else { false } }
  }

  /// Pictures that show its colors.
  var references: Int { list("references").count }

  private var hints: [ShotValue] { list("hints") }

  private func value(_ key: String) -> ShotValue? {
    values[key].flatMap { $0.isEmpty || $0 == .text("") ? nil : $0 }
  }

  private func list(_ key: String) -> [ShotValue] {
    if case .list(let list)? = values[key] { list } else { [] }
  }

  private static func frame(of hint: ShotValue) -> Int? {
    if case .mapping(let hint) = hint, case .integer(let frame)? = hint["frame"] {
      frame
    } else {
      nil
    }
  }

  // MARK: In words

  /// In a word or two.
  var state: String {
    if let state = value("state"), !isAccepted { return state.words }
    return isAccepted ? "Accepted" : isOpen ? "Needs a second look" : "Not accepted yet"
  }

  /// What somebody has noted of it.
  var note: String? { value("note")?.words }

  /// What it was flagged for, each with a sentence; an empty one for a flag that is not the program's.
  var flags: [(name: String, sentence: String)] {
    let names = list("flags")
    return (names.isEmpty ? value("flags").map { [$0] } ?? [] : names).map { flag in
      (flag.words, ShotSurvey.Flag(rawValue: flag.words)?.sentence ?? "")
    }
  }

  /// What a person has set, in sentences.
  var settings: [String] {
    var result: [String] = []
    let tones = look.lookInWords.joined(separator: ", ")
    if case .integer(let other)? = values["like"] {
      result.append("It looks like shot \(other)" + (tones.isEmpty ? "." : ": \(tones)."))
    } else if !tones.isEmpty {
      result.append("Its look was set by hand: \(tones).")
    }
    if !hints.isEmpty {
      let numbers = Set(hints.compactMap { Self.frame(of: $0) }).sorted()
      let place = numbers.count == 1 ? "frame \(numbers[0])" : counted(numbers.count, "frame")
      result.append("Colors were given by hand \(Self.places(points, strokes)) of \(place).")
    }
    if references > 0 {
      result.append(
        "Its colors follow \(counted(references, "reference picture")) that a person chose.")
    }
    if value("palette") != nil {
      result.append("The program favors the colors of a picture that a person chose.")
    }
    switch value("color") {
    case nil: break
    case .text(ColorMode.keep.rawValue): result.append("It keeps its original colors.")
    default: result.append("Its original colors are replaced.")
    }
    return result.isEmpty
      ? ["Nothing was set by hand: these are the program's own colors."] : result
  }

  /// Where hints lie: `at 2 points and along 1 brush stroke`.
  private static func places(_ points: Int, _ strokes: Int) -> String {
    let parts =
      (points > 0 ? ["at \(counted(points, "point"))"] : [])
      + (strokes > 0 ? ["along \(counted(strokes, "brush stroke"))"] : [])
    return parts.joined(separator: " and ")
  }
}

extension ShotSurvey.Flag {
  /// What it says, for people who don't know the program.
  var sentence: String {
    switch self {
    case .color: "The shot was already in color."
    case .unsure: "The program is not sure of these colors: others are nearly as likely."
    case .brown:
      "Nearly all of the shot is brown, the color that the program gives to things that it does not recognize."
    case .drift: "The colors at the beginning of the shot differ from those at its end."
    case .black: "Almost nothing is visible in the shot."
    }
  }
}

extension SettingsLayer {
  /// What it sets of the look, for people who don't know the settings; empty if nothing.
  var lookInWords: [String] {
    func percent(_ share: Float) -> String { "\(Int((100 * share).rounded())) %" }
    func shift(_ value: Float?, _ up: String, _ down: String) -> String? {
      guard let value, value != 0 else { return nil }
      let most =
        SettingsCatalog.shared.warmth.bounds.map { " of \(settingWords($0.upperBound))" } ?? ""
      return "\(value > 0 ? up : down) by \(settingWords(abs(value)))\(most)"
    }
    var words: [String?] = [
      shift(self.warmth, "warmer", "cooler"),
      shift(self.tint, "shifted to magenta", "shifted to green"),
      self.saturation.map { "chroma at \(percent($0))" },
      self.vividness.map { "vividness at \(percent($0))" },
    ]
    for range in HueRange.allCases {
      guard let weight = self.hues?.values[range], weight != 1 else { continue }
      words.append((weight == 0 ? "no " : weight < 1 ? "less " : "more ") + range.rawValue)
    }
    words += [
      self.stability.map { "steadiness at \(percent($0))" },
      self.temperature.map { "likely colors blended at \(percent($0))" },
      self.refine.map { $0 == .guided ? "colors kept to edges" : "colors not kept to edges" },
      self.seed.map { "coloring number \($0)" },
    ]
    return words.compactMap { $0 }
  }
}

extension ShotValue {
  /// For people: a text as it is, all else as it is written.
  var words: String { if case .text(let text) = self { text } else { yaml } }
}
