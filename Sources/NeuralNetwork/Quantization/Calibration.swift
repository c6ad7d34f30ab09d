import Locking

/// Runs a network in fp32 on inputs like those to come, and records what numbers its values take, for
/// ``Precision/int8``. Any number of threads may add inputs at once.
package final class Calibration: Sendable {
  /// The network.
  package let model: Model
  private let session: Session
  private let histograms = Locked<[String: ValueHistogram]>([:])
  private let count = Locked(0)

  /// - Throws: when an operator of the model is not supported.
  package init(model: Model) throws(NetworkError) {
    self.model = model
    session = try Session(
      model: model, backend: .oneDNN, precision: .float32, threadsPerRun: 1, fusion: true,
      observing: true)
  }

  /// How many inputs were added.
  package var frames: Int { count.withLock { $0 } }

  /// Runs the network once and notes its values.
  /// - Throws: as ``Session/run(_:outputLayout:)``.
  package func add(_ inputs: [String: Tensor]) throws(NetworkError) {
    let values = try session.run(inputs)
    histograms.withLock { histograms in
      for (name, tensor) in values {
        _ = tensor.withUnsafeFloats { histograms[name, default: ValueHistogram()].add($0) }
      }
    }
    count.withLock { $0 += 1 }
  }

  /// The ranges of all values so far.
  /// - Throws: when nothing was added, or a value was infinite or no number.
  package func ranges(_ rule: RangeRule = .mse) throws(NetworkError) -> ValueRanges {
    let seen = histograms.withLock { $0 }
    guard frames > 0 else {
      throw NetworkError(
        .invalidInput, file: model.name, "no pictures were given to record the ranges of its values"
      )
    }
    var values: [String: ValueRanges.Range] = [:]
    for (name, histogram) in seen {
      guard let range = histogram.range(rule) else {
        throw NetworkError(
          .unsupported, file: model.name, at: "value \"\(name)\"",
          "it is infinite or NaN for some picture, so 8 bits can't represent it")
      }
      values[name] = range
    }
    return ValueRanges(weights: model.weightDigest, rule: rule, frames: frames, values: values)
  }
}
