import Colorization
import Imaging
import TestSupport
import Testing

@Suite struct TemporalStabilizerTests {
  static let (width, height) = (232, 128)
  static let (columns, rows) = (58, 32)

  typealias Input = TemporalFrame<Int>

  /// A still scene of soft texture, seen by a camera that moves by (`dx`, `dy`) pixels a frame, with
  /// an estimate that knows the scene but for noise of deviation `noise` in each value.
  static func shot(
    seed: UInt64, frames: Int, dx: Float = 0, dy: Float = 0, flicker: Float = 0, noise: Float
  ) -> [Input] {
    let texture = TemporalTexture(seed: seed)
    let colors = TemporalTexture(seed: seed &+ 1000, mean: 0.5, contrast: 0.5)
    var random = SeededGenerator(seed: seed)
    return (0..<frames).map { t in
      let (u, v) = (dx * Float(t), dy * Float(t))
      let gain = 1 + flicker * random.float(in: -1...1)
      let lightness = temporalNoisy(
        temporalImage(width, height) { 50 + gain * (texture($0 - u, $1 - v) - 50) },
        deviation: 0.5, random: &random)
      let estimate = temporalEstimate(columns, rows) { c, x, y in
        let base = colors(4 * Float(x) - u + Float(97 * c), 4 * Float(y) - v)
        return base + noise * random.normal()
      }
      return Input(lightness: lightness, estimate: estimate, payload: t)
    }
  }

  /// - Parameters:
  ///   - startsShot: where shots start, if it is known.
  ///   - seen: set to whether each frame is one that the network must see.
  static func run(
    _ frames: [Input], stability: Float = 0.7, lookAhead: Int, keyFrameDistance: Int = 1,
    startsShot: ((Int) -> Bool)? = nil, seen: ((Bool) -> Void)? = nil
  ) -> [Input] {
    let stabilizer = Stabilizer<Int>(
      stability: stability, lookAhead: lookAhead, keyFrameDistance: keyFrameDistance)
    var tracker = FrameTracker(followsMotion: stability > 0, keyFrameDistance: keyFrameDistance)
    var out: [Input] = []
    for (index, frame) in frames.enumerated() {
      let tracking = tracker.track(frame.lightness, startsShot: startsShot?(index))
      seen?(tracking.isKeyFrame)
      out += stabilizer.push(frame, tracking: tracking)
      #expect(index + 1 - out.count <= stabilizer.lookAheadNeeded)
    }
    return out + stabilizer.finish()
  }

  /// Mean squared difference of neighbouring frames along the true motion of (`dx`, `dy`) grid
  /// positions a frame, away from the edges and the first frames.
  static func warpError(_ frames: [Input], dx: Int = 0, dy: Int = 0) -> Float {
    var sum: Float = 0
    var count: Float = 0
    for t in 6..<(frames.count - 1) {
      let (a, b) = (frames[t].estimate, frames[t + 1].estimate)
      for y in 4..<(a.height - 4) {
        for x in 4..<(a.width - 4) {
          for c in 0..<2 {
            let d = b.ab[c, x + dx, y + dy] - a.ab[c, x, y]
            sum += d * d
            count += 1
          }
        }
      }
    }
    return sum / count
  }

  @Test(arguments: [0, 1, 4])
  func nothingCrossesACut(lookAhead: Int) {
    let first = Self.shot(seed: 1, frames: 9, dx: 1.5, flicker: 0.1, noise: 0.1)
    let second = Self.shot(seed: 2, frames: 11, dy: -0.7, flicker: 0.1, noise: 0.1)
    let joined = Self.run(first + second, lookAhead: lookAhead)
    #expect(joined.map(\.startsShot) == (0..<20).map { $0 == 0 || $0 == 9 })
    #expect(shotIndices(joined) == (0..<20).map { $0 < 9 ? 0 : 1 })
    let alone = (Self.run(first, lookAhead: lookAhead), Self.run(second, lookAhead: lookAhead))
    for (a, b) in zip(joined, alone.0 + alone.1) {
      #expect(a.payload == b.payload)
      #expect(a.estimate.isIdentical(to: b.estimate), "frame \(a.payload)")
    }
    // The comparison sees what a merge does.
    #expect(!joined[12].estimate.isIdentical(to: second[3].estimate))
  }

