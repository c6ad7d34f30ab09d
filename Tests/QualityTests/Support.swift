import Imaging
import TestSupport

/// A random picture whose neighbours have something to do with each other.
func randomImage(width: Int, height: Int, seed: UInt64) -> RGBImage {
  var generator = SeededGenerator(seed: seed)
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
