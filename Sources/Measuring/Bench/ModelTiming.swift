package import AutochromeKit
import Dispatch
import Foundation
import Locking
import NeuralNetwork

/// How long a network takes on this machine.
package struct ModelTiming: Codable, Sendable {
  /// The back end's name.
  package var backend: String
  /// The arithmetic between layers.
  package var precision: String
  /// Runs at once, each on a thread of its own, as the pipeline does.
  package var threads: Int
  /// Wall-clock milliseconds for each picture, the median of the rounds: with several threads, pictures
  /// that are finished together share the time.
  package var milliseconds: Double

  /// What is run, and how.
  package struct Plan: Sendable {
    /// Width of the input.
    package var width = 256
    /// Height of the input.
    package var height = 256
    /// Runs at once.
    package var threads = 1
    /// One of the back ends by name; nil for all.
    package var backend: String?
    /// One of the precisions by name; nil for all that pay on this CPU and the network is
    /// fit for.
    package var precision: String?
    /// How often each is measured.
    package var rounds = 15

    package init() {}
  }

  /// Runs a network on the back ends and in the precisions that are wanted, in turns, so that a
  /// disturbance hits all alike.
  /// - Parameter model: a shipped network by name, or an ONNX file.
  /// - Throws: `AutochromeError`, also for a network with several inputs or another kind of input.
  package static func measure(
    _ model: String, _ plan: Plan
  ) throws(AutochromeError) -> [ModelTiming] {
    try AutochromeError.wrapping {
      for (name, value) in [
        ("width", plan.width), ("height", plan.height), ("threads", plan.threads),
        ("rounds", plan.rounds),
      ] where !(1...8192).contains(value) {
        throw AutochromeError(.usage, "A \(name) of \(value) is outside of 1…8192.")
      }
      let loaded = try ModelCatalog.load(model).model
      guard loaded.inputs.count == 1, let input = loaded.inputs.first else {
        throw AutochromeError(
          .badData,
          "The network '\(model)' has \(loaded.inputs.count) inputs; only networks with one input can be timed."
        )
      }
      let backend: Backend? = try plan.backend.map { try ModelCatalog.parse($0) }
      let precision = try ModelCatalog.parsePrecision(plan.precision)
      let sessions = try BackendInfo.available()
        .filter { backend == nil || $0.backend == backend }
        .flatMap { info in
          let wanted =
            precision.map { precision in info.computable.filter { $0 == precision } }
            ?? info.precisions.filter { $0 != .int8 || loaded.isFitForInt8 }
          return try wanted.map {
            try Session(model: loaded, backend: info.backend, precision: $0)
          }
        }
      guard !sessions.isEmpty else {
        throw AutochromeError(
          .unavailable,
          "No back end supports \(plan.precision ?? "that precision") on this machine.")
      }
      return try measure(sessions, input: input, plan)
    }
  }

  private static func measure(
    _ sessions: [Session], input: ValueInfo, _ plan: Plan
  ) throws -> [ModelTiming] {
    let picture = try Tensor(shape: [1, input.channels ?? 1, plan.height, plan.width]) { values in
      for index in values.indices {
        values[index] = Float((index * 7 + index / plan.width * 13) % 101) / 50 - 1
      }
    }
    var durations = sessions.map { _ in [Double]() }
    let clock = ContinuousClock()
    // The first round makes the plans.
    for round in 0...plan.rounds {
      for (index, session) in sessions.enumerated() {
        let failure = Locked<(any Error)?>(nil)
        let time = clock.measure {
          DispatchQueue.concurrentPerform(iterations: plan.threads) { _ in
            do { _ = try session.run([input.name: picture]) } catch {
              failure.withLock { $0 = error }
            }
          }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        if round > 0 { durations[index].append(time.seconds * 1000 / Double(plan.threads)) }
      }
    }
    return zip(sessions, durations).map { session, times in
      ModelTiming(
        backend: session.backend.rawValue, precision: session.precision.rawValue,
        threads: plan.threads, milliseconds: times.sorted()[times.count / 2])
    }
  }

  /// For people.
  package var text: String {
    String(format: "%8.2f ms", milliseconds) + "  \(backend), \(precision), "
      + counted(threads, "thread")
  }
}
