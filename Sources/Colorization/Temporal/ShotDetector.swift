package import Imaging

/// Tells from small lightness images, in order, where a new shot starts.
///
/// Frames are compared as thumbnails of about 58×32 with their mean taken out and their contrast
/// made equal, so that exposure flicker and slow fades change nothing, block by block at the best of
/// some displacements, so that motion changes little. What is left, as a share of the contrast, is
/// the score: about 0 for a still picture, about 1 and more across a cut. A cut is a score above a
/// threshold that rises with the scores of the shot's last frames, so that a shot full of fast
/// motion is not cut to pieces.
///
/// The detector is causal and never late: a frame that looks like nothing before it starts a shot
/// at once, because a missed cut leaks color and a false one costs only some steadiness. So a
/// single flash frame is one cut, at the flash; when the frame after it looks like the frame before
/// it, `resumes` is set and there is no second cut; `ShotTracker` takes the first one back. A lone black
/// frame is stepped over in the same way, but black starts no shot; after two or more frames without
/// content (black between fades) the first frame with content does.
///
/// What is learned in a shot is forgotten at the next, so that a shot gets the same verdicts alone
/// and after another.
package struct ShotDetector: Codable, Sendable {
  /// What is said of a frame.
  package struct Verdict: Sendable, Hashable {
    /// The change from the frame before, about 0…2; 0 for the first frame of all.
    package var score: Float
    /// Whether the frame is the first of a shot.
    package var startsShot: Bool
    /// Whether the frame before was a lone flash, or black, or slipped in, and this one goes on where
    /// the one before it stopped. Such a frame does not start a shot.
    package var resumes: Bool
  }

  private var previous: Thumbnail?
  private var beforePrevious: Thumbnail?
  /// Whether `previous` started a shot.
  private var previousStarted = false
  /// Frames without content up to the previous one.
  private var emptyRun = 0
  /// Running mean of the scores of the shot.
  private var usualScore: Float = 0
  private var scoresInShot = 0

  /// Scores from here on can be cuts.
  private static let lowestThreshold: Float = 0.3
  /// From here on a score is a cut, however wild the shot.
  private static let highestThreshold: Float = 0.8
  /// Below this the frame after a flash looks like the frame before it.
  private static let sameThreshold: Float = 0.25
  /// Only frames with a higher score can turn out to be a flash.
  package static var leastOfFlash: Float { lowestThreshold }

  package init() {}

  /// Looks at the next frame: channel 0 of `lightness` is L\* in 0…100. A frame of another size
  /// starts a shot.
  package mutating func observe(_ lightness: FloatImage) -> Verdict {
    let current = Thumbnail(lightness)
    defer {
      beforePrevious = previous
      previous = current
      emptyRun = current.isEmpty ? emptyRun + 1 : 0
    }
    guard let previous else { return start(score: 0) }
    guard current.matchesSize(of: previous) else { return start(score: 2) }
    let score = current.difference(from: previous)
    // A frame that looks like the one before the last is no cut, whatever came between.
    let started = previousStarted
    if score > Self.sameThreshold, started || score > threshold, !current.isEmpty,
      let beforePrevious, current.matchesSize(of: beforePrevious),
      current.difference(from: beforePrevious) < min(Self.sameThreshold, score / 2)
    {
      previousStarted = false
      return Verdict(score: score, startsShot: false, resumes: true)
    }
    if (score > threshold && !current.isBlack) || (emptyRun > 1 && !current.isEmpty) {
      return start(score: score)
    }
    previousStarted = false
    // Falling into black says nothing of the shot's motion.
    guard !current.isBlack else { return Verdict(score: score, startsShot: false, resumes: false) }
    scoresInShot += 1
    usualScore += (score - usualScore) / Float(min(scoresInShot, 12))
    return Verdict(score: score, startsShot: false, resumes: false)
  }

  private var threshold: Float {
    min(max(Self.lowestThreshold, 2 * usualScore + 0.15), Self.highestThreshold)
  }

  private mutating func start(score: Float) -> Verdict {
    previousStarted = true
    usualScore = 0
    scoresInShot = 0
    return Verdict(score: score, startsShot: true, resumes: false)
  }
}
