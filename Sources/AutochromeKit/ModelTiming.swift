import Network

/// How long a network takes on this machine.
public struct ModelTiming: Codable, Sendable {
  /// The back end's name.
  public var backend: String
  /// The arithmetic between layers.
  public var precision: String
  /// Milliseconds of one run on one thread, the median.
  public var milliseconds: Double

  /// Runs `model` on every back end and in every precision that the CPU computes in hardware, with
  /// an input of 1×1×`size`×`size`, in turns, so that a disturbance hits all alike.
  /// - Throws: what the engine throws, also for a network that takes another input.
  static func measure(_ model: Model, input: String, size: Int, rounds: Int) throws -> [ModelTiming]
  {
    let sessions = try BackendInfo.available().flatMap { info in
      try info.precisions.map {
        try Session(model: model, backend: info.backend, precision: $0)
      }
    }
    let picture = try Tensor(shape: [1, 1, size, size]) { values in
      for index in values.indices {
        values[index] = Float((index * 7 + index / size * 13) % 101) / 50 - 1
      }
    }
    var durations = sessions.map { _ in [Double]() }
    let clock = ContinuousClock()
    for round in 0...rounds {
      for (index, session) in sessions.enumerated() {
        let time = try clock.measure { _ = try session.run([input: picture]) }
        // The first run makes the plan.
        if round > 0 { durations[index].append(time.seconds * 1000) }
      }
    }
    return zip(sessions, durations).map { session, times in
      ModelTiming(
        backend: session.backend.rawValue, precision: session.precision.rawValue,
        milliseconds: times.sorted()[times.count / 2])
    }
  }
}
