import Locking
import Dispatch
import Foundation
import FramePipeline
import TestSupport
import Testing

/// Sleeps for a time that depends on `value` and `salt` alone, up to 0.4 ms.
private func dawdle(_ value: Int, salt: UInt64) {
  var random = SeededGenerator(seed: UInt64(value) &* 31 &+ salt)
  usleep(UInt32.random(in: 0...400, using: &random))
}

@Suite(.serialized) struct PipelineTests {
  @Test(arguments: [1, 2, 3, 8, 32])
  func orderAndPermitsHoldUnderRandomDelays(threads: Int) throws {
    let alive = Gauge()
    let inSerial = Gauge()
    let log = Log()
    let permits = 9
    let summary = try withWatchdog {
      try Pipeline(
        permits: permits, threads: threads,
        source: counted(to: 300, alive)
      )
      .parallel("first") { (item: Counted) -> Counted in
        dawdle(item.value, salt: 1)
        return item
      }
      .serialInOrder("window", state: [Counted]()) { (kept, item) -> [Counted] in
        inSerial.enter()
        defer { inSerial.leave() }
        dawdle(item.value, salt: 2)
        kept.append(item)
        // In bunches of 4, the way shots end.
        guard kept.count == 4 else { return [] }
        defer { kept = [] }
        return kept
      } finish: { kept, _ in
        defer { kept = [] }
        return kept
      }
      .parallel("second") { item in
        dawdle(item.value, salt: 3)
        return item
      }
      .run { item in
        dawdle(item.value, salt: 4)
        log.append(item.value)
      }
    }
    #expect(log.values == Array(0..<300))
    #expect(alive.now == 0)
    #expect(alive.peak <= permits, "\(alive.peak) items were alive with \(permits) permits")
    #expect(alive.peak >= 4)
    #expect(inSerial.peak == 1)
    #expect(summary.ending == .completed)
    #expect(summary.items == 300)
    #expect(summary.peakInFlight <= permits)
    #expect(summary.stages.map(\.name) == ["source", "first", "window", "second", "sink"])
    #expect(summary.stages.map(\.taken) == [301, 300, 300, 300, 300])
    #expect(summary.stages.map(\.emitted) == [300, 300, 300, 300, 300])
    #expect(summary.stages[1].busy > .milliseconds(30))
  }

  @Test func typesChangeFromStageToStage() throws {
    let words = Locked<[String]>([])
    try Pipeline(permits: 2, threads: 2, source: counter(to: 3))
      .parallel("double") { Double($0) / 2 }
      .serialInOrder("text") { "\($0)" }
      .run { word in words.withLock { $0.append(word) } }
    #expect(words.withLock { $0 } == ["0.0", "0.5", "1.0"])
  }

  @Test(arguments: [1, 4])
  func zeroItems(threads: Int) throws {
    let asked = Gauge()
    let log = Log()
    let summary = try withWatchdog {
      try Pipeline(permits: 3, threads: threads, source: counter(to: 0, asked: asked))
        .parallel("a") { $0 }
        .serialInOrder("b", state: Window(depth: 2)) {
          $0.push($1)
        } finish: { window, _ in
          window.flush()
        }
        .run { log.append($0) }
    }
    #expect(log.values.isEmpty)
    #expect(asked.all == 1, "the source is asked again after its end")
    #expect(summary.items == 0)
    #expect(summary.ending == .completed)
  }

  @Test func tenThousandItemsStayFlat() throws {
    let alive = Gauge()
    let sum = Locked(0)
    try withWatchdog {
      try Pipeline(permits: 16, threads: 4, source: counted(to: 10_000, alive))
        .parallel("a") { $0 }
        .parallel("b") { $0 }
        .run { item in sum.withLock { $0 += item.value } }
    }
    #expect(alive.all == 10_000)
    #expect(alive.peak <= 16)
    #expect(sum.withLock { $0 } == 10_000 * 9_999 / 2)
  }

  @Test(arguments: ["source", "early", "window", "flush", "late", "sink"], [1, 2, 7])
  func errorsNameTheirStageAndNothingRunsAfterwards(place: String, threads: Int) throws {
    let inside = Gauge()
    @Sendable func fail(_ here: String, when wrong: Bool) throws {
      inside.enter()
      defer { inside.leave() }
      usleep(50)
      if wrong && here == place { throw Boom(place: here) }
    }
    let log = Log()
    let error = failure {
      let source = counter(to: 60)
      return try Pipeline(permits: 8, threads: threads, sourceName: "source") {
        let item = try source()
        try fail("source", when: item == 41)
        return item
      }
      .parallel("early") { item in
        try fail("early", when: item == 41)
        return item
      }
      .serialInOrder("window", state: Window(depth: 3)) { window, item in
        try fail("window", when: item == 41)
        return window.push(item)
      } finish: { window, _ in
        try fail("flush", when: true)
        return window.flush()
      }
      .parallel("late") { item in
        try fail("late", when: item == 41)
        return item
      }
      .run { item in
        try fail("sink", when: item == 41)
        log.append(item)
      }
    }
    let ran = inside.all
    #expect(inside.now == 0, "something still ran when run returned")
    guard case .stageFailed(let name, let boom as Boom)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(name == (place == "flush" ? "window" : place))
    #expect(boom.place == place)
    #expect(log.values == Array(0..<log.values.count))
    #expect(log.values.count <= (place == "flush" ? 57 : 41))
    usleep(3000)
    #expect(inside.all == ran, "something ran after run had returned")
  }

