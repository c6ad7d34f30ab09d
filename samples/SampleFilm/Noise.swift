/// Hashes, noise and a sine made of integer operations and the four basic floating-point operations
/// alone: these are the same to the bit on every machine, which library functions are not.
enum Noise {
  /// 32 well mixed bits of a point and a seed.
  @inline(__always)
  static func hash(_ x: Int32, _ y: Int32, _ seed: UInt32) -> UInt32 {
    var h = UInt32(bitPattern: x) &* 0x8DA6_B343
    h ^= UInt32(bitPattern: y) &* 0xD816_3841
    h ^= seed &* 0xCB1A_B31F
    h ^= h >> 16
    h = h &* 0x7FEB_352D
    h ^= h >> 15
    h = h &* 0x846C_A68B
    h ^= h >> 16
    return h
  }

  /// Smooth noise about 0, within ±1, with features of size 1 (gradient noise of Perlin, 1985/2002).
  @inline(__always)
  static func gradient(_ x: Float, _ y: Float, _ seed: UInt32) -> Float {
    let column = floor(x)
    let row = floor(y)
    let u = x - Float(column)
    let v = y - Float(row)
    let a = slope(hash(column, row, seed), u, v)
    let b = slope(hash(column &+ 1, row, seed), u - 1, v)
    let c = slope(hash(column, row &+ 1, seed), u, v - 1)
    let d = slope(hash(column &+ 1, row &+ 1, seed), u - 1, v - 1)
    let s = u * u * u * (u * (u * 6 - 15) + 10)
    let t = v * v * v * (v * (v * 6 - 15) + 10)
    let upper = a + (b - a) * s
    let lower = c + (d - c) * s
    return (upper + (lower - upper) * t) * 1.4
  }

  /// The largest integer not above `x`, without the library's `floorf`.
  @inline(__always)
  static func floor(_ x: Float) -> Int32 {
    let towardsZero = Int32(x)
    return Float(towardsZero) > x ? towardsZero - 1 : towardsZero
  }

  /// The product of an offset with a gradient vector that the hash picks among eight.
  @inline(__always)
  private static func slope(_ hash: UInt32, _ u: Float, _ v: Float) -> Float {
    let diagonal: Float = 0.7071
    switch hash & 7 {
    case 0: return u
    case 1: return -u
    case 2: return v
    case 3: return -v
    case 4: return (u + v) * diagonal
    case 5: return (u - v) * diagonal
    case 6: return (v - u) * diagonal
    default: return -(u + v) * diagonal
    }
  }

  /// Gradient noise summed over octaves, each of half the size and half the height of the one before;
  /// about 0, mostly within ±0.8.
  static func fractal(_ x: Float, _ y: Float, octaves: Int, seed: UInt32) -> Float {
    var sum: Float = 0
    var height: Float = 0.5
    var (u, v) = (x, y)
    for octave in 0..<octaves {
      sum += height * gradient(u, v, seed &+ UInt32(octave))
      height *= 0.5
      // Turned by the angle of a 3-4-5 triangle, so that the octaves' grids don't line up.
      (u, v) = (1.6 * u - 1.2 * v + 7.3, 1.2 * u + 1.6 * v + 3.1)
    }
    return sum * 1.3
  }

  /// The sine of `turns` whole turns, within 0.001.
  static func sine(turns: Float) -> Float {
    let x = turns - Float(floor(turns))
    let half = x < 0.5 ? x : x - 0.5
    let parabola = 16 * half * (0.5 - half)
    let value = parabola * (0.775 + 0.225 * parabola)
    return x < 0.5 ? value : -value
  }
}

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ x: Float) -> Float {
  let t = min(1, max(0, (x - low) / (high - low)))
  return t * t * (3 - 2 * t)
}

/// A sequence of random numbers that depends on its seed alone.
struct Dice {
  private let seed: UInt32
  private var index: Int32 = 0

  init(_ seed: UInt32) { self.seed = seed }

  /// Uniform within 0..<1.
  mutating func next() -> Float {
    index &+= 1
    return Float(Noise.hash(index, 77, seed) >> 8) * (1 / 16_777_216)
  }

  /// Uniform between two bounds.
  mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * next() }
}
