import Locking

/// The events that a run has told and nobody has taken yet. A progress that follows another one replaces it, so that the
/// queue does not grow with the film.
final class EventQueue: Sendable {
  private struct State {
    var waiting: [Event] = []
    var taker: CheckedContinuation<Event?, Never>?
    var isEnded = false
  }

  private let state = Locked(State())

  /// Puts an event at the end, or gives it to whoever waits.
  func add(_ event: Event) {
    let taker = state.withLock { state -> CheckedContinuation<Event?, Never>? in
      if let taker = state.taker {
        state.taker = nil
        return taker
      }
      if case .progress = event, case .progress? = state.waiting.last {
        state.waiting.removeLast()
      }
      state.waiting.append(event)
      return nil
    }
    taker?.resume(returning: event)
  }

  /// No more events come.
  func end() {
    let taker = state.withLock { state in
      state.isEnded = true
      defer { state.taker = nil }
      return state.taker
    }
    taker?.resume(returning: nil)
  }

  /// The next event; nil at the end. Called by one task at a time: a second one that waits takes the place of the first,
  /// which then gets nil.
  func next() async -> Event? {
    await withCheckedContinuation { continuation in
      let (taker, event) = state.withLock {
        state -> (CheckedContinuation<Event?, Never>?, Event?) in
        if !state.waiting.isEmpty { return (continuation, state.waiting.removeFirst()) }
        if state.isEnded { return (continuation, nil) }
        defer { state.taker = continuation }
        return (state.taker, nil)
      }
      taker?.resume(returning: event)
    }
  }
}
