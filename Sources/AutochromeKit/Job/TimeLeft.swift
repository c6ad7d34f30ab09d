import Foundation

/// Estimates how long a job still takes, from a pace in which the last third of a minute, or of a
/// longer job, counts most: it follows when the film becomes slower, and is steady where the machine is not.
/// Nothing is said before enough was seen, since the beginning is another matter (the network is prepared,
/// encoders fill up before they give).
package struct TimeLeft {
  /// Before so many seconds and frames have passed since the first frame, nothing is said.
  package static let warmUp = (seconds: 5.0, frames: 10)
  /// So many seconds after the first frame don't count: they are slower than all others.
  private static let start = 2.5
  /// After so many seconds, what was seen counts for 1/e: at least the former, and this share of the
  /// time since the first frame.
  private static let memory = (seconds: 20.0, share: 1.0 / 3)
  /// The pace is looked at no more often than this, in seconds.
  private static let step = 0.5

  package init() {}

  private var first: (seconds: Double, done: Int)?
  private var last: (seconds: Double, done: Int)?
  /// Frames and the seconds that they took, of which the later ones weigh more.
  private var weighed = (frames: 0.0, seconds: 0.0)

  /// - Parameters:
  ///   - done: frames that are done.
  ///   - total: of how many.
  ///   - seconds: since any fixed point in time.
  /// - Returns: seconds; nil as long as nothing can be said.
  package mutating func estimate(done: Int, of total: Int, at seconds: Double) -> Double? {
    guard done > 0 else { return nil }
    guard let first, let last else {
      (first, last) = ((seconds, done), (seconds, done))
      return nil
    }
    let (whole, passed) = (seconds - first.seconds, seconds - last.seconds)
    if last.seconds - first.seconds < Self.start {
      self.last = (seconds, done)
    } else if passed >= Self.step {
      let kept = exp(-passed / max(Self.memory.seconds, whole * Self.memory.share))
      weighed.frames = weighed.frames * kept + Double(done - last.done)
      weighed.seconds = weighed.seconds * kept + passed
      self.last = (seconds, done)
    }
    guard whole >= Self.warmUp.seconds, done - first.done >= Self.warmUp.frames,
      weighed.frames > 0
    else { return nil }
    return Double(max(0, total - done)) * weighed.seconds / weighed.frames
  }
}
