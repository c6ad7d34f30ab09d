import Locking

/// The user's wish to stop: the first request drains (what is in flight is finished and the output
/// stays playable under a temporary name), the second aborts.
package final class Interruption: Sendable {
  private let state = Locked(State())

  private struct State {
    var requests = 0
    var onRequest: (@Sendable (Int) -> Void)?
  }

  /// No wish yet.
  package init() {}

  /// Asks to stop, or, asked again, to stop at once.
  package func request() {
    let (count, handler) = state.withLock { state in
      state.requests += 1
      return (state.requests, state.onRequest)
    }
    handler?(count)
  }

  /// Asks to stop at once.
  package func abort() {
    request()
    if requests < 2 { request() }
  }

  /// How often a stop was asked for.
  package var requests: Int { state.withLock { $0.requests } }

  /// Calls `handler` with the number of requests at each one, at once if there was one before.
  func observe(_ handler: (@Sendable (Int) -> Void)?) {
    let count = state.withLock { state in
      state.onRequest = handler
      return state.requests
    }
    if count > 0 { handler?(count) }
  }
}
