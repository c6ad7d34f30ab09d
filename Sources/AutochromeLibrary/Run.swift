import AutochromeKit
import Foundation
import Locking

/// A running job: a sequence of its events, which ends when the job does.
///
///     let run = job.start()
///     for try await event in run {
///       if case .progress(let progress) = event { print(progress.framesDone) }
///     }
///     let report = try await run.report
///
/// There may be only one iterator, but you need not iterate: events that are not consumed do not pile up, because the
/// newest progress replaces the previous one. If the iterating task is cancelled, the job stops as after ``stop()``.
public final class Run: AsyncSequence, Sendable {
  /// The elements of the sequence.
  public typealias Element = Event

  private let interruption = Interruption()
  private let events = EventQueue()
  private let outcome = Outcome()

  init(_ job: Job) {
    let (interruption, events, outcome) = (interruption, events, outcome)
    // A job blocks its thread for hours, which the pools of Dispatch and of tasks are not made for.
    let thread = Thread {
      let result: Result<Report, AutochromeError>
      do throws(AutochromeError) {
        result = .success(
          try AutochromeError.translating {
            try Report(
              job.described().run(interruption: interruption) { events.add(Event($0)) })
          })
      } catch {
        result = .failure(error)
      }
      outcome.settle(result)
      events.end()
    }
    thread.name = "autochrome job"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Asks the job to stop after the frames in flight. The finished part is kept, and the same job continues from
  /// there when it is started again, if its input can be read again.
  public func stop() {
    if interruption.requests == 0 { interruption.request() }
  }

  /// Asks the job to stop at once. Finished segments of a film are kept to continue from; a half-written file is removed.
  public func abort() { interruption.abort() }

  /// The report, once the job has ended.
  /// - Throws: ``AutochromeError`` if it failed.
  public var report: Report {
    get async throws(AutochromeError) { try await result.get() }
  }

  var result: Result<Report, AutochromeError> {
    get async { await outcome.result }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(run: self) }

  /// Iterates over the events of a run.
  public struct Iterator: AsyncIteratorProtocol {
    let run: Run

    /// The next event; nil when the job has ended.
    /// - Throws: ``AutochromeError`` if the job failed.
    public mutating func next() async throws -> Event? {
      try await next(isolation: nil)
    }

    /// The next event; nil when the job has ended.
    /// - Throws: ``AutochromeError`` if the job failed.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(AutochromeError) -> Event? {
      let event = await withTaskCancellationHandler {
        await run.events.next()
      } onCancel: { [run] in
        run.stop()
      }
      if let event { return event }
      _ = try await run.report
      return nil
    }
  }
}

/// The end of a run, for all who wait for it.
private final class Outcome: Sendable {
  typealias Waiting = CheckedContinuation<Result<Report, AutochromeError>, Never>

  private enum State {
    case running([Waiting])
    case ended(Result<Report, AutochromeError>)
  }

  private let state = Locked(State.running([]))

  func settle(_ result: Result<Report, AutochromeError>) {
    let waiting = state.withLock { state in
      guard case .running(let waiting) = state else { return [Waiting]() }
      state = .ended(result)
      return waiting
    }
    for continuation in waiting { continuation.resume(returning: result) }
  }

  var result: Result<Report, AutochromeError> {
    get async {
      await withCheckedContinuation { continuation in
        let ended = state.withLock { state -> Result<Report, AutochromeError>? in
          switch state {
          case .running(let waiting):
            state = .running(waiting + [continuation])
            return nil
          case .ended(let result): return result
          }
        }
        if let ended { continuation.resume(returning: ended) }
      }
    }
  }
}
