import Locking

/// The values on their way between two stages, by position. Which of them may be taken is decided
/// by `PipelineState`; the channel only keeps them.
final class Channel<Value: Sendable>: Sendable {
  private let values = Locked<[Int: Value]>([:])

  func put(_ value: Value, at position: Int) {
    values.withLock { $0[position] = value }
  }

  /// Takes the value out, so that nothing here keeps it alive any longer.
  func take(_ position: Int) -> Value {
    guard let value = values.withLock({ $0.removeValue(forKey: position) }) else {
      preconditionFailure("position \(position) was scheduled without a value")
    }
    return value
  }
}
