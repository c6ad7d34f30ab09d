import Colorization
import Imaging
import Testing

/// What the stabilizer does about a network that changes its mind slowly, over many frames, and about
/// pictures that really change.
@Suite struct TemporalDriftTests {
  private typealias Scenes = TemporalStabilizerTests
  private typealias Input = TemporalStabilizerTests.Input

  /// The mean of a and b over the positions of a frame for which `isCounted`.
  private static func mean(
    _ frame: Input, _ isCounted: (_ column: Int, _ row: Int) -> Bool = { _, _ in true }
  ) -> (a: Float, b: Float) {
    var (sum, count): (SIMD2<Float>, Float) = (.zero, 0)
    for row in 4..<(Scenes.rows - 4) {
      for column in 4..<(Scenes.columns - 4) where isCounted(column, row) {
        sum += SIMD2(frame.estimate.ab[0, column, row], frame.estimate.ab[1, column, row])
        count += 1
      }
    }
    return (sum.x / count, sum.y / count)
  }

  /// 72 frames in which the network goes from b\* 11 to −1 on what rests or moves evenly.
  @Test(arguments: [0, 16], [Float(0), 0.5])
  func whatIsFollowedKeepsItsColor(lookAhead: Int, dx: Float) {
    let frames = Scenes.shot(seed: 51, frames: 72, dx: dx, flicker: 0.05, noise: 0).map { frame in
      var frame = frame
      let b = 11 - 12 * Float(frame.payload) / 71
      frame.estimate = temporalEstimate(Scenes.columns, Scenes.rows) { c, _, _ in c == 0 ? 0 : b }
      return frame
    }
    func drift(_ stability: Float) -> Float {
      let out = Scenes.run(
        frames, stability: stability, lookAhead: lookAhead, startsShot: { $0 == 0 })
      // What moves comes 9 positions far; what comes in at the border is new.
      func held(_ frame: Input) -> Float { Self.mean(frame) { column, _ in column > 16 }.b }
      return abs(held(out[71]) - held(out[0]))
    }
    let drifts = [0, 0.5, 0.7, 1].map(drift)
    print("drift of 12, look-ahead \(lookAhead), motion \(dx), at 0, 0.5, 0.7 and 1:", drifts)
    #expect(abs(drifts[0] - 12) < 0.01)
    #expect(zip(drifts, drifts.dropFirst()).allSatisfy { $0 > $1 })
    #expect(drifts[2] < 8.5)
    #expect(drifts[3] < 4)
  }

  /// A lamp comes on in a part of the picture: what it lights gets lighter, and the network sees another
  /// color there. The rest is held.
  @Test(arguments: [0, 16], [Float(0.7), 1])
  func whatIsLitAnewTakesItsNewColor(lookAhead: Int, stability: Float) {
    func isLit(_ x: Float, _ y: Float) -> Bool {
      (x - 120) * (x - 120) + (y - 64) * (y - 64) < 40 * 40
    }
    func isEdge(_ column: Int, _ row: Int) -> Bool {
      let (x, y) = (4 * Float(column) + 2 - 120, 4 * Float(row) + 2 - 64)
      return abs((x * x + y * y).squareRoot() - 40) < 8
    }
    func isLitPosition(_ column: Int, _ row: Int) -> Bool {
      isLit(4 * Float(column) + 2, 4 * Float(row) + 2)
    }
    let texture = TemporalTexture(seed: 52, mean: 35, contrast: 30)
    let frames = (0..<48).map { t in
      let isOn = t >= 30
      return Input(
        lightness: temporalImage(Scenes.width, Scenes.height) { x, y in
          texture(x, y) + (isOn && isLit(x, y) ? 30 : 0)
        },
        estimate: temporalEstimate(Scenes.columns, Scenes.rows) { c, x, y in
          c == 0 ? (isOn && isLitPosition(x, y) ? 20 : 0) : 10
        }, payload: t)
    }
    let out = Scenes.run(
      frames, stability: stability, lookAhead: lookAhead, startsShot: { $0 == 0 })
    for frame in out {
      let lit = Self.mean(frame) { isLitPosition($0, $1) && !isEdge($0, $1) }
      let rest = Self.mean(frame) { !isLitPosition($0, $1) && !isEdge($0, $1) }
      #expect(abs(rest.a) < 0.5, "frame \(frame.payload)")
      if frame.payload >= 32 {
        #expect(lit.a > 17, "frame \(frame.payload)")
      } else if frame.payload < 30 {
        #expect(abs(lit.a) < 1, "frame \(frame.payload)")
      }
    }
  }

  /// One picture passes over into another within a second, without a cut: its colors go.
  @Test(arguments: [0, 16], [Float(0.7), 1])
  func aCrossFadeEndsInTheColorsOfTheNewPicture(lookAhead: Int, stability: Float) {
    let before = TemporalTexture(seed: 53, mean: 40, contrast: 100)
    let after = TemporalTexture(seed: 54, mean: 60, contrast: 100)
    let frames = (0..<90).map { t in
      let part = min(max((Float(t) - 30) / 24, 0), 1)
      return Input(
        lightness: temporalImage(Scenes.width, Scenes.height) { x, y in
          before(x, y) * (1 - part) + after(x, y) * part
        },
        estimate: temporalEstimate(Scenes.columns, Scenes.rows) { c, _, _ in
          c == 0 ? 20 * (1 - part) : 20 * part
        }, payload: t)
    }
    let out = Scenes.run(
      frames, stability: stability, lookAhead: lookAhead, startsShot: { $0 == 0 })
    let (first, last) = (Self.mean(out[29]), Self.mean(out[80]))
    print("cross-fade, look-ahead \(lookAhead), stability \(stability):", first, last)
    #expect(first.a > 17 && first.b < 3)
    #expect(last.a < 4 && last.b > 16)
  }
}
