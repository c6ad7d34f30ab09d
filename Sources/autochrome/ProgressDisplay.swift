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

  func finished(_ report: JobReport, output: String) {
    closeLine()
    if mode == .json {
      writeJSON("finished", report)
    } else if mode != .none {
      let rate = String(format: "%.1f", report.framesPerSecond)
      let shots = report.shotStarts.count
      write(
        "\(output): \(report.frames) frames in \(shots) shot\(shots == 1 ? "" : "s"), "
          + "\(Self.clock(report.seconds)), \(rate) frames/s\n")
      if verbosity == .verbose {
        if report.framesSeen < report.frames {
          write("  the network saw \(report.framesSeen) frames\n")
        }
        for stage in report.stages where stage.count > 0 {
          let name = stage.name.padding(toLength: 12, withPad: " ", startingAt: 0)
          write("  \(name) \(String(format: "%8.2f", stage.millisecondsPerItem)) ms a frame\n")
        }
      }
    }
  }

  /// Ends a line that is being renewed, so that what follows starts on its own.
  func closeLine() {
    let wasOpen = state.withLock { state in
      defer { state.lineIsOpen = false }
      return state.lineIsOpen
    }
    if wasOpen { write("\n") }
  }

  private func started(_ plan: JobPlan) {
    if mode == .json { return writeJSON("started", plan) }
    guard verbosity == .verbose else { return }
    write(
      """
      source:  \(plan.source)
      result:  \(plan.result)
      color:   \(plan.color)
      network: \(plan.network), sees \(plan.workingWidth)×\(plan.workingHeight), \
      temperature \(plan.temperature), vividness \(plan.vividness)
      frames in flight: \(plan.permits)
      \(plan.settings.listing)

      """)
  }

  private func progress(_ progress: JobProgress) {
    guard progress.framesDone > 0 else { return }
    switch mode {
    case .none: return
    case .json: writeJSON("progress", progress)
    case .auto where isLive:
      state.withLock { $0.lineIsOpen = true }
      write("\r\u{1B}[2K" + Self.line(progress))
    case .auto, .plain:
      let due = state.withLock { state in
        guard progress.elapsedSeconds - state.lastPlainLine >= 5 else { return false }
        state.lastPlainLine = progress.elapsedSeconds
        return true
      }
      if due { write(Self.line(progress) + "\n") }
    }
  }

  private func warning(_ text: String) {
    if mode == .json { return writeJSON("warning", ["message": text]) }
    closeLine()
    write("autochrome: \(text)\n")
  }

  private static func line(_ progress: JobProgress) -> String {
    var text = "frame \(progress.framesDone)"
    if let total = progress.framesTotal, total > 0 {
      let percent = min(100, 100 * progress.framesDone / total)
      text += " of \(total) (\(percent) %)"
    }
    text += String(format: ", %.1f frames/s", progress.framesPerSecond)
    if let left = progress.secondsLeft { text += ", \(clock(left)) left" }
    return progress.shots > 0 ? text + ", shot \(progress.shots)" : text
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(max(0, seconds).rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }

  private func writeJSON(_ event: String, _ value: some Encodable) {
    do {
      let body = try Console.encoded([event: value])
      write(String(decoding: body, as: UTF8.self) + "\n")
    } catch {
      write("autochrome: the progress can't be written as JSON: \(error)\n")
    }
  }

  private func write(_ text: String) { Console.report(text) }
}

/// How much is said.
enum Verbosity {
  case quiet, normal, verbose
}
