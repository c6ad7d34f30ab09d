#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A value behind a POSIX mutex.
///
/// Instead of `Synchronization.Mutex`, whose futex the thread sanitizer does not see on Linux: it
/// reports a race for each access that such a lock protects, and a run full of false alarms finds
/// nothing.
///
/// `@unchecked Sendable`: `value` is touched only with the mutex held; what `withLock` returns must
/// not share its state.
package final class Locked<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  package init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    let status = pthread_mutex_init(mutex, nil)
    precondition(status == 0, "no mutex: error \(status)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the mutex held; `body` should be short, and must not call back.
  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
