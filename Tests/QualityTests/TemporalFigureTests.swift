import Foundation
import Imaging
import Quality
import Testing

@Suite("Figures over time")
struct TemporalFigureTests {
  private func plain(_ code: UInt8) -> RGBImage {
    RGBImage(width: 3, height: 2, codes: [UInt8](repeating: code, count: 18))
  }

  @Test func framesWithoutCommonColorsDivergeByTheLogarithmOfTwo() throws {
    var index = ColorDistributionConsistency()
    for frame in 0..<4 { index.add(plain(frame % 2 == 0 ? 10 : 200)) }
    #expect(index.index == nil, "no frames lie four apart yet")
    for frame in 4..<9 { index.add(plain(frame % 2 == 0 ? 10 : 200)) }
    // Frames one apart have nothing in common, those two and four apart are the same.
    #expect(abs(try #require(index.index) - log(2) / 3) < 1e-12)
    var still = ColorDistributionConsistency()
    for _ in 0..<6 { still.add(randomImage(width: 8, height: 8, seed: 3)) }
    #expect(still.index == 0)
  }

  @Test func theIndexMatchesTheDefinition() throws {
    let frames = (0..<7).map { randomImage(width: 16, height: 9, seed: 20 + $0) }
    func share(_ frame: RGBImage, _ channel: Int, _ code: Int) -> Double {
      let hits = stride(from: channel, to: frame.codes.count, by: 3).count {
        Int(frame.codes[$0]) == code
      }
      return Double(hits) / 144
    }
    func divergence(_ first: RGBImage, _ second: RGBImage, _ channel: Int) -> Double {
      var (toFirst, toSecond) = (0.0, 0.0)
      for code in 0...255 {
        let (p, q) = (share(first, channel, code), share(second, channel, code))
        let mean = (p + q) / 2
        if p > 0 { toFirst += p * log(p / mean) }
        if q > 0 { toSecond += q * log(q / mean) }
      }
      return (toFirst + toSecond) / 2
    }
    var expected = 0.0
    for distance in [1, 2, 4] {
      var sum = 0.0
      for frame in 0..<7 - distance {
        for channel in 0..<3 { sum += divergence(frames[frame], frames[frame + distance], channel) }
      }
      expected += sum / Double(3 * (7 - distance)) / 3
    }
    var index = ColorDistributionConsistency()
    for frame in frames { index.add(frame) }
    #expect(abs(try #require(index.index) - expected) < 1e-12)
    #expect(expected > 0.1)
  }

  @Test func nothingIsComparedAcrossACut() throws {
    var index = ColorDistributionConsistency()
    for code in [UInt8(10), 200] {
      for _ in 0..<5 { index.add(plain(code)) }
      index.cut()
    }
    #expect(index.index == 0)
  }

  private func flow(_ width: Int, _ height: Int, _ value: (Int, Int) -> SIMD2<Float>) -> FlowField {
    FlowField(
      width: width, height: height,
      values: (0..<width * height).map { value($0 % width, $0 / width) })
  }

  /// A picture and the same moved by (3, 1), with other colors where something new comes in.
  private func moved() -> (earlier: RGBImage, later: RGBImage) {
    let earlier = randomImage(width: 30, height: 20, seed: 40)
    let other = randomImage(width: 30, height: 20, seed: 41)
    var codes = other.codes
    for y in 1..<20 {
      for x in 3..<30 {
        for channel in 0..<3 {
          codes[(y * 30 + x) * 3 + channel] = earlier.codes[((y - 1) * 30 + x - 3) * 3 + channel]
        }
      }
    }
    return (earlier, RGBImage(width: 30, height: 20, codes: codes))
  }

  @Test func whatMovesAsTheFlowSaysHasNoError() throws {
    let (earlier, later) = moved()
    let backward = flow(30, 20) { _, _ in SIMD2(-3, -1) }
    let forward = flow(30, 20) { _, _ in SIMD2(3, 1) }
    var error = WarpError()
    #expect(error.mean == nil)
    let share = try error.add(earlier: earlier, later: later, backward: backward, forward: forward)
    #expect(error.mean == 0)
    // All but what comes in from the left and the top.
    #expect(abs(share - 27.0 * 19 / 600) < 1e-12)
    // The wrong flow, and half a pixel off.
    var wrong = WarpError()
    let none = flow(30, 20) { _, _ in .zero }
    try wrong.add(earlier: earlier, later: later, backward: none, forward: none)
    #expect((wrong.mean ?? 0) > 0.01)
  }

  @Test func aFlashIsSeen() throws {
    let earlier = plain(100)
    let later = plain(151)
    let none = flow(3, 2) { _, _ in .zero }
    var error = WarpError()
    try error.add(earlier: earlier, later: later, backward: none, forward: none)
    #expect(abs((error.mean ?? 0) - 0.04) < 1e-6)
  }

  @Test func occlusionsAndBordersOfMotionsAreLeftOut() throws {
    let (earlier, later) = moved()
    let backward = flow(30, 20) { _, _ in SIMD2(-3, -1) }
    // The way back leads elsewhere: |w + b|² = 4 > 0.01·(9 + 1 + 25 + 1) + 0.5.
    let elsewhere = flow(30, 20) { _, _ in SIMD2(5, 1) }
    var error = WarpError()
    let none = try error.add(
      earlier: earlier, later: later, backward: backward, forward: elsewhere)
    #expect(none == 0 && error.mean == nil && error.pairs == 0)
    // Slightly elsewhere, |w + b|² = 0.36, is within the bounds.
    let nearly = flow(30, 20) { _, _ in SIMD2(3.6, 1) }
    #expect(
      try error.add(earlier: earlier, later: later, backward: backward, forward: nearly) > 0.8)
    // A step of one pixel between two halves: its column and no other is a border.
    let still = randomImage(width: 30, height: 20, seed: 42)
    let halves = flow(30, 20) { x, _ in x < 15 ? .zero : SIMD2(-0.5, 0) }
    let back = flow(30, 20) { x, _ in x < 15 ? .zero : SIMD2(0.5, 0) }
    let share = try error.add(earlier: still, later: still, backward: halves, forward: back)
    #expect(abs(share - 29.0 / 30) < 1e-12)
  }

  @Test func sizesMustAgree() {
    let none = flow(3, 2) { _, _ in .zero }
    var error = WarpError()
    #expect(throws: QualityError.self) {
      try error.add(
        earlier: randomImage(width: 2, height: 3, seed: 1), later: plain(1), backward: none,
        forward: none)
    }
  }
}
