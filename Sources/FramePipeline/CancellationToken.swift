import Synchronization

/// Asks a running pipeline to stop early. One token may serve several pipelines, and any thread (a
/// signal handler of Dispatch, for instance) may call it. A request can only be made more urgent:
/// `.drain`, then `.abort`.
///
/// The pipeline looks at the token each time that a task ends; it never interrupts a task. A source
/// that may wait for long (on a pipe, say) should look at the token itself.
package final class CancellationToken: Sendable {
  /// How to stop.
  package enum Request: Int, Sendable, Comparable {
    /// The source is not asked any more; all that is in flight is finished and reaches the sink.
    case drain = 1
    /// Nothing more is started; what is running is awaited, the rest is dropped.
    case abort = 2

    package static func < (left: Request, right: Request) -> Bool { left.rawValue < right.rawValue }
  }

  private let level = Atomic<Int>(0)

  /// A token with nothing asked yet.
  package init() {}

  /// What is asked for, or nil.
  package var request: Request? { Request(rawValue: level.load(ordering: .acquiring)) }

  /// Asks for `request`; has no effect when the same or more was asked before.
  package func cancel(_ request: Request) {
    level.max(request.rawValue, ordering: .acquiringAndReleasing)
  }
}
