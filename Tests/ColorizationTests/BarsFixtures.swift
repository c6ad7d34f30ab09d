import Colorization
import Foundation
import Imaging
import TestSupport

/// Frames with black bars, and the like of them. Codes are those of 8 bits.
struct BarredFrame {
  var width = 320
  var height = 240
  var left = 0
  var top = 0
  var right = 0
  var bottom = 0
  /// Radius of the corners that are black.
  var radius = 0
  /// Of the bars.
  var black = 16
  /// How far samples of the bars lie from that, at most; in the picture too.
  var noise = 0
  /// How far they ring next to the picture.
  var ringing = 0
  /// How many samples the edge takes.
  var softness = 0
  var seed: UInt64 = 1

  /// Something with edges and grades, nowhere black.
  static func scene(_ x: Int, _ y: Int) -> Double {
    let waves =
      sin(Double(x) * 0.07 + 1) * cos(Double(y) * 0.05) + 0.4 * sin(Double(x + 2 * y) * 0.21)
    return 120 + 55 * waves
  }

  /// Codes of luma.
  func codes(_ scene: (Int, Int) -> Double = Self.scene) -> [Int] {
    var random = NoiseGenerator(seed: seed)
    var codes: [Int] = []
    for y in 0..<height {
      for x in 0..<width {
        let depth = min(x - left, width - 1 - right - x, y - top, height - 1 - bottom - y)
        var isBlack = depth < 0
        // How far from the two sides of the nearest corner.
        let (u, v) = (min(x - left, width - 1 - right - x), min(y - top, height - 1 - bottom - y))
        if !isBlack, u < radius, v < radius {
          let (du, dv) = (Double(radius - u) - 0.5, Double(radius - v) - 0.5)
          isBlack = du * du + dv * dv > Double(radius * radius)
        }
        var value = isBlack ? Double(black) : scene(x, y)
        if !isBlack, depth < softness {
          value = Double(black) + (value - Double(black)) * Double(depth + 1) / Double(softness + 1)
        }
        if isBlack, ringing > 0, depth >= -6 {
          value += Double(depth & 1 == 0 ? ringing : -ringing)
        }
        if noise > 0 { value += Double(random.next(noise)) }
        codes.append(min(max(Int(value), 0), 255))
      }
    }
    return codes
  }

  func picture(
    _ format: PixelFormat = .yuv420(8), range: ColorRange = .limited,
    _ scene: (Int, Int) -> Double = Self.scene
  ) -> Picture {
    let codes = codes(scene)
    let color = ColorDescription(
      primaries: .bt709, transfer: .bt709, matrix: format.model == .rgb ? .identity : .bt709,
      range: range)
    func code(_ x: Int, _ y: Int) -> Int {
      let value = codes[y * width + x]
      let full = range == .full ? max(0, value - 16) * 255 / 219 : value
      return range == .full
        ? min(full, 255) * format.maximumCode / 255 : full << (format.bitDepth - 8)
    }
    let planes = (0..<format.planeCount).map { index in
      let size = format.planeSize(index, width: width, height: height)
      let isChroma = format.model == .yuv && (index == 1 || index == 2)
      return ColorFixtures.plane(size.width, size.height, bitDepth: format.bitDepth) { x, y in
        isChroma ? 1 << (format.bitDepth - 1) : code(x, y)
      }
    }
    return Picture(width: width, height: height, format: format, color: color, planes: planes)
  }

  var area: PictureArea {
    PictureArea(
      frameWidth: width, frameHeight: height, left: left, top: top, width: width - left - right,
      height: height - top - bottom)
  }
}

/// 4:2:2, 8 bits.
let halfWide = PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 1, chromaShiftY: 0)

/// Evenly distributed whole numbers.
struct NoiseGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// −limit…limit.
  mutating func next(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % (2 * limit + 1) - limit
  }
}