  @Test func theFirstOfManyErrorsWins() throws {
    let thrown = Log()
    let error = failure {
      try Pipeline(permits: 8, threads: 8, source: counter(to: 100))
        .parallel("all fail") { (item: Int) -> Int in
          usleep(UInt32(item % 8) * 300)
          thrown.append(item)
          throw Boom(place: "\(item)")
        }
        .run { _ in }
    }
    guard case .stageFailed("all fail", let boom as Boom)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(thrown.values.map(String.init).contains(boom.place))
    #expect(thrown.values.count <= 8, "work was started after the error")
  }

  @Test(arguments: [1, 4])
  func drainDeliversWhatIsInFlight(threads: Int) throws {
    let token = CancellationToken()
    let asked = Gauge()
    let log = Log()
    let summary = try withWatchdog {
      try Pipeline(permits: 10, threads: threads, source: counter(to: 1_000_000, asked: asked))
        .parallel("a") { item in
          dawdle(item, salt: 5)
          if item == 25 { token.cancel(.drain) }
          return item
        }
        .serialInOrder("window", state: Window(depth: 5)) {
          $0.push($1)
        } finish: { window, _ in
          window.flush()
        }
        .run(cancellation: token) { log.append($0) }
    }
    #expect(summary.ending == .drained)
    #expect(log.values == Array(0..<asked.all), "all that the source gave, and no more")
    #expect((26...40).contains(asked.all))
  }

  /// Who asks to stop after the last item has come stops nothing, and the stages hear that.
  @Test(arguments: [1, 4], [9, 5])
  func stagesHearHowTheRunEnds(threads: Int, stopAfter: Int) throws {
    let token = CancellationToken()
    let heard = Locked<[PipelineSummary.Ending]>([])
    let summary = try withWatchdog {
      let source = counter(to: 9)
      return try Pipeline(permits: 20, threads: threads) {
        let item = try source()
        if item ?? 9 == stopAfter { token.cancel(.drain) }
        return item
      }
      .serialInOrder("window", state: Window(depth: 5)) {
        $0.push($1)
      } finish: { window, ending in
        heard.withLock { $0.append(ending) }
        return window.flush()
      }
      .run(cancellation: token) { _ in }
    }
    let ending = stopAfter == 9 ? PipelineSummary.Ending.completed : .drained
    #expect(summary.ending == ending && summary.items == min(9, stopAfter + 1))
    #expect(heard.withLock { $0 } == [ending])
  }

  @Test(arguments: [1, 4])
  func abortStops(threads: Int) throws {
    let token = CancellationToken()
    let alive = Gauge()
    let log = Log()
    let error = failure {
      try Pipeline(permits: 10, threads: threads, source: counted(to: .max, alive))
        .parallel("a") { item in
          if item.value == 25 { token.cancel(.abort) }
          return item
        }
        .run(cancellation: token) { log.append($0.value) }
    }
    guard case .aborted? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(log.values.count < 40)
    #expect(alive.now == 0, "dropped items are released")
  }

  @Test func aRequestBeforeTheStartCounts() throws {
    let token = CancellationToken()
    token.cancel(.drain)
    let asked = Gauge()
    let summary = try Pipeline(permits: 2, threads: 2, source: counter(to: 9, asked: asked))
      .run(cancellation: token) { _ in }
    #expect(summary.ending == .drained)
    #expect(asked.all == 0)
    token.cancel(.abort)
    token.cancel(.drain)
    #expect(token.request == .abort, "a request never becomes less urgent")
    let error = failure {
      try Pipeline(permits: 2, threads: 2, source: counter(to: 9, asked: asked))
        .run(cancellation: token) { _ in }
    }
    guard case .aborted? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(asked.all == 0)
  }

