import Foundation

/// Estimates how long a job still takes. What is said at first is off by far (the network is prepared,
/// encoders fill up before they give), so that nothing is said before enough was seen, and what is said
/// follows the pace of the last half minute or so.
package struct TimeLeft {
  /// Before so many seconds and frames have passed since the first frame, nothing is said.
  package static let warmUp = (seconds: 5.0, frames: 10)
  /// After so many seconds, what was seen counts for 1/e.
  private static let memory = 20.0
  /// The pace is looked at no more often than this, in seconds.
  private static let step = 0.5

  package init() {}

  private var first: (seconds: Double, done: Int)?
  private var last: (seconds: Double, done: Int)?
  /// Frames per second.
  private var pace: Double?

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
    let (whole, frames) = (seconds - first.seconds, done - first.done)
    guard whole >= Self.warmUp.seconds, frames >= Self.warmUp.frames else {
      self.last = (seconds, done)
      return nil
    }
    let passed = seconds - last.seconds
    if let before = pace {
      if passed >= Self.step {
        let weight = 1 - exp(-passed / Self.memory)
        pace = before + weight * (Double(done - last.done) / passed - before)
        self.last = (seconds, done)
      }
    } else {
      pace = Double(frames) / whole
      self.last = (seconds, done)
    }
    guard let pace, pace > 0 else { return nil }
    return Double(max(0, total - done)) / pace
  }
}
