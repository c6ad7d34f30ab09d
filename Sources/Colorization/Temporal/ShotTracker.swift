package import Imaging

/// Tells frame by frame where shots start, found in the picture (`ShotDetector`) or given, and when a cut
/// is taken back.
///
/// A cut that was found may turn out to be a flash: the frame after it goes on where the one before it
/// stopped. That is known one frame late; whoever still has the frame then takes it back into its shot.
/// A cut that was given stays. This is the one place where that is decided.
package struct ShotTracker: Codable, Sendable {
  /// What is known of a frame when it comes.
  package struct Step: Hashable, Sendable {
    /// The change from the frame before, about 0…2; 0 for the first frame of all.
    package var score: Float
    /// Whether a shot starts here.
    package var startsShot: Bool
    /// Whether the next frame may show that this is a flash, so that no shot starts here.
    package var mayBeFlash: Bool
    /// Whether the frame before was a flash, or black: it lies within a shot that goes on here.
    package var previousIsFlash: Bool
    /// Whether the frame before started a shot, which is taken back.
    package var takesBackCut: Bool
    /// Whether the picture goes on from the frame before, so that motion can lead here.
    package var isConnected: Bool
  }

  private var detector = ShotDetector()
  /// What was said of the frame before.
  private var previousStartedShot = false
  private var previousMayBeFlash = false

  package init() {}

  /// Takes the next frame: channel 0 of `lightness` is L\* in 0…100.
  /// - Parameter given: Whether the frame starts a shot, where that is known; nil to find out.
  package mutating func observe(_ lightness: FloatImage, startsShot given: Bool? = nil) -> Step {
    let found = detector.observe(lightness)
    let startsShot = given ?? found.startsShot
    // Flashes are found where shots are given, too.
    let previousIsFlash =
      found.resumes && !startsShot && (previousMayBeFlash || !previousStartedShot)
    let step = Step(
      score: found.score, startsShot: startsShot, mayBeFlash: given == nil && startsShot,
      previousIsFlash: previousIsFlash, takesBackCut: previousIsFlash && previousStartedShot,
      isConnected: !startsShot && !found.startsShot && !found.resumes)
    previousStartedShot = startsShot
    previousMayBeFlash = step.mayBeFlash
    return step
  }
}
