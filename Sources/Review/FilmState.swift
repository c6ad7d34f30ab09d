package import AutochromeKit
package import Colorization

/// A film and its shots, as the page is told.
package struct FilmState: Codable, Sendable {
  /// The film's name without its folder.
  package var name: String
  /// The shots file.
  package var file: String
  /// What renders the film as it is shown.
  package var command: String
  /// Of the shots file.
  package var revision: String
  package var canUndo: Bool
  package var canRedo: Bool
  /// Luma size.
  package var width: Int
  package var height: Int
  /// Width ÷ height, as it is to be shown.
  package var aspect: Double
  /// Frames per second; 0 if unknown.
  package var rate: Double
  package var frames: Int
  /// Whether the network weighs what it is told; otherwise hints count alone.
  package var takesHints: Bool
  package var dials: [Dial]
  package var shots: [Shot]

  /// A setting of the look that a slider can move.
  package struct Dial: Codable, Sendable {
    /// The key in the look of a shot, or the range of hues.
    package var name: String
    package var least: Double
    package var most: Double
    /// What it does.
    package var help: String
    /// Whether it is one of the weights of `hues`.
    package var isHue: Bool

    static let all: [Dial] = SettingsCatalog.ofLook.flatMap { setting -> [Dial] in
      guard let bounds = setting.bounds else { return [] }
      let names =
        setting.name == "hues" ? HueRange.allCases.map(\.rawValue) : [setting.name]
      return names.map {
        Dial(
          name: $0, least: bounds.lowerBound, most: bounds.upperBound, help: setting.help,
          isHue: setting.name == "hues")
      }
    }
  }

  /// A shot.
  package struct Shot: Codable, Hashable, Sendable {
    /// Its first frame, from 0.
    package var frame: Int
    package var frames: Int
    /// When it begins.
    package var seconds: Double
    /// What the file says of it.
    package var values: [String: ShotValue]
    /// What holds.
    package var look: EffectiveLook
  }

  /// The dials of a shot as they stand.
  package struct EffectiveLook: Codable, Hashable, Sendable {
    var vividness: Float
    var temperature: Float
    var saturation: Float
    var warmth: Float
    var tint: Float
    var stability: Float
    var hues: [String: Float]

    package init(_ look: Look, network: ColorNetworkDescription) {
      vividness = look.vividness(of: network)
      temperature = look.temperature(of: network)
      (saturation, warmth, tint) = (look.saturation, look.warmth, look.tint)
      stability = look.stability
      hues = Dictionary(
        uniqueKeysWithValues: HueRange.allCases.map { ($0.rawValue, look.hues[$0]) })
    }
  }
}
