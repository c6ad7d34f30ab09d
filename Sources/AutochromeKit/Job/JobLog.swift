import Colorization
import Foundation
import FramePipeline
import Media
import Locking

/// What a running job finds out, gathered from its threads, and told on.
package final class JobLog: Sendable {
  private struct State {
    var framesDone = 0
    var framesSeen = 0
    var framesKept = 0
    var shotStarts: [Int] = []
    var areas: [FoundArea] = []
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
      state.framesDone += 1
      if isSeen { state.framesSeen += 1 }
      if isKept { state.framesKept += 1 }
      if startsShot { state.shotStarts.append(frameIndex) }
      if let area, !(area.isWhole && state.areas.last?.area.isWhole ?? true),
        area != state.areas.last?.area,
        state.areas.count < Self.mostAreas
      {
        state.areas.append(FoundArea(frame: frameIndex, area: area))
      }
    }
  }

  var framesDone: Int { state.withLock { $0.framesDone } }

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
    let (done, shots, left) = state.withLock { state in
      let left = framesTotal.flatMap {
        state.timeLeft.estimate(done: state.framesDone, of: $0, at: seconds)
      }
      return (state.framesDone, state.shotStarts.count, left)
    }
    let rate = seconds > 0 ? Double(done) / seconds : 0
    onEvent(
      .progress(
        JobProgress(
          framesDone: done, framesTotal: framesTotal, elapsedSeconds: seconds,
          framesPerSecond: rate, secondsLeft: left,
          shots: shots)))
  }

  func report(
    plan: JobPlan, summary: PipelineSummary, sourceColors: ColorFinding, interrupted: Bool,
    partialOutput: String?,
    damage: String?
  ) -> JobReport {
    let state = state.withLock { $0 }
    let seconds = summary.elapsed.seconds
    return JobReport(
      plan: plan, frames: state.framesDone, framesSeen: state.framesSeen,
      framesKept: state.framesKept, sourceColors: sourceColors,
      shotStarts: state.shotStarts, areas: state.areas,
      seconds: seconds,
      framesPerSecond: seconds > 0 ? Double(state.framesDone) / seconds : 0,
      stages: summary.stages.map {
        StageTime(name: $0.name, count: $0.emitted, busySeconds: $0.busy.seconds)
      },
      interrupted: interrupted, partialOutput: partialOutput, damage: damage,
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