  /// Three shots, of which the one in the middle is not steadied: each is what it is in a film of its own
  /// stability, with key frames and without.
  @Test(arguments: [0, 4], [1, 3])
  func aShotHasItsOwnStability(lookAhead: Int, distance: Int) {
    let shots = (0..<3).map { index in
      Self.shot(seed: UInt64(40 + index), frames: 7, dx: 0.5, noise: 0.1)
    }
    let stabilities: [Float] = [0.9, 0, 0.4]
    let stabilizer = Stabilizer<Int>(
      stability: 0.7, lookAhead: lookAhead, keyFrameDistance: distance)
    var tracker = FrameTracker(followsMotion: true, keyFrameDistance: distance)
    var out: [Input] = []
    for (shot, stability) in zip(shots, stabilities) {
      for frame in shot {
        var frame = frame
        frame.stability = stability
        var tracking = tracker.track(frame.lightness)
        if stability == 0 { tracker.see(&tracking) }
        #expect(tracking.isKeyFrame || stability > 0)
        out += stabilizer.push(frame, tracking: tracking)
      }
    }
    out += stabilizer.finish()
    #expect(shotIndices(out) == (0..<21).map { $0 / 7 })
    let alone = zip(shots, stabilities).flatMap { shot, stability in
      Self.run(
        shot, stability: stability, lookAhead: lookAhead,
        keyFrameDistance: stability > 0 ? distance : 1)
    }
    for (index, (a, b)) in zip(out, alone).enumerated() {
      #expect(a.estimate.isIdentical(to: b.estimate), "frame \(index)")
    }
    // What is steadied differs from what is not.
    let plain = shots.flatMap { $0 }
    #expect(!out[5].estimate.isIdentical(to: plain[5].estimate))
    #expect(out[10].estimate.isIdentical(to: plain[10].estimate))
  }

