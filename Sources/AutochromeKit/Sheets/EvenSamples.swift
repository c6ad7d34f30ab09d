import Locking

/// Samples of a sequence, taken evenly. Where its length is not known, every element is taken first, and
/// each time that there are too many, every other one is dropped and the step doubled.
package final class EvenSamples<Sample: Sendable>: Sendable {
  private struct State {
    var seen = 0
    var step: Int
    var samples: [Sample] = []
  }

  /// How many are kept in the end, at most.
  let limit: Int
  private let state: Locked<State>

  /// - Parameter expected: the length of the sequence, if known.
  package init(expected: Int?, limit: Int) {
    self.limit = limit
    // The middle of each of as many equal parts as there are samples.
    state = Locked(State(step: max(1, (expected ?? 1) / limit)))
  }

  /// Takes the next element if it is one of those wanted. Called in order.
  package func offer(_ sample: () throws -> Sample) rethrows {
    try state.withLock { state in
      defer { state.seen += 1 }
      guard state.seen % state.step == state.step / 2 else { return }
      state.samples.append(try sample())
      if state.samples.count >= 2 * limit {
        state.samples = state.samples.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        state.step *= 2
      }
    }
  }

  /// What was taken.
  package var samples: [Sample] { state.withLock { Array($0.samples.prefix(limit)) } }
}
