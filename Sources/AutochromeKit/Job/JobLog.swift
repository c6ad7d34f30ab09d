import Colorization
import Foundation
import FramePipeline
import Media
import Locking

/// What a running job finds out, gathered from its threads, and told on.
package final class JobLog: Sendable {
  /// What is known of frames that are done.
  struct Counts: Codable, Sendable {
    var framesDone = 0
    var framesSeen = 0
    var framesKept = 0
    /// The first one may be the rest of a shot that began before.
    var shots: [JobShot] = []
    var continuesShot = false
    /// How far went what the user gives, in the order of its frames.
    var given: [GivenReach] { reaches.values.sorted { $0.frame < $1.frame } }
    /// How many shots begin.
    var shotStarts: Int { shots.count - (continuesShot ? 1 : 0) }
    /// What part of the frames is the picture, from its first frame on, and where that changes.
    var areas: [FoundArea] = []
    /// How far went what the user gives for frames, by their numbers in the film.
    var reaches: [Int: GivenReach] = [:]
    /// Those that reach the last frame.
    var open: [Int] = []

    /// Adds a frame, of which `shot` is the shot that would begin with it.
    mutating func add(
      _ shot: JobShot, startsShot: Bool, isSeen: Bool, isKept: Bool, area: PictureArea?,
      guidedBy: (number: Int, frames: [Int])?
    ) {
      if startsShot { endShot() }
      open = guidedBy?.frames ?? []
      for frame in open {
        guard let number = guidedBy?.number else { continue }
        let new = GivenReach(
          frame: frame, first: number, last: number, isFromShotStart: startsShot,
          isToShotEnd: false)
        reaches[frame] = reaches[frame]?.joined(with: new) ?? new
      }
      framesDone += 1
      if isSeen { framesSeen += 1 }
      if isKept { framesKept += 1 }
      if shots.isEmpty { continuesShot = !startsShot }
      if startsShot || shots.isEmpty { shots.append(shot) }
      shots[shots.count - 1].add(isSeen: isSeen, isKept: isKept)
      if let area { append(FoundArea(frame: shot.frame, area: area)) }
    }

    /// The shot of the last frame ends with it.
    mutating func endShot() {
      for frame in open { reaches[frame]?.isToShotEnd = true }
    }

    /// Adds what is known of the frames after these.
    mutating func append(_ next: Counts) {
      if next.framesDone > 0 {
        if !next.continuesShot { endShot() }
        reaches.merge(next.reaches) { $0.joined(with: $1) }
        open = next.open
      }
      framesDone += next.framesDone
      framesSeen += next.framesSeen
      framesKept += next.framesKept
      var added = next.shots
      if next.continuesShot, let last = shots.indices.last, let rest = added.first {
        shots[last].add(rest)
        added.removeFirst()
      } else if shots.isEmpty {
        continuesShot = next.continuesShot
      }
      shots += added
      for found in next.areas { append(found) }
    }

    mutating func append(_ found: FoundArea) {
      let last = areas.last?.area
      let isNews = found.area != last && !(found.area.isWhole && last?.isWhole == true)
      if isNews, areas.count < Self.mostAreas { areas.append(found) }
    }

    /// Of these the report holds no more.
    private static let mostAreas = 10_000
  }

  private struct State {
    /// By the segment of the film.
    var counts: [Int: Counts] = [:]
    /// The segment at hand.
    var segment = 0
    /// Frames that an earlier run did.
    var framesBefore = 0
    var warnings: [String] = []
    var damage: MediaError?
    var timeLeft = TimeLeft()
    var isStopped = false

    /// Of all segments, in their order.
    var wholeCounts: Counts {
      counts.sorted { $0.key < $1.key }.reduce(into: Counts()) { $0.append($1.value) }
    }
    var framesDone: Int { counts.values.reduce(0) { $0 + $1.framesDone } }
    var shots: Int { counts.values.reduce(0) { $0 + $1.shotStarts } }
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

  func wrote(
    frameIndex: Int, seconds: Double = 0, startsShot: Bool, isSeen: Bool = true,
    isKept: Bool = false, area: PictureArea? = nil,
    guidedBy: (number: Int, frames: [Int])? = nil
  ) {
    state.withLock { state in
      state.counts[state.segment, default: Counts()].add(
        JobShot(frame: frameIndex, time: seconds), startsShot: startsShot, isSeen: isSeen,
        isKept: isKept, area: area, guidedBy: guidedBy)
    }
  }

  /// What comes next belongs to this segment, of which nothing is known yet.
  func begin(segment: Int) {
    state.withLock {
      $0.segment = segment
      $0.counts[segment] = nil
    }
  }

  /// What is known of a segment.
  func counts(ofSegment segment: Int) -> Counts {
    state.withLock { $0.counts[segment] ?? Counts() }
  }

  /// Takes a segment that an earlier run did.
  func restore(_ counts: Counts, ofSegment segment: Int) {
    state.withLock {
      $0.counts[segment] = counts
      $0.framesBefore += counts.framesDone
    }
  }

  var framesDone: Int { state.withLock { $0.framesDone } }

  /// How far went what the user gives for frames, in their order.
  var reaches: [GivenReach] {
    var counts = state.withLock { $0.wholeCounts }
    counts.endShot()
    return counts.given
  }

  package var warnings: [String] { state.withLock { $0.warnings } }

  /// What ended the input early, if anything.
  var damage: MediaError? {
    get { state.withLock { $0.damage } }
    set { state.withLock { $0.damage = newValue } }
  }

  /// What of that is a failure. The end of what is there of a film is its end; after other errors there may be
  /// more.
  var failure: MediaError? {
    damage.flatMap { [.truncated, .corrupt].contains($0.code) ? nil : $0 }
  }

  /// Whether the source gave no more because the user asked to stop.
  var isStopped: Bool {
    get { state.withLock { $0.isStopped } }
    set { state.withLock { $0.isStopped = newValue } }
  }

  func progress(_ elapsed: Duration, framesTotal: Int?) {
    let seconds = elapsed.seconds
    let (done, before, shots, left) = state.withLock { state in
      let (done, before) = (state.framesDone, state.framesBefore)
      // The pace is that of this run.
      let left = framesTotal.flatMap {
        state.timeLeft.estimate(
          done: done - before, of: $0 - before, at: seconds)
      }
      return (done, before, state.shots, left)
    }
    let rate = seconds > 0 ? Double(done - before) / seconds : 0
    onEvent(
      .progress(
        JobProgress(
          framesDone: done, framesTotal: framesTotal, elapsedSeconds: seconds,
          framesPerSecond: rate, secondsLeft: left,
          shots: shots)))
  }

  /// - Parameter seconds: how long it took.
  func report(
    plan: JobPlan, seconds: Double, stages: [StageStatistics], sourceColors: ColorFinding,
    interrupted: Bool, partialOutput: String?, jobFolder: String?, damage: String?,
    files: JobFiles?
  ) -> JobReport {
    let state = state.withLock { $0 }
    var counts = state.wholeCounts
    if !interrupted { counts.endShot() }
    // A film that is the whole frame throughout has no areas to tell of.
    if counts.areas.first?.area.isWhole == true { counts.areas.removeFirst() }
    let framesNow = counts.framesDone - state.framesBefore
    return JobReport(
      program: .current, files: files, plan: plan, frames: counts.framesDone,
      framesBefore: state.framesBefore,
      framesSeen: counts.framesSeen, framesKept: counts.framesKept, sourceColors: sourceColors,
      shots: counts.shots, areas: counts.areas,
      given: counts.given,
      seconds: seconds,
      framesPerSecond: seconds > 0 ? Double(framesNow) / seconds : 0,
      stages: stages.map {
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
