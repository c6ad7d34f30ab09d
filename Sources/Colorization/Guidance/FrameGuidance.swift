/// What is known of the colors of a frame beside what the network says.
public struct FrameGuidance: Sendable {
  /// Brought there along the motion; nil for nothing.
  public var field: GuidanceField?
  /// The frames for which that was given, rising.
  public var frames: [Int]
  /// What frames of the shot have in which colors are given.
  public var kinds: [KnownKinds]
  /// The colors that are likely; nil for those that the network takes for likely.
  public var palette: Palette?
  /// What is given for this very frame.
  public var hints: [Hint]
  /// What the network said of the frame, if it was asked already.
  public var answer: NetworkAnswer?

  /// Wraps its parts.
  public init(
    field: GuidanceField?, frames: [Int] = [], kinds: [KnownKinds] = [], palette: Palette? = nil,
    hints: [Hint] = [], answer: NetworkAnswer? = nil
  ) {
    (self.field, self.frames, self.kinds) = (field, frames, kinds)
    (self.palette, self.hints, self.answer) = (palette, hints, answer)
  }
}
