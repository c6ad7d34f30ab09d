import ArgumentParser
import AutochromeKit
import Foundation
import Locking

/// How progress is shown.
enum ProgressMode: String, CaseIterable, ExpressibleByArgument {
  /// A line that renews itself on a terminal, plain lines elsewhere.
  case auto
  /// A line every five seconds.
  case plain
  /// One JSON object a line.
  case json
  /// Nothing.
  case none
}

/// Writes what a job tells to stderr; stdout is for data.
final class ProgressDisplay: Sendable {
  private let mode: ProgressMode
  private let verbosity: Verbosity
  private let state = Locked(State())

  private struct State {
    var lineIsOpen = false
    var lastPlainLine = -Double.infinity
    /// Which of several films is at work.
    var film: String?
    var told = Told()
  }

  /// The warnings that a command has shown of one input, from which it may make several films or pictures.
  private struct Told {
    private var input: String?
    private var before: Set<String> = []
    private var now: Set<String> = []
    /// Of these it remembers no more: a film that is damaged all over has one for each frame.
    private static let most = 1000

    mutating func begin(_ input: String) {
      before = input == self.input ? before.union(now) : []
      now = []
      self.input = input
    }

    /// Whether a warning is new; one that comes twice in one film is new twice.
    mutating func isNew(_ text: String) -> Bool {
      if now.count < Self.most { now.insert(text) }
      return !before.contains(text)
    }
  }

  init(mode: ProgressMode, verbosity: Verbosity) {
    let isTerminal = isatty(STDERR_FILENO) == 1
    self.mode = verbosity == .quiet && mode != .json ? .none : mode
    self.verbosity = verbosity
    self.isLive = self.mode == .auto && isTerminal
  }

  private let isLive: Bool

  func show(_ event: JobEvent) {
    switch event {
    case .started(let plan): started(plan)
    case .progress(let progress): self.progress(progress)
    case .warning(let text): warning(text)
    }
  }

  /// The turn of a film has come.
  func begin(_ film: QueuePlace, title: String) {
    closeLine()
    if mode == .json { return Console.event("filmBegan", film) }
    state.withLock { $0.told.begin(film.input) }
    guard film.count > 1 else { return }
    let place = "film \(film.index) of \(film.count)"
    let name = Self.shortened(title)
    state.withLock { state in
      state.film = "\(place), \(name)"
      state.lastPlainLine = -.infinity
    }
    if isLive {
      state.withLock { $0.lineIsOpen = true }
      Console.renew("\(place), \(name)")
    } else if mode != .none {
      Console.say("\(place): \(film.input)")
    }
  }

  /// A film has ended. For people, what there is to say has been said.
  func end(_ outcome: FilmOutcome) {
    closeLine()
    if mode == .json { Console.event("filmEnded", outcome) }
  }

  /// All films have ended, or will not begin.
  func show(_ summary: QueueSummary) {
    if mode == .json {
      Console.event("summary", summary)
    } else if mode != .none, summary.films > 1 {
      summary.lines.forEach { Console.say($0) }
    }
  }

  /// A name that leaves room on a line of the terminal.
  private static func shortened(_ name: String) -> String {
    name.count <= 24 ? name : name.prefix(11) + "…" + name.suffix(12)
  }

  func finished(_ report: JobReport, output: String) {
    closeLine()
    if mode == .json {
      Console.event("finished", report)
    } else if mode != .none {
      let rate = String(format: "%.1f", report.framesPerSecond)
      Console.say(
        "\(output): \(counted(report.frames, "frame")) in \(counted(report.shots.count, "shot")), "
          + "\(TimePosition.duration(report.seconds)), \(rate) frames/s")
      if verbosity == .verbose {
        if report.framesSeen < report.frames {
          Console.say("  the network ran on \(counted(report.framesSeen, "frame"))")
        }
        for found in report.areas.prefix(20) {
          Console.say("  from frame \(found.frame) on: \(found.area)")
        }
        if report.areas.count > 20 {
          Console.say("  and \(report.areas.count - 20) more changes; --report lists them all")
        }
        for reach in report.given.prefix(20) {
          Console.say("  \(Self.words(of: reach))")
        }
        if report.given.count > 20 {
          Console.say("  and \(report.given.count - 20) more frames; --report lists them all")
        }
        for stage in report.stages where stage.count > 0 {
          let name = stage.name.padding(toLength: 12, withPad: " ", startingAt: 0)
          Console.say(
            "  \(name) \(String(format: "%8.2f", stage.millisecondsPerItem)) ms per frame")
        }
      }
    }
  }