  @Test func stabilityZeroLeavesEstimates() {
    let frames =
      Self.shot(seed: 3, frames: 4, dx: 2, noise: 0.1) + Self.shot(seed: 4, frames: 4, noise: 0.1)
    for lookAhead in [0, 3] {
      let out = Self.run(frames, stability: 0, lookAhead: lookAhead)
      #expect(out.map(\.payload) == frames.map(\.payload))
      #expect(shotIndices(out) == [0, 0, 0, 0, 1, 1, 1, 1])
      for (a, b) in zip(out, frames) { #expect(a.estimate.isIdentical(to: b.estimate)) }
    }
  }

  @Test(arguments: [0, 1, 4, 7])
  func eachFrameOnceInOrder(lookAhead: Int) {
    for count in [0, 1, 2, 5, 8] {
      let out = Self.run(Self.shot(seed: 5, frames: count, noise: 0.1), lookAhead: lookAhead)
      #expect(out.map(\.payload) == Array(0..<count))
      #expect(shotIndices(out).allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [0, 4])
  func steadiesWhatRests(lookAhead: Int) {
    let frames = Self.shot(seed: 6, frames: 24, flicker: 0.1, noise: 0.1)
    let (before, after) = (
      Self.warpError(frames), Self.warpError(Self.run(frames, lookAhead: lookAhead))
    )
    // Around the truth, not around each other alone.
    func variance(_ frames: [Input]) -> Float {
      let truth = Self.shot(seed: 6, frames: 1, noise: 0)[0].estimate
      var (sum, count): (Float, Float) = (0, 0)
      for frame in frames.dropFirst(8) {
        for y in 0..<truth.height {
          for x in 0..<truth.width {
            let d = frame.estimate.ab[1, x, y] - truth.ab[1, x, y]
            sum += d * d
            count += 1
          }
        }
      }
      return sum / count
    }
    let (spread, steadied) = (variance(frames), variance(Self.run(frames, lookAhead: lookAhead)))
    print(
      "still, look-ahead \(lookAhead): warp \(before) → \(after), variance \(spread) → \(steadied)")
    #expect(after < before / 8)
    #expect(steadied < spread / 4)
  }

  @Test(arguments: [0, 4])
  func steadiesWhatMoves(lookAhead: Int) {
    // 4 pixels are one position, so that the truth needs no interpolation; half a position is asked
    // of the motion, for the estimate below.
    let frames = Self.shot(seed: 7, frames: 20, dx: 4, dy: -4, flicker: 0.1, noise: 0.1)
    let out = Self.run(frames, lookAhead: lookAhead)
    let before = Self.warpError(frames, dx: 1, dy: -1)
    let after = Self.warpError(out, dx: 1, dy: -1)
    print("moving, look-ahead \(lookAhead): warp \(before) → \(after)")
    #expect(after < before / 6)
  }

  @Test func stabilityIsADial() {
    let frames = Self.shot(seed: 8, frames: 20, dx: 1.1, noise: 0.1)
    let errors = [0, 0.3, 0.6, 1].map {
      Self.warpError(Self.run(frames, stability: $0, lookAhead: 0))
    }
    print("dial:", errors)
    #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > $1 })
  }

  /// A block with a color of its own crosses a still ground.
  @Test(arguments: [(0, Float(3)), (4, 3), (0, 10), (4, 10)])
  func leavesNoGhosts(lookAhead: Int, speed: Float) {
    let back = TemporalTexture(seed: 21, mean: 35, contrast: 40)
    let block = TemporalTexture(seed: 22, mean: 65, contrast: 40)
    func left(_ t: Int) -> Float { 20 + speed * Float(t) }
    let frames = (0..<14).map { t in
      // How much of a position the block covers.
      func cover(_ x: Int, _ y: Int) -> Float {
        guard y >= 10, y < 22 else { return 0 }
        let (from, to) = (max(4 * Float(x), left(t)), min(4 * Float(x) + 4, left(t) + 64))
        return max(to - from, 0) / 4
      }
      return Input(
        lightness: temporalImage(Self.width, Self.height) { x, y in
          let inside = x >= left(t) && x < left(t) + 64 && y >= 40 && y < 88
          return inside ? block(x - left(t), y) : back(x, y)
        },
        estimate: temporalEstimate(Self.columns, Self.rows) { c, x, y in
          c == 0 ? cover(x, y) : 1 - cover(x, y)
        }, payload: t)
    }
    let out = Self.run(frames, stability: 1, lookAhead: lookAhead)
    var (mean, worst, clear): (Float, Float, Int) = (0, 0, 0)
    for (a, b) in zip(frames, out).dropFirst(4) {
      for y in 0..<Self.rows {
        for x in 0..<Self.columns {
          // Positions that the block's edge crosses may be either.
          let wanted = a.estimate.ab[0, x, y]
          guard wanted == 0 || wanted == 1 else { continue }
          let error = abs(b.estimate.ab[0, x, y] - wanted)
          #expect(abs(b.estimate.ab[0, x, y] + b.estimate.ab[1, x, y] - 1) < 1e-3)
          mean += error
          worst = max(worst, error)
          clear += 1
        }
      }
    }
    mean /= Float(clear)
    print("ghosts, look-ahead \(lookAhead), speed \(speed): mean \(mean), worst \(worst)")
    #expect(mean < 0.005)
    #expect(worst < 0.6)
  }

  @Test(arguments: [false, true])
  func aFlashIsSteppedOver(isBlack: Bool) {
    var frames = Self.shot(seed: 9, frames: 12, dx: 0.8, noise: 0.1)
    let flash = temporalImage(Self.width, Self.height) { x, y in
      isBlack ? 0.2 : x < 100 ? 100 : 97 - y / 20
    }
    frames[6].lightness = flash
    frames[6].estimate = temporalEstimate(Self.columns, Self.rows) { c, _, _ in c == 0 ? 9 : 0 }
    let ahead = Self.run(frames, lookAhead: 4)
    #expect(ahead.map(\.startsShot) == (0..<12).map { $0 == 0 })
    // The frame after goes on with the memory of the frame before; nothing of the flash is in it.
    let undisturbed = Self.shot(seed: 9, frames: 12, dx: 0.8, noise: 0.1)
    let expected = Self.run(undisturbed, lookAhead: 4)
    let forgetful = Self.run(undisturbed, lookAhead: 4) { $0 == 7 }
    func differences(_ frames: [Input], _ t: Int) -> (mean: Float, largest: Float) {
      let (got, wanted) = (frames[t].estimate, expected[t].estimate)
      let all = (0..<(2 * got.area)).map {
        abs(got.ab.channel(0)[$0] - wanted.ab.channel(0)[$0])
      }
      return (all.reduce(0, +) / Float(all.count), all.max() ?? 0)
    }
    for t in [5, 7, 8] {
      let (mean, largest) = differences(ahead, t)
      #expect(largest < 0.5, "frame \(t)")
      // As far from undisturbed as one frame less of memory, not as a shot that begins anew.
      if t > 6 { #expect(mean < 0.5 * differences(forgetful, t).mean, "frame \(t): \(mean)") }
    }
    guard !isBlack else { return }
    // With the shots given, flashes are found all the same.
    let given = Self.run(frames, lookAhead: 4) { $0 == 0 }
    for (found, known) in zip(ahead, given) {
      #expect(found.estimate.isIdentical(to: known.estimate))
    }
    // Without waiting it can't be known: one cut, at the flash, and none after it.
    let causal = Self.run(frames, lookAhead: 0)
    #expect(causal.map(\.startsShot) == (0..<12).map { $0 == 0 || $0 == 6 })
    #expect(causal[6].estimate.isIdentical(to: frames[6].estimate))
  }

  @Test func anotherSizeStartsAShot() {
    let frames = Self.shot(seed: 10, frames: 3, noise: 0.1)
    let small = (0..<3).map { t in
      Input(
        lightness: temporalImage(100, 60) { x, y in x + y / 4 },
        estimate: temporalEstimate(25, 15) { c, x, _ in Float(c + x) }, payload: 3 + t)
    }
    for lookAhead in [0, 4] {
      let out = Self.run(frames + small, lookAhead: lookAhead)
      #expect(out.map(\.payload) == Array(0..<6))
      #expect(shotIndices(out) == [0, 0, 0, 1, 1, 1])
      // Equal estimates merge into themselves.
      for y in 0..<15 {
        for x in 0..<25 { #expect(abs(out[5].estimate.ab[0, x, y] - Float(x)) < 1e-3) }
      }
    }
  }

  /// Estimates that differ from frame to frame leave a paler mean; its strength is given back, and no
  /// color comes where there was none.
  @Test(arguments: [0, 6])
  func chromaKeepsItsStrength(lookAhead: Int) {
    func energy(_ estimate: CoarseEstimate) -> Float {
      (0..<(2 * estimate.area)).reduce(0) {
        $0 + estimate.ab.channel(0)[$1] * estimate.ab.channel(0)[$1]
      }
    }
    var random = SeededGenerator(seed: 15)
    let scene = Self.shot(seed: 15, frames: 20, noise: 0)
    let frames = scene.map { frame in
      var frame = frame
      frame.estimate = temporalEstimate(Self.columns, Self.rows) { c, x, _ in
        // Gray on the left; on the right a color with a third of its energy in noise.
        x < 20 ? 0 : (c == 0 ? 20 : -10) + 11 * random.normal()
      }
      return frame
    }
    let out = Self.run(frames, lookAhead: lookAhead)
    for (before, after) in zip(frames, out).dropFirst(6) {
      let kept = energy(after.estimate) / energy(before.estimate)
      #expect((0.9...1.1).contains(kept), "\(kept) of the energy")
      var mean: (a: Float, b: Float) = (0, 0)
      for y in 0..<Self.rows {
        for x in 0..<18 { #expect(abs(after.estimate.ab[0, x, y]) < 0.01) }
        mean.a += after.estimate.ab[0, 40, y]
        mean.b += after.estimate.ab[1, 40, y]
      }
      #expect(abs(mean.b / mean.a + 0.5) < 0.15, "\(mean)")
    }
  }

  /// Networks whose grid is not a quarter of the small image.
  @Test(arguments: [(232, 128), (29, 16), (41, 23)])
  func otherGrids(columns: Int, rows: Int) {
    var random = SeededGenerator(seed: 12)
    let texture = TemporalTexture(seed: 13)
    let scale = Float(Self.width) / Float(columns)
    let frames = (0..<10).map { t in
      Input(
        lightness: temporalImage(Self.width, Self.height) { x, y in texture(x - 2 * Float(t), y) },
        estimate: temporalEstimate(columns, rows) { c, x, y in
          0.5 * texture(scale * (Float(x) + 0.5) - 2 * Float(t), scale * Float(y))
            + 10 * random.normal()
        }, payload: t)
    }
    let out = Self.run(frames, lookAhead: 2)
    func error(_ frame: Input) -> Float {
      var sum: Float = 0
      for y in 0..<rows {
        for x in (columns / 4)..<columns {
          let truth =
            0.5 * texture(scale * (Float(x) + 0.5) - 2 * Float(frame.payload), scale * Float(y))
          sum += (frame.estimate.ab[0, x, y] - truth) * (frame.estimate.ab[0, x, y] - truth)
        }
      }
      return sum
    }
    #expect(error(out[8]) < error(frames[8]) / 4)
  }

  @Test func extremeSettings() {
    let frames = Self.shot(seed: 14, frames: 3, noise: 0.1)
    for stability: Float in [-1, .nan, 2, .infinity] {
      let stabilizer = Stabilizer<Int>(stability: stability, lookAhead: -3)
      #expect((0...1).contains(stabilizer.stability))
      #expect(stabilizer.lookAheadNeeded == 0)
      var tracker = FrameTracker(followsMotion: stabilizer.stability > 0, keyFrameDistance: -2)
      let out = frames.flatMap { stabilizer.push($0, tracking: tracker.track($0.lightness)) }
      #expect(out.count == 3)
      #expect(stabilizer.finish().isEmpty)
    }
  }
}
