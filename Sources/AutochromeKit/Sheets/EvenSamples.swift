import Locking

/// Samples of a sequence, taken evenly. Where its length is not known, every element is taken first, and
/// each time that there are too many, every other one is dropped and the step doubled.
package final class EvenSamples<Sample: Sendable>: Sendable {
  /// What was taken so far.
  struct State: Sendable {
    /// How many elements were offered.
    var seen = 0
    /// Of so many, one is taken.
    var step: Int
    var samples: [Taken] = []
  }

  struct Taken: Sendable {
    /// Its number among the elements, from 0.
    let place: Int
    let sample: Sample
  }

  /// How many are kept in the end, at most.
  let limit: Int
  private let taken: Locked<State>

  /// - Parameter expected: the length of the sequence, if known.
  package init(expected: Int?, limit: Int) {
    self.limit = limit
    // The middle of each of as many equal parts as there are samples.
    taken = Locked(State(step: max(1, (expected ?? 1) / limit)))
  }

  /// Takes the next element if it is one of those wanted. Called in order.
  package func offer(_ sample: () throws -> Sample) rethrows {
    try taken.withLock { state in
      defer { state.seen += 1 }
      guard state.seen % state.step == state.step / 2 else { return }
      state.samples.append(Taken(place: state.seen, sample: try sample()))
      if state.samples.count >= 2 * limit {
        state.samples = state.samples.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        state.step *= 2
      }
    }
  }

  /// Puts another sample in place of the one of element `place`, if that was taken.
  func renew(_ place: Int, _ sample: (Sample) throws -> Sample) rethrows {
    try taken.withLock { state in
      guard let index = state.samples.firstIndex(where: { $0.place == place }) else { return }
      state.samples[index] = Taken(
        place: place, sample: try sample(state.samples[index].sample))
    }
  }

  /// What was taken.
  package var samples: [Sample] { taken.withLock { $0.samples.prefix(limit).map(\.sample) } }

  var state: State { taken.withLock { $0 } }

  /// Goes on from an earlier state, as it was when `count` elements had been offered.
  func restore(_ earlier: State, at count: Int) {
    taken.withLock { state in
      state = earlier
      state.seen = count
      state.samples.removeAll { $0.place >= count }
    }
  }
}

extension EvenSamples.State: Codable where Sample: Codable {}
extension EvenSamples.Taken: Codable where Sample: Codable {}
