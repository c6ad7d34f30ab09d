import Dispatch
import Synchronization

/// The wish to stop, as reads and writes that may wait for others see it.
package final class MediaInterruption: Sendable {
  private let isAborted = Atomic<Bool>(false)
  /// When the end was asked for, in nanoseconds of the system's uptime; 0 if it was not.
  private let endTime = Atomic<UInt64>(0)

  /// How long a write goes on waiting for a reader that takes nothing, once the end was asked for.
  static let patience: UInt64 = 400_000_000

  package init() {}

  /// Makes reads and writes end with `MediaError.Code.interrupted` within 100 ms.
  package func request() {
    requestEnd()
    isAborted.store(true, ordering: .relaxed)
  }

  /// Makes reads end as `request` does. Writes go on, so that what was read is kept, but wait no longer
  /// than 0.4 s for a reader that takes nothing.
  package func requestEnd() {
    _ = endTime.compareExchange(
      expected: 0, desired: DispatchTime.now().uptimeNanoseconds, ordering: .relaxed)
  }

  package var isRequested: Bool { isAborted.load(ordering: .relaxed) }

  /// Whether nothing more is to be read.
  var isEndRequested: Bool { endTime.load(ordering: .relaxed) != 0 }

  /// Whether a write that has made no progress since `start` (`DispatchTime.uptimeNanoseconds`) is to be
  /// given up.
  func endsWait(since start: UInt64) -> Bool {
    let end = endTime.load(ordering: .relaxed)
    guard end != 0 else { return false }
    return DispatchTime.now().uptimeNanoseconds >= max(end, start) + Self.patience
  }
}
