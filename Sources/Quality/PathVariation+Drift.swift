extension PathVariation {
  /// How far colors go on their paths: the distance in a\*b\* (ΔE\*ab at equal lightness) between the first
  /// and the last frame in which a place is seen, as a mean over paths. What varies to and fro in between
  /// does not count. Long paths are measured in stretches of `longest` frames, so that long and short
  /// shots can be held against each other, and those shorter than `shortest` are left out.
  package struct Drift: Hashable, Sendable {
    /// Frames of a stretch; the last one of a stretch is the first of the next.
    package static let longest = 48
    /// In fewer frames nothing drifts far.
    package static let shortest = 16

    private var sum = 0.0
    /// Stretches that were long enough.
    package private(set) var stretches = 0

    /// Of no paths.
    package init() {}

    /// In units of Lab; nil where no path was long enough.
    package var mean: Double? { stretches > 0 ? sum / Double(stretches) : nil }

    /// Adds other paths.
    package mutating func add(_ other: Drift) {
      sum += other.sum
      stretches += other.stretches
    }

    mutating func add(_ stretch: Stretch) {
      guard stretch.frames >= Self.shortest else { return }
      let way = stretch.last - stretch.first
      sum += Double((way * way).sum().squareRoot())
      stretches += 1
    }

    /// A part of a path.
    struct Stretch: Sendable {
      fileprivate var first = SIMD2<Float>.zero
      fileprivate var last = SIMD2<Float>.zero
      fileprivate var frames = 0

      /// Takes the path's next color. Returns the stretch if that makes it whole; the next one begins
      /// with this color.
      mutating func extend(to color: SIMD2<Float>) -> Stretch? {
        if frames == 0 { first = color }
        last = color
        frames += 1
        guard frames == Drift.longest else { return nil }
        defer {
          first = color
          frames = 1
        }
        return self
      }
    }
  }
}
