/// What becomes of the colors of frames that are in color already.
package enum ColorMode: String, Codable, CaseIterable, Sendable {
  /// The network's colors take their place, as in all other frames.
  case replace
  /// Shots, or pictures, that are in color keep theirs; the others are colorized. Of a tone or tint
  /// nothing is kept: such frames are black and white.
  case keep
}
