import AutochromeKit
import Dispatch

/// The films of a command, one after the other. One bad reel must not keep the others waiting until morning; the
/// user's wish to stop ends the film at hand and all that wait.
final class FilmQueue {
  let display: ProgressDisplay
  let interruption = Interruption()
  private let signals: SignalWatch
  private let makesNothing: Bool

  /// What became of one film.
  struct Result {
    var ending: FilmEnding
    /// Frames that this run did.
    var frames: Int
    /// Why it is not whole.
    var error: AutochromeError?

    init(_ ending: FilmEnding, frames: Int = 0, error: AutochromeError? = nil) {
      self.ending = ending
      self.frames = frames
      self.error = error
    }
  }

  /// - Parameter makesNothing: whether films are only spoken of, so that there is nothing to tell of each.
  init(_ display: ProgressDisplay, makesNothing: Bool = false) {
    self.display = display
    self.makesNothing = makesNothing
    signals = SignalWatch(interruption)
  }

  /// Leaves the signals to the system again.
  func stop() { signals.stop() }

  /// Takes the films in turn, and tells what became of them.
  /// - Parameters:
  ///   - what: what was not done where it fails.
  ///   - body: does what is to be done with the film of that index.
  /// - Throws: `AutochromeError` if not all are whole or were left.
  func run(
    _ requests: [JobRequest], notDone what: String, body: (Int) throws -> Result
  ) throws {
    let start = DispatchTime.now()
    var summary = QueueSummary()
    for (index, request) in requests.enumerated() {
      let film = QueuePlace(request, index: index + 1, count: requests.count)
      if index > 0, interruption.requests > 0 {
        summary.add(FilmOutcome(film: film, ending: .notBegun))
        continue
      }
      let outcome = try run(film, title: request.title) { try body(index) }
      summary.add(outcome)
    }
    summary.seconds = Self.seconds(since: start)
    if !makesNothing { display.show(summary) }
    if let error = summary.error(notDone: what) { throw error }
  }

  private func run(
    _ film: QueuePlace, title: String, _ body: () throws -> Result
  ) throws -> FilmOutcome {
    if !makesNothing { display.begin(film, title: title) }
    defer { display.closeLine() }
    let start = DispatchTime.now()
    let result: Result
    do {
      result = try body()
    } catch let error as AutochromeError {
      result = Result(error.status == .interrupted ? .interrupted : .failed, error: error)
    }
    let outcome = FilmOutcome(
      film: film, ending: result.ending, frames: result.frames,
      seconds: Self.seconds(since: start), error: result.error)
    display.closeLine()
    // The error of one film alone, and that of a wish to stop, are those of the command.
    if film.count > 1, result.ending != .interrupted, let error = result.error {
      Console.fail(error)
    }
    if !makesNothing { display.end(outcome) }
    return outcome
  }

  private static func seconds(since start: DispatchTime) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
  }
}

extension QueueSummary {
  /// What the command ends with; nil where all are whole or were left.
  fileprivate func error(notDone what: String) -> AutochromeError? {
    if let stopped = notWhole.first(where: { $0.ending == .interrupted })?.error { return stopped }
    if let next = notWhole.first(where: { $0.ending == .notBegun }) {
      return AutochromeError(.interrupted, "Stopped before '\(next.film.input)' was started.")
    }
    guard let first = notWhole.first?.error else { return nil }
    guard films > 1 else { return first }
    let count = notWhole.count
    return AutochromeError(
      first.status,
      "\(count) of \(counted(films, "input")) \(count == 1 ? "was" : "were") not \(what); see above."
    )
  }
}