  private static func words(of reach: GivenReach) -> String {
    let ends: String
    switch (reach.isFromShotStart, reach.isToShotEnd) {
    case (true, true): ends = "the whole shot"
    case (true, false): ends = "from the beginning of the shot"
    case (false, true): ends = "to the end of the shot"
    case (false, false): ends = "within the shot"
    }
    return
      "the colors given for frame \(reach.frame) reach frames \(reach.first) to \(reach.last), \(ends)"
  }

  /// A segment is there.
  func finishedSegment(_ number: Int, frames: Int) {
    closeLine()
    if mode == .json {
      Console.event("finished", ["segment": number, "frames": frames])
    } else if mode != .none {
      Console.say(
        "segment \(number): " + (frames == 0 ? "already done" : counted(frames, "frame")))
    }
  }

  /// A shots file has been written.
  func finishedShots(_ output: String, shots: [ShotSurvey.Shot]) {
    closeLine()
    if mode == .json {
      Console.event("finished", ["shots": shots])
    } else if mode != .none {
      let flagged = shots.filter { !$0.flags.isEmpty }
      Console.say(
        "\(output): \(counted(shots.count, "shot")), \(flagged.count) flagged")
    }
  }

  /// A sheet has been written.
  func finishedSheet(_ output: String, frames: Int) {
    closeLine()
    if mode == .json {
      Console.event("finished", ["frames": frames])
    } else if mode != .none {
      Console.say("\(output): \(counted(frames, "frame"))")
    }
  }

  /// A page for a client has been written.
  func finishedPage(_ output: String, _ page: ReviewExport.Made) {
    closeLine()
    if mode == .json {
      Console.event("finished", page)
    } else if mode != .none {
      Console.say(
        "\(output): \(counted(page.shown, "shot")), "
          + String(format: "%.1f MB", Double(page.bytes) / 1e6))
    }
  }

  /// Ends a line that is being renewed, so that what follows starts on its own.
  func closeLine() {
    let wasOpen = state.withLock { state in
      defer { state.lineIsOpen = false }
      return state.lineIsOpen
    }
    if wasOpen { Console.endLine() }
  }

  private func started(_ plan: JobPlan) {
    if mode == .json { return Console.event("started", plan) }
    guard verbosity == .verbose else { return }
    plan.text.split(separator: "\n").forEach { Console.say(String($0)) }
  }

  private func progress(_ progress: JobProgress) {
    guard progress.framesDone > 0 else { return }
    switch mode {
    case .none: return
    case .json: Console.event("progress", progress)
    case .auto where isLive:
      state.withLock { $0.lineIsOpen = true }
      Console.renew(line(progress))
    case .auto, .plain:
      let due = state.withLock { state in
        guard progress.elapsedSeconds - state.lastPlainLine >= 5 else { return false }
        state.lastPlainLine = progress.elapsedSeconds
        return true
      }
      if due { Console.say(line(progress)) }
    }
  }

  private func warning(_ text: String) {
    if mode == .json { return Console.event("warning", ["message": text]) }
    guard state.withLock({ $0.told.isNew(text) }) else { return }
    closeLine()
    Console.say("autochrome: \(text)")
  }

  private func line(_ progress: JobProgress) -> String {
    let film = state.withLock { $0.film }
    var text = (film.map { "\($0): " } ?? "") + "frame \(progress.framesDone)"
    if let total = progress.framesTotal, total > 0 {
      let percent = min(100, 100 * progress.framesDone / total)
      text += " of \(total) (\(percent) %)"
    }
    text += String(format: ", %.1f frames/s", progress.framesPerSecond)
    if let left = progress.secondsLeft { text += ", \(TimePosition.duration(left)) left" }
    return progress.shots > 0 ? text + ", shot \(progress.shots)" : text
  }
}

/// How much is said.
enum Verbosity {
  case quiet, normal, verbose
}
