import Foundation
import Imaging

/// What color an input has, as far as it was looked at.
package struct ColorFinding: Codable, Hashable, Sendable {
  /// All of it in a word.
  package enum Kind: String, Codable, Sendable {
    /// Black and white.
    case gray
    /// Black and white, toned or tinted.
    case toned
    /// In color, in parts.
    case partly
    /// In color.
    case color
  }

  /// A part in color.
  package struct Part: Codable, Hashable, Sendable {
    /// When its first frame is shown, in seconds after the start of the film.
    package var start: Double
    /// When its last frame is shown.
    package var end: Double
    /// How many frames of it were examined.
    package var frames: Int
    /// The name of its first picture, in a folder.
    package var fileName: String?
  }

  /// All of it in a word.
  package var kind: Kind
  /// Frames that were examined.
  package var framesExamined: Int
  /// Of these, frames in color.
  package var framesInColor: Int
  /// Of these, frames that are toned or tinted.
  package var framesToned: Int
  /// The hues of toned frames, the commonest first.
  package var tones: [String]
  /// Where it is in color; at most 1,000 parts.
  package var parts: [Part]

  /// In a few words.
  package var text: String {
    let share = "\(framesInColor) of \(counted(framesExamined, "frame")) examined"
    return switch kind {
    case .gray: "black and white"
    case .toned: "black and white, toned (\(tones.joined(separator: ", ")))"
    case .color: "in color (\(share))"
    case .partly: "partly in color (\(share): \(places))"
    }
  }

  /// The first parts in words.
  var places: String {
    let shown = parts.prefix(Self.mostShown).map { part in
      part.fileName.map { "'\($0)'" }
        ?? (part.start == part.end
          ? TimePosition.clock(part.start)
          : TimePosition.clock(part.start) + " to " + TimePosition.clock(part.end))
    }
    let rest = parts.count - shown.count
    return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }

  private static let mostShown = 5

  /// What the user must know before the work; nil for black and white.
  func opening(input: String, mode: ColorMode) -> String? {
    switch kind {
    case .gray: nil
    case .toned:
      "'\(input)' is \(text); the network's colors replace the tone."
    case .color, .partly:
      "'\(input)' is already \(text). "
        + (mode == .keep
          ? "The parts in color are kept; the rest is colorized."
          : "The network's colors will replace its own; give --color keep to keep the original colors of such shots or "
            + "pictures.")
    }
  }

  /// What the user must know after the work, of which this is the finding; nil where there is nothing to
  /// add to `opening`.
  /// - Parameter said: what was known before.
  func closing(input: String, mode: ColorMode, after said: ColorFinding?) -> String? {
    guard kind == .partly || (kind == .color && said?.kind != .color) else { return nil }
    return
      "\(framesInColor) of \(counted(framesExamined, "frame")) of '\(input)' were already in color (\(places)). "
      + (mode == .keep
        ? "These colors were kept."
        : "These colors were replaced; give --color keep to keep them.")
  }
}

/// Gathers what is found out about the colors of frames, in their order.
struct ColorCount: Codable, Sendable {
  /// The frames of the parts that count at least: in a film, fewer are a fault of the tape.
  private let leastRun: Int
  private(set) var examined = 0
  private var blank = 0
  private var inColor = 0
  private var toned = 0
  private var tones: [String: Int] = [:]
  private var parts: [ColorFinding.Part] = []
  private var run: ColorFinding.Part?

  private static let mostParts = 1000
  /// The share of frames in color, blank ones left out, that makes a film one in color.
  private static let shareOfAll = 0.9

  /// - Parameter leastRun: how many frames in color in a row count; fewer are passed over.
  init(leastRun: Int) { self.leastRun = leastRun }

  /// Takes the next frame. Tells whether a part in color is known from it on.
  mutating func add(_ survey: ColorSurvey, seconds: Double, fileName: String?) -> Bool {
    examined += 1
    if survey.isBlank { blank += 1 }
    if survey.content == .toned {
      toned += 1
      tones[survey.hueName, default: 0] += 1
    }
    guard survey.content == .color else {
      endRun()
      return false
    }
    var part =
      run ?? ColorFinding.Part(start: seconds, end: seconds, frames: 0, fileName: fileName)
    part.end = seconds
    part.frames += 1
    run = part
    return part.frames == leastRun
  }

  private mutating func endRun() {
    if let run, run.frames >= leastRun {
      inColor += run.frames
      if parts.count < Self.mostParts { parts.append(run) }
    }
    run = nil
  }

  var finding: ColorFinding {
    var whole = self
    whole.endRun()
    let (inColor, toned) = (whole.inColor, whole.toned)
    let kind: ColorFinding.Kind =
      inColor > 0
      ? Double(inColor) >= Self.shareOfAll * Double(examined - blank) ? .color : .partly
      : 2 * toned > examined - blank ? .toned : .gray
    return ColorFinding(
      kind: kind, framesExamined: examined, framesInColor: inColor, framesToned: toned,
      tones: tones.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key),
      parts: whole.parts)
  }
}

extension ColorSurvey {
  /// The hue of the tone, in a word.
  var hueName: String {
    // Red lies at 109°, yellow at 171°, green at 232°, cyan at 289°, blue at 351°, magenta at 52°.
    let angle = atan2(Double(tone.y), Double(tone.x)) * 180 / .pi
    return switch angle < 0 ? angle + 360 : angle {
    case 20..<80: "magenta"
    case 80..<120: "red"
    case 120..<160: "brown"
    case 160..<200: "yellow"
    case 200..<260: "green"
    case 260..<310: "cyan"
    default: "blue"
    }
  }
}
