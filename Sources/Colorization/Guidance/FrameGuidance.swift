/// What is known of the colors of a frame beside what the network says.
package struct FrameGuidance: Sendable {
  /// Brought there along the motion; nil for nothing.
  package var field: GuidanceField?
  /// The frames for which that was given, rising.
  package var frames: [Int]
  /// What frames of the shot have in which colors are given.
  package var kinds: [KnownKinds]
  /// The colors that are likely; nil for those that the network takes for likely.
  package var palette: Palette?
  /// What is given for this very frame.
  package var hints: [Hint]
  /// What the network said of the frame, if it was asked already.
  package var answer: NetworkAnswer?

  /// Wraps its parts.
  package init(
    field: GuidanceField?, frames: [Int] = [], kinds: [KnownKinds] = [], palette: Palette? = nil,
    hints: [Hint] = [], answer: NetworkAnswer? = nil
  ) {
    (self.field, self.frames, self.kinds) = (field, frames, kinds)
    (self.palette, self.hints, self.answer) = (palette, hints, answer)
  }
}
