/// What is known of the colors of a frame beside what the network says.
public struct FrameGuidance: Sendable {
  /// Brought there along the motion; nil for nothing.
  public var field: GuidanceField?
  /// What frames of the shot have in which colors are given.
  public var kinds: [KnownKinds]
  /// The colors that are likely; nil for those that the network takes for likely.
  public var palette: Palette?

  /// What is given for this very frame.
  public var hints: [Hint]

  /// Wraps its parts.
  public init(
    field: GuidanceField?, kinds: [KnownKinds] = [], palette: Palette? = nil, hints: [Hint] = []
  ) {
    (self.field, self.kinds, self.palette, self.hints) = (field, kinds, palette, hints)
  }
}
