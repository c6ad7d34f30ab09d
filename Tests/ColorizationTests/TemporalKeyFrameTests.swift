import Colorization
import Imaging
import TestSupport
import Testing

/// Frames that the network does not see, and what becomes of them.
@Suite struct TemporalKeyFrameTests {
  typealias Scenes = TemporalStabilizerTests
  typealias Input = TemporalFrame<Int>

  /// What comes out, and which frames were asked for.
  static func run(
    _ frames: [Input], lookAhead: Int, distance: Int, startsShot: ((Int) -> Bool)? = nil
  ) -> (out: [Input], seen: [Int]) {
    var seen: [Bool] = []
    let out = Scenes.run(
      frames, lookAhead: lookAhead, keyFrameDistance: distance, startsShot: startsShot,
      seen: { seen.append($0) })
    return (out, seen.indices.filter { seen[$0] })
  }

  /// The largest difference of any a or b of two estimates.
  static func difference(_ first: CoarseEstimate, _ second: CoarseEstimate) -> Float {
    let (a, b) = (first.ab.channel(0), second.ab.channel(0))
    return (0..<(2 * first.area)).reduce(0) { max($0, abs(a[$1] - b[$1])) }
  }

  @Test(arguments: [(0, 4), (0, 7), (16, 4), (16, 16), (3, 8)])
  func ofAStillFilmEachNthFrameIsSeen(lookAhead: Int, distance: Int) {
    let frames = Scenes.shot(seed: 31, frames: 25, flicker: 0.05, noise: 0)
    let (out, seen) = Self.run(frames, lookAhead: lookAhead, distance: distance)
    #expect(seen == Array(stride(from: 0, to: 25, by: distance)))
    #expect(out.map(\.payload) == Array(0..<25))
    let all = Scenes.run(frames, lookAhead: lookAhead)
    for (some, all) in zip(out, all) {
      // The colors are about ±1 in strength.
      #expect(Self.difference(some.estimate, all.estimate) < 0.05, "frame \(some.payload)")
    }
  }

