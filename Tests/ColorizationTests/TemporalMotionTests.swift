import Colorization
import Imaging
import TestSupport
import Testing

@Suite struct TemporalMotionTests {
  /// Mean and worst distance from the truth over cells away from the edge, and the mean confidence
  /// there.
  struct Errors {
    var mean: Float = 0
    var largest: Float = 0
    var confidence: Float = 0
  }

  static func errors(
    _ field: MotionField, margin: Int = 4, truth: (_ x: Float, _ y: Float) -> (Float, Float)
  ) -> Errors {
    var errors = Errors()
    var count: Float = 0
    for row in margin..<(field.height - margin) {
      for column in margin..<(field.width - margin) {
        let (u, v) = truth(4 * Float(column) + 1.5, 4 * Float(row) + 1.5)
        let (dx, dy) = (field.values[0, column, row] - u, field.values[1, column, row] - v)
        let error = (dx * dx + dy * dy).squareRoot()
        errors.mean += error
        errors.largest = max(errors.largest, error)
        errors.confidence += field.values[2, column, row]
        count += 1
      }
    }
    errors.mean /= count
    errors.confidence /= count
    return errors
  }

  static func motion(_ first: FloatImage, _ second: FloatImage) -> MotionEstimator.Pair {
    MotionEstimator().motion(from: MotionPyramid(first), to: MotionPyramid(second))
  }

  @Test(arguments: [
    (Float(0), Float(0)), (3, -2), (0.25, 0.5), (-1.7, 0.9), (11.3, -6.6), (-24, 9), (0.1, 0),
  ])
  func translation(dx: Float, dy: Float) {
    let texture = TemporalTexture(seed: 11)
    let first = temporalImage(232, 128) { texture($0, $1) }
    let second = temporalImage(232, 128) { texture($0 - dx, $1 - dy) }
    let pair = Self.motion(first, second)
    // Cells that leave the picture are not asked.
    let margin = 4 + Int(max(abs(dx), abs(dy)) / 4)
    let forward = Self.errors(pair.forward, margin: margin) { _, _ in (dx, dy) }
    let backward = Self.errors(pair.backward, margin: margin) { _, _ in (-dx, -dy) }
    print("translation \(dx) \(dy):", forward, backward)
    #expect(forward.mean < 0.1 && backward.mean < 0.1)
    #expect(forward.largest < 1 && backward.largest < 1)
    #expect(forward.confidence > 0.9 && backward.confidence > 0.9)
  }

  @Test func zoomAndRotation() {
    let texture = TemporalTexture(seed: 12)
    let (cx, cy): (Float, Float) = (116, 64)
    // Content moves from p to c + M (p - c).
    let (a, b): (Float, Float) = (1.04, 0.02)
    let determinant = a * a + b * b
    let first = temporalImage(232, 128) { texture($0, $1) }
    let second = temporalImage(232, 128) { x, y in
      let (u, v) = (x - cx, y - cy)
      return texture(cx + (a * u + b * v) / determinant, cy + (a * v - b * u) / determinant)
    }
    let errors = Self.errors(Self.motion(first, second).forward, margin: 5) { x, y in
      let (u, v) = (x - cx, y - cy)
      return (a * u - b * v - u, b * u + a * v - v)
    }
    print("zoom:", errors)
    #expect(errors.mean < 0.2)
    #expect(errors.confidence > 0.85)
  }

  @Test func exposureChangesNothing() {
    let texture = TemporalTexture(seed: 13, contrast: 40)
    let (dx, dy): (Float, Float) = (2.5, -1.25)
    var random = SeededGenerator(seed: 5)
    let first = temporalNoisy(
      temporalImage(232, 128) { texture($0, $1) }, deviation: 1, random: &random)
    // Darker, flatter, and more so to the right.
    let second = temporalNoisy(
      temporalImage(232, 128) { x, y in
        0.75 * texture(x - dx, y - dy) + 4 + 10 * (x / 116 - 1)
      }, deviation: 1, random: &random)
    let pair = Self.motion(first, second)
    let errors = Self.errors(pair.forward) { _, _ in (dx, dy) }
    print("exposure:", errors, pair.forward.exposure)
    #expect(errors.mean < 0.25)
    #expect(errors.confidence > 0.85)
    #expect(abs(pair.forward.exposure.gain - 0.75) < 0.05)
    #expect(abs(pair.forward.exposure.slopeX - 10) < 1)
  }