  @Test func tooFewPermitsForTheLookAheadIsAnError() throws {
    let error = failure {
      try Pipeline(permits: 4, threads: 3, source: counter(to: 100))
        .serialInOrder("window", state: Window(depth: 4)) {
          $0.push($1)
        } finish: { window, _ in
          window.flush()
        }
        .run { _ in }
    }
    #expect(
      error.map(String.init(describing:))
        == "stage window holds back 4 items, but there are only 4 permits: "
        + "give more permits than the stages look ahead")
  }

  @Test func stagesMayNeitherAddNorDropItems() throws {
    let surplus = failure {
      try Pipeline(permits: 4, threads: 2, source: counter(to: 3))
        .serialInOrder("adds", state: 0) { _, item in [item, item] }
        .run { _ in }
    }
    guard case .surplus("adds", taken: 1, emitted: 2)? = surplus else {
      Issue.record("\(String(describing: surplus))")
      return
    }
    let lost = failure {
      try Pipeline(permits: 4, threads: 2, source: counter(to: 3))
        .serialInOrder("drops", state: 0) { _, item in item == 1 ? [] : [item] }
        .run { _ in }
    }
    guard case .lost("drops", taken: 3, emitted: 2)? = lost else {
      Issue.record("\(String(describing: lost))")
      return
    }
  }

  @Test(arguments: [(0, 1), (1, 0), (-3, 2)])
  func limitsBelowOneAreRefused(permits: Int, threads: Int) throws {
    let error = failure {
      try Pipeline(permits: permits, threads: threads, source: counter(to: 3)).run { _ in }
    }
    guard case .invalidLimits(permits, threads)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func progressIsReportedOnTheCallingThreadAndEndsWithTheTotal() throws {
    let caller = pthread_self()
    let reports = Locked<[PipelineProgress]>([])
    let onCaller = Locked(true)
    let reported = DispatchSemaphore(value: 0)
    let summary = try withWatchdog {
      try Pipeline(permits: 3, threads: 2, source: counter(to: 40))
        .parallel("work") { item in
          usleep(2000)
          // On a busy machine too, two reports come before the end.
          if item == 10 || item == 20 { reported.wait() }
          return item
        }
        .run(progressInterval: .milliseconds(5)) { report in
          if pthread_equal(pthread_self(), caller) == 0 { onCaller.withLock { $0 = false } }
          reports.withLock { $0.append(report) }
          reported.signal()
        } sink: { _ in
        }
    }
    let seen = reports.withLock { $0 }
    #expect(onCaller.withLock { $0 })
    #expect(seen.count >= 3)
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.itemsDone <= $1.itemsDone })
    #expect(seen.allSatisfy { (0...3).contains($0.itemsInFlight) })
    #expect(seen.last?.itemsDone == 40)
    #expect(seen.last?.itemsInFlight == 0)
    #expect(seen.last?.stages == summary.stages)
    #expect(summary.stages[1].busy >= .milliseconds(80))
  }

  @Test func slowProgressHoldsNothingUp() throws {
    // The first report does not return before the last item is written: if items waited for
    // reports, this would never end.
    let (begun, written) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let reports = Gauge()
    try withWatchdog {
      try Pipeline(permits: 2, threads: 2, source: counter(to: 50))
        .parallel("work") { item in
          // Else all may be over before the first report on a machine that is busy.
          if item == 0 { begun.wait() }
          return item
        }
        .run(progressInterval: .milliseconds(1)) { _ in
          reports.enter()
          if reports.all == 1 {
            begun.signal()
            written.wait()
          }
        } sink: { item in
          if item == 49 { written.signal() }
        }
    }
    #expect(reports.all >= 2)
  }

  @Test func capturedObjectsAreReleasedWhenRunReturns() throws {
    for _ in 0..<300 {
      let gauge = Gauge()
      try Pipeline(permits: 4, threads: 4, source: counter(to: 8))
        .serialInOrder("holder", state: Counted(0, gauge)) { _, item in [item] }
        .run { _ in }
      #expect(gauge.all == 1)
      #expect(gauge.now == 0, "a worker still holds the pipeline")
    }
  }

  @Test func manyPipelinesAtOnce() throws {
    let totals = Locked<[Int]>([])
    withWatchdog {
      DispatchQueue.concurrentPerform(iterations: 16) { index in
        let log = Log()
        do {
          try Pipeline(permits: 5, threads: 4, source: counter(to: 50 + index))
            .parallel("a") { item in
              dawdle(item, salt: UInt64(index))
              return item
            }
            .run { log.append($0) }
        } catch {
          Issue.record(error)
        }
        if log.values == Array(0..<50 + index) { totals.withLock { $0.append(index) } }
      }
    }
    #expect(totals.withLock { $0.sorted() } == Array(0..<16))
  }

  @Test func theAsyncVariantSuspendsAndAbortsWithItsTask() async throws {
    let log = Log()
    let summary = try await Pipeline(permits: 2, threads: 2, source: counter(to: 20))
      .parallel("a") { $0 * 2 }
      .run { log.append($0) }
    #expect(summary.items == 20)
    #expect(log.values == (0..<20).map { $0 * 2 })

    let running = Task { () -> Bool in
      do {
        try await Pipeline(permits: 2, threads: 2, source: counter(to: .max))
          .parallel("a") { item in
            usleep(100)
            return item
          }
          .run { _ in }
        return false
      } catch PipelineError.aborted {
        return true
      }
    }
    try await Task.sleep(for: .milliseconds(20))
    running.cancel()
    #expect(try await running.value)
  }
}
