import Locking
import Dispatch
import Foundation
import FramePipeline
import Testing

/// An error that says where it was thrown.
struct Boom: Error, Equatable, CustomStringConvertible {
  let place: String
  var description: String { "boom in \(place)" }
}

/// Counts how many are inside at once, and the most there ever were.
final class Gauge: Sendable {
  private let counts = Locked((now: 0, peak: 0, all: 0))

  func enter() {
    counts.withLock {
      $0.now += 1
      $0.all += 1
      $0.peak = max($0.peak, $0.now)
    }
  }
  func leave() { counts.withLock { $0.now -= 1 } }
  var now: Int { counts.withLock { $0.now } }
  var peak: Int { counts.withLock { $0.peak } }
  var all: Int { counts.withLock { $0.all } }
}

/// An item that is counted from its making to its release.
final class Counted: Sendable {
  let value: Int
  private let gauge: Gauge

  init(_ value: Int, _ gauge: Gauge) {
    self.value = value
    self.gauge = gauge
    gauge.enter()
  }
  deinit { gauge.leave() }
}

/// What the sink saw.
final class Log: Sendable {
  private let entries = Locked<[Int]>([])
  func append(_ value: Int) { entries.withLock { $0.append(value) } }
  var values: [Int] { entries.withLock { $0 } }
}

/// Integers from 0 to `count` − 1, counting how often it was asked.
func counter(to count: Int, asked: Gauge = Gauge()) -> sending () throws -> Int? {
  var next = 0
  return {
    asked.enter()
    guard next < count else { return nil }
    next += 1
    return next - 1
  }
}

/// Items 0 to `count` − 1 whose life `gauge` counts.
func counted(to count: Int, _ gauge: Gauge) -> sending () throws -> Counted? {
  var next = 0
  return {
    guard next < count else { return nil }
    next += 1
    return Counted(next - 1, gauge)
  }
}

/// The error that a pipeline is expected to throw, in time.
func failure(
  _ name: String = #function, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> PipelineSummary
) -> PipelineError? {
  do {
    let summary = try withWatchdog(name, body)
    Issue.record("ended without an error: \(summary)", sourceLocation: sourceLocation)
  } catch let error as PipelineError {
    return error
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
  return nil
}

/// Keeps the newest `depth` items back: look-ahead.
struct Window: Sendable {
  let depth: Int
  var items: [Int] = []

  mutating func push(_ item: Int) -> [Int] {
    items.append(item)
    return items.count > depth ? [items.removeFirst()] : []
  }
  mutating func flush() -> [Int] {
    defer { items = [] }
    return items
  }
}

/// Ends the process with a message if `body` takes longer than `seconds`: a deadlock must fail, not
/// hang. A thread of its own, because the pools may be what is stuck.
@discardableResult
func withWatchdog<Result>(
  seconds: Double = 60, _ name: String = #function, _ body: () throws -> Result
) rethrows -> Result {
  let watchdog = Watchdog(seconds: seconds, name: name)
  defer { watchdog.stop() }
  return try body()
}

private final class Watchdog: Sendable {
  private let stopped = DispatchSemaphore(value: 0)

  init(seconds: Double, name: String) {
    let stopped = self.stopped
    Thread.detachNewThread {
      if stopped.wait(timeout: .now() + seconds) == .timedOut {
        fatalError("\(name) has not ended after \(seconds) s: deadlock")
      }
    }
  }
  func stop() { stopped.signal() }
}
