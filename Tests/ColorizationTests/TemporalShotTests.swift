import Colorization
import Imaging
import TestSupport
import Testing

@Suite struct TemporalShotTests {
  static let (width, height) = (232, 128)

  static func starts(_ frames: [FloatImage]) -> [Int] {
    var detector = ShotDetector()
    return frames.enumerated().filter { detector.observe($0.element).startsShot }.map(\.offset)
  }

  static func scene(
    _ seed: UInt64, frames: Int, speed: Float = 1, mean: Float = 50, contrast: Float = 60
  ) -> [FloatImage] {
    let texture = TemporalTexture(seed: seed, mean: mean, contrast: contrast)
    return (0..<frames).map { t in
      temporalImage(width, height) { texture($0 - speed * Float(t), $1 + 0.3 * Float(t)) }
    }
  }

  static func mapped(_ image: FloatImage, _ value: (Float) -> Float) -> FloatImage {
    let pixels = image.channel(0)
    return temporalImage(image.width, image.height) {
      min(max(value(pixels[Int($1) * image.width + Int($0)]), 0), 100)
    }
  }

  @Test func hardCuts() {
    // Forty scenes of like brightness and contrast, some of a few frames only.
    var random = SeededGenerator(seed: 31)
    var frames: [FloatImage] = []
    var cuts: [Int] = []
    for scene in 0..<40 {
      cuts.append(frames.count)
      frames += Self.scene(
        100 + UInt64(scene), frames: Int.random(in: 3...7, using: &random),
        speed: random.float(in: -4...4), mean: random.float(in: 35...60),
        contrast: random.float(in: 30...70))
    }
    #expect(Self.starts(frames) == cuts)
  }

  @Test func grainAndFlickerAreNoCuts() {
    var random = SeededGenerator(seed: 32)
    let frames = Self.scene(33, frames: 40).map { image in
      let (gain, offset) = (random.float(in: 0.7...1.2), random.float(in: -8...8))
      return temporalNoisy(
        Self.mapped(image) { gain * $0 + offset }, deviation: 5, random: &random)
    }
    #expect(Self.starts(frames) == [0])
  }

  @Test(arguments: [Float(8), 16, 24])
  func fastPansAreNoCuts(speed: Float) {
    #expect(Self.starts(Self.scene(34, frames: 20, speed: speed)) == [0])
  }

  @Test func aLargeObjectPassingIsNoCut() {
    let back = TemporalTexture(seed: 35, mean: 40)
    let object = TemporalTexture(seed: 36, mean: 70)
    let frames = (0..<24).map { t in
      let left = -120 + 15 * Float(t)
      return temporalImage(Self.width, Self.height) { x, y in
        x >= left && x < left + 110 && y > 20 ? object(x - left, y) : back(x, y)
      }
    }
    #expect(Self.starts(frames) == [0])
  }

  @Test func flashIsOneCutAndResumes() {
    var frames = Self.scene(37, frames: 12)
    frames[5] = temporalImage(Self.width, Self.height) { x, _ in x < 200 ? 100 : 96 }
    var detector = ShotDetector()
    let verdicts = frames.map { detector.observe($0) }
    #expect(verdicts.indices.filter { verdicts[$0].startsShot } == [0, 5])
    #expect(verdicts.indices.filter { verdicts[$0].resumes } == [6])
  }

  @Test func photographicFlashIsNoCut() {
    var frames = Self.scene(38, frames: 10)
    frames[5] = Self.mapped(frames[5]) { 0.7 * $0 + 30 }
    #expect(Self.starts(frames) == [0])
  }

  @Test func fadesThroughBlackAreOneCut() {
    let (a, b) = (Self.scene(39, frames: 16), Self.scene(40, frames: 16))
    let out = a.enumerated().map { t, image in
      Self.mapped(image) { $0 * max(1 - Float(t) / 12, 0) }
    }
    let into = b.enumerated().map { t, image in
      Self.mapped(image) { $0 * min(Float(t) / 12, 1) }
    }
    let starts = Self.starts(out + into)
    // Where the second scene can first be seen.
    #expect(starts.count == 2 && starts[0] == 0 && (16...18).contains(starts[1]), "\(starts)")
    // A fade alone cuts nothing.
    #expect(Self.starts(Array(out.prefix(11))) == [0])
  }

  @Test func verdictsForgetTheShotBefore() {
    let (a, b) = (Self.scene(41, frames: 9, speed: 20), Self.scene(42, frames: 9, speed: 5))
    var (joined, alone) = (ShotDetector(), ShotDetector())
    let after = (a + b).map { joined.observe($0) }.suffix(8)
    let own = b.map { alone.observe($0) }.suffix(8)
    #expect(Array(after) == Array(own))
  }

  @Test func sizesAndExtremes() {
    let sizes = [(1, 1), (1, 300), (7, 5), (33, 31), (464, 256)]
    var detector = ShotDetector()
    for (width, height) in sizes {
      for value: Float in [0, 100, .nan, .infinity, 50] {
        _ = detector.observe(temporalImage(width, height) { _, _ in value })
      }
      let image = temporalImage(width, height) { x, y in 30 + 40 * ((x + y) / Float(width + height))
      }
      _ = detector.observe(image)
      let again = detector.observe(image)
      #expect(!again.startsShot && again.score < 1e-3)
    }
    // Each change of size starts a shot.
    var other = ShotDetector()
    let images = sizes.map { temporalImage($0.0, $0.1) { x, y in x + y } }
    #expect(images.allSatisfy { other.observe($0).startsShot })
  }
}
