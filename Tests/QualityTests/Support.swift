import Imaging

/// Random numbers that a seed repeats (SplitMix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A random picture whose neighbours have something to do with each other.
func randomImage(width: Int, height: Int, seed: UInt64) -> RGBImage {
  var generator = Generator(seed: seed)
  var level = [128.0, 128.0, 128.0]
  let codes = (0..<width * height * 3).map { index -> UInt8 in
    let channel = index % 3
    level[channel] = min(max(level[channel] + .random(in: -30...30, using: &generator), 0), 255)
    return UInt8(level[channel])
  }
  return RGBImage(width: width, height: height, codes: codes)
}

/// sRGB of the given codes.
func picture(_ image: RGBImage) -> Picture {
  let planes = (0..<3).map { channel in
    Plane(width: image.width, height: image.height, bitDepth: 8) { base, bytesPerRow in
      for y in 0..<image.height {
        for x in 0..<image.width {
          base.storeBytes(
            of: image.codes[(y * image.width + x) * 3 + channel],
            toByteOffset: y * bytesPerRow + x, as: UInt8.self)
        }
      }
    }
  }
  return Picture(
    width: image.width, height: image.height, format: .rgb(8), color: ColorDescription(),
    planes: planes)
}
