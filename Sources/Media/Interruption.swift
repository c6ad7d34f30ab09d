import Synchronization

/// A flag that aborts blocking reads and writes, to be raised by a second Ctrl-C.
public final class Interruption: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  /// Makes reads and writes that wait end with `MediaError.Code.interrupted` within 100 ms.
  public func request() { flag.store(true, ordering: .relaxed) }

  public var isRequested: Bool { flag.load(ordering: .relaxed) }
}
