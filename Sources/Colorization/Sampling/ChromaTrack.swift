internal import Imaging

/// Keeps one sample for each shot of a film: what was drawn for a frame follows the motion to the next ones, and
/// only what motion does not explain is drawn there, so that it goes with the rest.
///
/// Where a position lies in the frame for which it was drawn is carried, not its color (``CarriedGuidance``), so that
/// colors do not blur on the way, and one whose lightness becomes another is drawn anew. A draw depends on the seed
/// and the position, not on the frame: what is drawn again in a place that has not changed comes out alike. Nothing
/// crosses a cut.
package struct ChromaTrack: Codable, Sendable {
  private var track = GuidanceTrack()
  /// Frames since the track began: which frame a color is from.
  private var frame = 0

  /// From this weight on a carried value is taken as it is.
  private static let leastWeight: Float = 0.1

  /// Nothing is known.
  package init() {}

  /// The small chroma picture of the next frame.
  /// - Parameters:
  ///   - survey: of the frame.
  ///   - tracking: what a `FrameTracker` says of it.
  ///   - isSeen: whether the network sees it; of others nothing is drawn.
  /// - Returns: nil if the network does not see the frame, or does not sample.
  /// - Throws: `NetworkError` or `ColorizationError`, as the network does.
  package mutating func follow(
    _ survey: FrameSurvey, tracking: FrameTracking, isSeen: Bool, look: Look,
    by colorizer: FrameColorizer
  ) throws -> SampledChroma? {
    guard let form = colorizer.network.description.sampler else { return nil }
    let grid = ChromaGrid(survey.geometry, scale: form.scale)
    frame += 1
    track.follow(tracking, frame: frame, given: nil, width: grid.width, height: grid.height)
    guard isSeen else { return nil }
    let carried = track.colors(of: frame, ahead: nil)?.field
    let known = carried.map { field in
      KnownChroma(
        values: field.ab,
        isKnown: withExtendedLifetime(field) {
          (0..<field.area).map { field.weight.channel(0)[$0] >= Self.leastWeight }
        })
    }
    guard let chroma = try colorizer.sample(survey, look: look, known: known) else { return nil }
    let isNew =
      known?.isKnown.map { !$0 } ?? Array(repeating: true, count: grid.width * grid.height)
    if isNew.contains(true) {
      track.give(Self.field(of: chroma, grid, where: isNew), frame: frame)
    }
    return chroma
  }

  /// Forgets everything.
  package mutating func reset() { track = GuidanceTrack() }

  /// What was drawn, for the frames to come.
  private static func field(
    of chroma: SampledChroma, _ grid: ChromaGrid, where isNew: [Bool]
  ) -> GuidanceField {
    let (cr, cb) = (chroma.values.channel(0), chroma.values.channel(1))
    return GuidanceField(width: grid.width, height: grid.height) { first, second, weight in
      for place in isNew.indices {
        let at = place / grid.width * grid.paddedWidth + place % grid.width
        (first[place], second[place]) = (cr[at], cb[at])
        weight[place] = isNew[place] ? 1 : 0
      }
      withExtendedLifetime(chroma) {}
    }
  }
}