  @Test func occlusionIsNotBelieved() {
    let back = TemporalTexture(seed: 14, mean: 40, contrast: 50)
    let block = TemporalTexture(seed: 15, mean: 65, contrast: 50)
    // A block of 64×48 moves by 12 to the right over a still ground.
    func scene(_ left: Float) -> FloatImage {
      temporalImage(232, 128) { x, y in
        let inside = x >= left && x < left + 64 && y >= 40 && y < 88
        return inside ? block(x - left, y) : back(x, y)
      }
    }
    let pair = Self.motion(scene(80), scene(92))
    func mean(_ field: MotionField, _ columns: Range<Int>, _ channel: Int) -> Float {
      var sum: Float = 0
      for row in 12..<20 {
        for column in columns { sum += field.values[channel, column, row] }
      }
      return sum / Float(8 * columns.count)
    }
    // Inside the block: the motion, believed. Ground that comes to light (x 80…91) was nowhere
    // before; ground that the block is about to cover (x 144…155) is nowhere after.
    print(
      "occlusion:", mean(pair.forward, 22..<34, 0), mean(pair.forward, 22..<34, 2),
      mean(pair.backward, 20..<23, 2), mean(pair.forward, 36..<39, 2))
    #expect(abs(mean(pair.forward, 22..<34, 0) - 12) < 0.3)
    #expect(mean(pair.forward, 22..<34, 2) > 0.9)
    #expect(mean(pair.backward, 20..<23, 2) < 0.15)
    #expect(mean(pair.forward, 36..<39, 2) < 0.15)
    // The ground far from it rests.
    #expect(abs(mean(pair.forward, 46..<54, 0)) < 0.1)
    #expect(mean(pair.forward, 46..<54, 2) > 0.95)
  }

  @Test func unrelatedPicturesAreNotBelieved() {
    let (a, b) = (TemporalTexture(seed: 16), TemporalTexture(seed: 17))
    let pair = Self.motion(
      temporalImage(232, 128) { a($0, $1) }, temporalImage(232, 128) { b($0, $1) })
    print("unrelated:", pair.forward.meanConfidence, pair.backward.meanConfidence)
    #expect(pair.forward.meanConfidence < 0.05)
    #expect(pair.backward.meanConfidence < 0.05)
  }

  /// What is told for flat pictures, the smallest sizes and values that are no numbers: rest, and
  /// nothing that is not finite.
  @Test(arguments: [(1, 1), (3, 2), (5, 17), (31, 9), (64, 64)])
  func oddInputs(width: Int, height: Int) {
    for value: Float in [0, 50, 100, .nan, .infinity] {
      let image = temporalImage(width, height) { _, _ in value }
      let pair = Self.motion(image, image)
      for field in [pair.forward, pair.backward] {
        #expect(field.width == (width + 3) / 4 && field.height == (height + 3) / 4)
        for index in 0..<(3 * field.values.area) {
          let v = field.values.channel(0)[index]
          #expect(v.isFinite)
          if value.isFinite && index < 2 * field.values.area { #expect(abs(v) < 1e-3) }
          if index >= 2 * field.values.area {
            #expect((0...1).contains(v))
            if !value.isFinite { #expect(v == 0) }
          }
        }
      }
    }
  }

  @Test func repeatsToTheBit() {
    let texture = TemporalTexture(seed: 18)
    let first = temporalImage(100, 60) { texture($0, $1) }
    let second = temporalImage(100, 60) { texture($0 - 1.3, $1 + 0.4) }
    let (a, b) = (Self.motion(first, second), Self.motion(first, second))
    for index in 0..<(3 * a.forward.values.area) {
      #expect(a.forward.values.channel(0)[index] == b.forward.values.channel(0)[index])
    }
  }
}