  /// Where the camera moves, colors go with the picture, and what enters is seen in time.
  @Test(arguments: [0, 16])
  func colorsAreCarriedAlongTheMotion(lookAhead: Int) {
    let frames = Scenes.shot(seed: 32, frames: 24, dx: 2.2, dy: -1.1, flicker: 0.05, noise: 0)
    let (out, seen) = Self.run(frames, lookAhead: lookAhead, distance: 6)
    print("pan, look-ahead \(lookAhead): \(seen.count) of 24 seen")
    #expect(seen.count < 12)
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $1 - $0 <= 6 })
    var (error, still): (Float, Float) = (0, 0)
    for (index, frame) in out.enumerated() where !seen.contains(index) {
      let (truth, key) = (
        frames[index].estimate.ab, frames[seen.last { $0 < index } ?? 0].estimate.ab
      )
      let got = frame.estimate.ab
      // Away from the edges at which the picture enters.
      for row in 4..<(got.height - 4) {
        for column in 4..<(got.width - 4) {
          for c in 0..<2 {
            error += abs(got[c, column, row] - truth[c, column, row])
            still += abs(key[c, column, row] - truth[c, column, row])
          }
        }
      }
    }
    print("  error \(error / still) of that of colors that stay where they were")
    #expect(error < 0.6 * still)
  }

  @Test(arguments: [0, 1, 4, 16])
  func nothingCrossesACut(lookAhead: Int) {
    let first = Scenes.shot(seed: 33, frames: 11, dx: 1.5, flicker: 0.1, noise: 0.1)
    let second = Scenes.shot(seed: 34, frames: 13, dy: -0.7, flicker: 0.1, noise: 0.1)
    let joined = Self.run(first + second, lookAhead: lookAhead, distance: 4)
    #expect(joined.out.map(\.startsShot) == (0..<24).map { $0 == 0 || $0 == 11 })
    #expect(joined.seen.contains(0) && joined.seen.contains(11))
    let alone = (
      Self.run(first, lookAhead: lookAhead, distance: 4),
      Self.run(second, lookAhead: lookAhead, distance: 4)
    )
    #expect(joined.seen == alone.0.seen + alone.1.seen.map { $0 + 11 })
    #expect(joined.seen.count < 24)
    for (a, b) in zip(joined.out, alone.0.out + alone.1.out) {
      #expect(a.estimate.isIdentical(to: b.estimate), "frame \(a.payload)")
    }
  }

  /// What a frame that is not seen comes with has no effect, not even where it is no number.
  @Test(arguments: [0, 16])
  func whatWasNotSeenIsNotLookedAt(lookAhead: Int) {
    let frames = Scenes.shot(seed: 35, frames: 14, dx: 1.2, noise: 0.1)
    let (out, seen) = Self.run(frames, lookAhead: lookAhead, distance: 5)
    let poisoned = frames.map { frame in
      var frame = frame
      if !seen.contains(frame.payload) {
        frame.estimate = temporalEstimate(Scenes.columns, Scenes.rows) { _, _, _ in .nan }
      }
      return frame
    }
    let again = Self.run(poisoned, lookAhead: lookAhead, distance: 5).out
    for (a, b) in zip(out, again) {
      #expect(a.estimate.isIdentical(to: b.estimate), "frame \(a.payload)")
    }
  }

  /// Pictures between which no motion leads are all seen, though no cut is told.
  @Test func onRandomMotionEveryFrameIsSeen() {
    var random = SeededGenerator(seed: 36)
    let texture = TemporalTexture(seed: 37)
    let frames = (0..<10).map { t in
      let (u, v) = (random.float(in: -900...900), random.float(in: -900...900))
      return Input(
        lightness: temporalImage(Scenes.width, Scenes.height) { texture($0 + u, $1 + v) },
        estimate: temporalEstimate(Scenes.columns, Scenes.rows) { c, _, _ in Float(c + t) },
        payload: t)
    }
    let seen = Self.run(frames, lookAhead: 4, distance: 8, startsShot: { $0 == 0 }).seen
    #expect(seen == Array(0..<10))
  }

  /// A flash, and the frame after it, are seen.
  @Test func flashesAreSeen() {
    var frames = Scenes.shot(seed: 38, frames: 12, noise: 0.1)
    frames[6].lightness = temporalImage(Scenes.width, Scenes.height) { x, y in
      x < 100 ? 100 : 97 - y / 20
    }
    for lookAhead in [0, 16] {
      let (out, seen) = Self.run(frames, lookAhead: lookAhead, distance: 5)
      #expect(seen == [0, 5, 6, 7])
      #expect(out.map(\.payload) == Array(0..<12))
    }
  }

  /// A still picture of which the network changes its mind from one key frame to the next: the color
  /// passes over in steps, as it does where each frame is seen and it changes little by little.
  @Test(arguments: [0, 16])
  func colorsPassOverEvenly(lookAhead: Int) {
    let scene = Scenes.shot(seed: 39, frames: 25, noise: 0)
    let frames = scene.map { frame in
      var frame = frame
      let value: Float = frame.payload < 8 ? 0 : 10
      frame.estimate = temporalEstimate(Scenes.columns, Scenes.rows) { _, _, _ in value }
      return frame
    }
    func steps(_ out: [Input]) -> [Float] {
      zip(out, out.dropFirst()).map { abs($1.estimate.ab[0, 29, 16] - $0.estimate.ab[0, 29, 16]) }
    }
    let (out, seen) = Self.run(frames, lookAhead: lookAhead, distance: 8)
    #expect(seen == [0, 8, 16, 24])
    let (some, all) = (steps(out), steps(Scenes.run(frames, lookAhead: lookAhead)))
    print("steps, look-ahead \(lookAhead):", some.max() ?? 0, "all seen:", all.max() ?? 0)
    #expect((some.max() ?? 10) < (all.max() ?? 0))
    #expect((out.last?.estimate.ab[0, 29, 16] ?? 0) > 5)
  }

  /// What comes out from behind an object and was never seen takes the color of what is as light
  /// around it, not gray.
  @Test(arguments: [0, 16])
  func whatIsUncoveredTakesTheColorAroundIt(lookAhead: Int) {
    let back = TemporalTexture(seed: 40, mean: 30, contrast: 15)
    let block = TemporalTexture(seed: 41, mean: 75, contrast: 15)
    let frames = (0..<8).map { t in
      let left = 60 + 3 * Float(t)
      func isBlock(_ x: Float, _ y: Float) -> Bool {
        x >= left && x < left + 40 && y >= 40 && y < 80
      }
      return Input(
        lightness: temporalImage(Scenes.width, Scenes.height) { x, y in
          isBlock(x, y) ? block(x - left, y) : back(x, y)
        },
        estimate: temporalEstimate(Scenes.columns, Scenes.rows) { c, x, y in
          isBlock(4 * Float(x) + 2, 4 * Float(y) + 2) ? (c == 0 ? 30 : 0) : (c == 0 ? 0 : 20)
        }, payload: t)
    }
    let (out, seen) = Self.run(frames, lookAhead: lookAhead, distance: 8)
    #expect(seen == [0])
    // Where the block was at first and is no more.
    for row in 12..<18 {
      for column in 16..<19 {
        let (a, b) = (out[7].estimate.ab[0, column, row], out[7].estimate.ab[1, column, row])
        #expect(a < 12 && b > 12, "(\(column), \(row)): \(a), \(b)")
      }
    }
  }

  @Test(arguments: [0, 1, 3, 8, 16])
  func eachFrameOnceInOrder(lookAhead: Int) {
    for distance in [2, 3, 8, 16] {
      for count in [0, 1, 2, 7, 23] {
        let frames = Scenes.shot(seed: 42, frames: count, dx: 0.5, noise: 0.1)
        let out = Self.run(frames, lookAhead: lookAhead, distance: distance).out
        #expect(out.map(\.payload) == Array(0..<count))
        #expect(
          shotIndices(out).allSatisfy { $0 == 0 }
            && out.allSatisfy { $0.estimate.ab[0, 20, 10].isFinite })
      }
    }
  }
}
