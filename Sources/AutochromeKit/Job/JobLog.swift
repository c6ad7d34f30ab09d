import Colorization
import Foundation
import FramePipeline
import Media
import Locking

/// What a running job finds out, gathered from its threads, and told on.
package final class JobLog: Sendable {
  /// What is known of the frames that are done.
  struct Counts: Codable, Sendable {
    var framesDone = 0
    var framesSeen = 0
    var framesKept = 0
    var shotStarts: [Int] = []
    var areas: [FoundArea] = []
  }

  private struct State {
    var counts = Counts()
    /// Frames of these that an earlier run did.
    var framesBefore = 0
    var warnings: [String] = []
    var damage: MediaError?
    var timeLeft = TimeLeft()
    var isStopped = false
  }

  private let state = Locked(State())
  private let onEvent: @Sendable (JobEvent) -> Void

  init(onEvent: @escaping @Sendable (JobEvent) -> Void) { self.onEvent = onEvent }

  /// Of these the report holds no more: a film that is damaged all over has one for each frame.
  private static let mostWarnings = 1000

  package func warn(_ text: String) {
    state.withLock { if $0.warnings.count < Self.mostWarnings { $0.warnings.append(text) } }
    onEvent(.warning(text))
  }

  /// Of these the report holds no more.
  private static let mostAreas = 10_000

  func wrote(
    frameIndex: Int, startsShot: Bool, isSeen: Bool = true, isKept: Bool = false,
    area: PictureArea? = nil
  ) {
    state.withLock { state in
      state.counts.framesDone += 1
      if isSeen { state.counts.framesSeen += 1 }
      if isKept { state.counts.framesKept += 1 }
      if startsShot { state.counts.shotStarts.append(frameIndex) }
      let last = state.counts.areas.last?.area
      if let area, !(area.isWhole && last?.isWhole ?? true), area != last,
        state.counts.areas.count < Self.mostAreas
      {
        state.counts.areas.append(FoundArea(frame: frameIndex, area: area))
      }
    }
  }

  var counts: Counts { state.withLock { $0.counts } }

  /// Goes on from what an earlier run did.
  func restore(_ counts: Counts) {
    state.withLock {
      $0.counts = counts
      $0.framesBefore = counts.framesDone
    }
  }

  var framesDone: Int { state.withLock { $0.counts.framesDone } }

  package var warnings: [String] { state.withLock { $0.warnings } }

  /// What ended the input early, if anything.
  var damage: MediaError? {
    get { state.withLock { $0.damage } }
    set { state.withLock { $0.damage = newValue } }
  }

  /// Whether the source gave no more because the user asked to stop.
  var isStopped: Bool {
    get { state.withLock { $0.isStopped } }
    set { state.withLock { $0.isStopped = newValue } }
  }

  func progress(_ elapsed: Duration, framesTotal: Int?) {
    let seconds = elapsed.seconds
    let (done, before, shots, left) = state.withLock { state in
      let (counts, before) = (state.counts, state.framesBefore)
      // The pace is that of this run.
      let left = framesTotal.flatMap {
        state.timeLeft.estimate(
          done: counts.framesDone - before, of: $0 - before, at: seconds)
      }
      return (counts.framesDone, before, counts.shotStarts.count, left)
    }
    let rate = seconds > 0 ? Double(done - before) / seconds : 0
    onEvent(
      .progress(
        JobProgress(
          framesDone: done, framesTotal: framesTotal, elapsedSeconds: seconds,
          framesPerSecond: rate, secondsLeft: left,
          shots: shots)))
  }

  func report(
    plan: JobPlan, summary: PipelineSummary, sourceColors: ColorFinding, interrupted: Bool,
    partialOutput: String?, jobFolder: String?, damage: String?
  ) -> JobReport {
    let state = state.withLock { $0 }
    let (counts, seconds) = (state.counts, summary.elapsed.seconds)
    let framesNow = counts.framesDone - state.framesBefore
    return JobReport(
      plan: plan, frames: counts.framesDone, framesBefore: state.framesBefore,
      framesSeen: counts.framesSeen, framesKept: counts.framesKept, sourceColors: sourceColors,
      shotStarts: counts.shotStarts, areas: counts.areas,
      seconds: seconds,
      framesPerSecond: seconds > 0 ? Double(framesNow) / seconds : 0,
      stages: summary.stages.map {
        StageTime(name: $0.name, count: $0.emitted, busySeconds: $0.busy.seconds)
      },
      interrupted: interrupted, partialOutput: partialOutput, jobFolder: jobFolder, damage: damage,
      warnings: state.warnings)
  }
}

extension Duration {
  /// The whole duration in seconds.
  package var seconds: Double {
    let (whole, attoseconds) = components
    return Double(whole) + Double(attoseconds) * 1e-18
  }
}
