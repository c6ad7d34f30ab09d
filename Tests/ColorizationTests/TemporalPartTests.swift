import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// A film that is worked on in parts, each by another run, comes out as if one had done it all.
@Suite struct TemporalPartTests {
  typealias Scenes = TemporalStabilizerTests
  typealias Input = TemporalFrame<Int>

  /// What a run must know to begin with a part.
  struct Start: Codable {
    var tracker: FrameTracker
    var steady: StabilizerState
  }

  /// How the frames are worked on.
  struct Options {
    var stability: Float = 0.7
    var lookAhead: Int
    var distance = 1
    /// The frames at which parts begin.
    var parts: Set<Int>
  }

  /// Works on the frames from `first` on. The starts of parts are by the numbers of their frames.
  static func run(
    _ frames: [Input], _ options: Options, from first: Int = 0, resuming start: Start? = nil
  ) -> (out: [Input], starts: [Int: Start]) {
    let stabilizer = Stabilizer<Int>(
      stability: options.stability, lookAhead: options.lookAhead,
      keyFrameDistance: options.distance, resuming: start?.steady ?? .beginning)
    var tracker =
      start?.tracker ?? FrameTracker(followsMotion: true, keyFrameDistance: options.distance)
    var trackers: [Int: FrameTracker] = [:]
    var out: [Input] = []
    for frame in frames[first...] {
      let before = tracker
      var tracking = tracker.track(frame.lightness)
      if options.parts.contains(frame.payload) {
        tracker.startPart(&tracking)
        trackers[frame.payload] = before
      }
      out += stabilizer.push(frame, tracking: tracking)
    }
    out += stabilizer.finish()
    var starts: [Int: Start] = [:]
    for frame in out {
      if let state = frame.partState, let tracker = trackers[frame.payload] {
        starts[frame.payload] = Start(tracker: tracker, steady: state)
      }
    }
    return (out, starts)
  }

  /// Through the bytes that are kept.
  static func kept(_ start: Start) throws -> Start {
    return try JSONDecoder().decode(Start.self, from: try JSONEncoder().encode(start))
  }

  static func isSame(_ first: Input, _ second: Input) -> Bool {
    first.payload == second.payload && first.startsShot == second.startsShot
      && first.estimate.isIdentical(to: second.estimate)
  }

  /// Shots in motion, a flash, and a frame that is black.
  static func film(seed: UInt64) -> [Input] {
    var frames = Scenes.shot(seed: seed, frames: 26, dx: 1.3, dy: -0.6, flicker: 0.1, noise: 0.2)
    frames += Scenes.shot(seed: seed + 50, frames: 5, noise: 0.1)
    frames += Scenes.shot(seed: seed + 90, frames: 30, dx: -0.4, flicker: 0.05, noise: 0.2)
    let flash = Scenes.shot(seed: seed + 70, frames: 1, noise: 0)[0]
    frames[12] = Input(lightness: flash.lightness, estimate: flash.estimate, payload: 12)
    frames[45] = Input(
      lightness: temporalImage(Scenes.width, Scenes.height) { _, _ in 2 },
      estimate: frames[45].estimate, payload: 45)
    return frames.enumerated().map {
      Input(lightness: $1.lightness, estimate: $1.estimate, payload: $0)
    }
  }

  @Test(arguments: [(16, 1), (0, 1), (5, 1), (16, 4), (3, 8), (16, 8)])
  func everyPartCanBeGoneOnWith(lookAhead: Int, distance: Int) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed), look-ahead \(lookAhead), key frames \(distance)")
    var random = SeededGenerator(seed: seed)
    let frames = Self.film(seed: random.next() >> 8)
    // In a shot, at a flash, right after it, at a cut, at a black frame, and anywhere.
    for place in [1, 8, 12, 13, 26, 31, 45, 46, Int.random(in: 2..<60, using: &random)] {
      let options = Options(lookAhead: lookAhead, distance: distance, parts: [place])
      let (whole, starts) = Self.run(frames, options)
      #expect(whole.map(\.payload) == Array(frames.indices))
      let start = try Self.kept(#require(starts[place], "part at \(place)"))
      let rest = Self.run(frames, options, from: place, resuming: start).out
      #expect(
        zip(whole[place...], rest).allSatisfy(Self.isSame) && rest.count == frames.count - place,
        "part at \(place)")
    }
  }

  /// What is compared above would be told apart: without the memory the colors are others.
  @Test func aPartThatKnowsNothingIsAnother() throws {
    let frames = Self.film(seed: 7)
    let options = Options(lookAhead: 16, parts: [8])
    let (whole, starts) = Self.run(frames, options)
    var start = try #require(starts[8])
    start.steady = .beginning
    let rest = Self.run(frames, options, from: 8, resuming: start).out
    #expect(!zip(whole[8...], rest).allSatisfy(Self.isSame))
  }

  /// In a long shot, the colors change no more over a join than from frame to frame elsewhere.
  @Test(arguments: [Float(0.7), 1]) func aJoinInAShotCanNotBeSeen(stability: Float) throws {
    let frames = Scenes.shot(seed: 33, frames: 120, flicker: 0.05, noise: 0.3)
    let options = Options(stability: stability, lookAhead: 16, parts: [30, 60, 90])
    let out = Self.run(frames, options).out
    /// The mean difference of a and b from the frame before.
    func step(_ index: Int) -> Float {
      let (a, b) = (out[index - 1].estimate.ab, out[index].estimate.ab)
      let (first, second) = (a.channel(0), b.channel(0))
      return (0..<(2 * a.area)).reduce(0) { $0 + abs(first[$1] - second[$1]) } / Float(2 * a.area)
    }
    for join in options.parts {
      let around = (join - 12..<join).map(step) + (join + 1..<join + 13).map(step)
      let most = try #require(around.max())
      #expect(step(join) <= most, "at \(join): \(step(join)) among \(around)")
    }
  }
}
