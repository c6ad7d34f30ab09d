import Colorization
import Media

/// What the reference of pipeline files says of a setting, in Markdown.
package struct SettingReference: Hashable, Sendable {
  /// What the value is.
  package var type: String
  /// The ends of its range; empty where there are none.
  package var range: String
  /// What holds where nobody says anything; empty where nothing does.
  package var standard: String
  /// What the setting is.
  package var summary: String
}

extension Setting {
  package var reference: SettingReference {
    SettingReference(
      type: type, range: range?.told ?? "", standard: standardWords ?? "", summary: summary)
  }

  private var type: String {
    if let cases = Value.self as? any CaseIterable.Type { return Self.words(of: cases) }
    return switch Value.self {
    case is Int.Type: "whole number"
    case is Float.Type, is Double.Type: "number"
    case is TimePosition.Type: "time, time code or frame"
    case is KeyFrames.Type: "whole number or `off`"
    case is EncoderOptions.Type: "mapping, or list of `key=value`"
    case is HueWeights.Type: "mapping of names to weights"
    default: "text"
    }
  }

  private static func words<Cases: CaseIterable>(of cases: Cases.Type) -> String {
    cases.allCases.map { "`\(($0 as? any RawRepresentable)?.rawValue ?? $0)`" }
      .joined(separator: ", ")
  }
}
