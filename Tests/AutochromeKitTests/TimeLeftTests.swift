import AutochromeKit
import Foundation
import Testing

/// How much time is left is told when it means something.
@Suite struct TimeLeftTests {
  @Test func nothingIsSaidAtFirst() {
    var left = TimeLeft()
    // Two seconds until the first frame, then ten frames a second.
    for frame in 1...49 {
      #expect(left.estimate(done: frame, of: 1000, at: 2 + Double(frame) / 10) == nil, "\(frame)")
    }
    var said: Double?
    for frame in 50...60 {
      said = left.estimate(done: frame, of: 1000, at: 2 + Double(frame) / 10)
    }
    // The seconds before the first frame don't count.
    #expect(said.map { abs($0 - 94) < 0.5 } == true, "\(said ?? -1)")
  }

  @Test func slowFramesAreWaitedFor() {
    var left = TimeLeft()
    for frame in 1...10 {
      #expect(left.estimate(done: frame, of: 100, at: 7 * Double(frame)) == nil)
    }
    let said = left.estimate(done: 11, of: 100, at: 77)
    #expect(said.map { abs($0 - 89 * 7) < 1 } == true)
  }

  @Test func itFollowsThePaceSmoothly() {
    var left = TimeLeft()
    var time = 0.0
    var done = 0
    func run(_ seconds: Double, rate: Double) -> [Double] {
      var said: [Double] = []
      for _ in 0..<Int(seconds * rate) {
        time += 1 / rate
        done += 1
        if let estimate = left.estimate(done: done, of: 10_000, at: time) { said.append(estimate) }
      }
      return said
    }
    _ = run(60, rate: 20)
    let before = Double(10_000 - done) / 20
    let slower = run(60, rate: 10)
    // It does not jump, and arrives.
    #expect(abs((slower.first ?? 0) - before) < 0.03 * before)
    for (one, other) in zip(slower, slower.dropFirst()) { #expect(abs(one - other) < 0.04 * one) }
    let after = Double(10_000 - done) / 10
    #expect(abs((slower.last ?? 0) - after) < 0.1 * after, "\(slower.last ?? 0) \(after)")
  }

  /// A machine that is not steady: some seconds fast, some slow, and a slow beginning.
  @Test func itIsSteadyWhereTheMachineIsNot() {
    var left = TimeLeft()
    // Frames per second, over five seconds each; 600 on average from the second on.
    let paces = [450] + Array(repeating: [600, 690, 500, 560, 650], count: 6).joined()
    var (time, done, said): (Double, Int, [(at: Double, left: Double)]) = (0, 0, [])
    for pace in paces {
      for _ in 0..<50 {
        time += 0.1
        done += pace / 10
        if let estimate = left.estimate(done: done, of: 92_250, at: time) {
          said.append((time, estimate))
        }
      }
    }
    #expect(done == 92_250)
    for (at, estimate) in said where 0.1 * time <= at && at <= 0.9 * time {
      #expect(abs(estimate - (time - at)) < 0.1 * (time - at), "\(estimate) at \(at)")
    }
  }

  @Test func whatIsDoneIsDone() {
    var left = TimeLeft()
    for frame in 0..<100 { _ = left.estimate(done: frame, of: 50, at: Double(frame)) }
    #expect(left.estimate(done: 100, of: 50, at: 100) == 0)
  }
}
