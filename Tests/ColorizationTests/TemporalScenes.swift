import Colorization
import Foundation
import Imaging
import TestSupport

extension SeededGenerator {
  mutating func float(in range: ClosedRange<Float> = 0...1) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / 16_777_215
  }
  /// About normal, mean 0, deviation 1.
  mutating func normal() -> Float {
    (0..<6).reduce(Float(0)) { sum, _ in sum + float(in: -1...1) } / Float(2).squareRoot()
  }
}

/// A smooth random texture on the whole plane, sampled anywhere: four octaves of value noise.
struct TemporalTexture {
  let seed: UInt64
  var mean: Float = 50
  var contrast: Float = 60

  private func lattice(_ x: Int, _ y: Int, _ octave: Int) -> Float {
    var random = SeededGenerator(
      seed: seed &+ UInt64(bitPattern: Int64(x &* 7919 &+ y &* 104_729 &+ octave &* 15_485_863)))
    return random.float(in: -1...1)
  }

  func callAsFunction(_ x: Float, _ y: Float) -> Float {
    var value: Float = 0
    for (octave, (period, share)) in [(61, 0.4), (29, 0.3), (13, 0.2), (7, 0.1)].enumerated() {
      let (u, v) = (x / Float(period), y / Float(period))
      let (i, j) = (u.rounded(.down), v.rounded(.down))
      func ease(_ t: Float) -> Float { t * t * t * (t * (6 * t - 15) + 10) }
      let (a, b) = (ease(u - i), ease(v - j))
      let (p, q) = (Int(i), Int(j))
      let top = lattice(p, q, octave) * (1 - a) + lattice(p + 1, q, octave) * a
      let bottom = lattice(p, q + 1, octave) * (1 - a) + lattice(p + 1, q + 1, octave) * a
      value += (top * (1 - b) + bottom * b) * Float(share)
    }
    return min(max(mean + contrast * value, 0), 100)
  }
}

/// A picture whose pixel (x, y) has lightness `value(x, y)`.
func temporalImage(
  _ width: Int, _ height: Int, _ value: (Float, Float) -> Float
) -> FloatImage {
  FloatImage(width: width, height: height) { out in
    for y in 0..<height {
      for x in 0..<width { out[y * width + x] = value(Float(x), Float(y)) }
    }
  }
}

/// The same picture with noise.
func temporalNoisy(
  _ image: FloatImage, deviation: Float, random: inout SeededGenerator
) -> FloatImage {
  let pixels = image.channel(0)
  return FloatImage(width: image.width, height: image.height) { out in
    for index in 0..<image.area {
      out[index] = min(max(pixels[index] + deviation * random.normal(), 0), 100)
    }
  }
}

/// An estimate with the given a (channel 0) and b, equally certain everywhere.
func temporalEstimate(
  _ width: Int, _ height: Int, certainty: Float = 0.5,
  value: (_ channel: Int, _ x: Int, _ y: Int) -> Float
) -> CoarseEstimate {
  let ab = FloatImage(width: width, height: height, channels: 2) { out in
    for c in 0..<2 {
      for y in 0..<height {
        for x in 0..<width { out[(c * height + y) * width + x] = value(c, x, y) }
      }
    }
  }
  return CoarseEstimate(ab: ab, certainty: temporalImage(width, height) { _, _ in certainty })
}

extension CoarseEstimate {
  /// Whether both hold the same bits.
  func isIdentical(to other: CoarseEstimate) -> Bool {
    let bytes = area * MemoryLayout<Float>.stride
    return width == other.width && height == other.height
      && memcmp(ab.channel(0), other.ab.channel(0), 2 * bytes) == 0
      && memcmp(certainty.channel(0), other.certainty.channel(0), bytes) == 0
  }
}

/// To which shot each frame belongs, from 0.
func shotIndices<Payload>(_ frames: [TemporalFrame<Payload>]) -> [Int] {
  var shot = -1
  return frames.map { frame in
    if frame.startsShot { shot += 1 }
    return shot
  }
}
