/// A frame of the sample film: the truth, and what the film shows of it.
public struct SampleFrame: Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// The true colors without grain and flicker: sRGB, 8 bit, red, green, blue per pixel, row by row
  /// without padding.
  public let rgb: [UInt8]
  /// The film's picture with grain and flicker: BT.709 luma, limited range (16…235), row by row
  /// without padding.
  public let luma: [UInt8]

  /// BT.709 luma of the true colors, limited range, without grain and flicker.
  public var trueLuma: [UInt8] {
    stride(from: 0, to: rgb.count, by: 3).map {
      Self.code(Self.luma(Float(rgb[$0]), Float(rgb[$0 + 1]), Float(rgb[$0 + 2])))
    }
  }

  init(_ canvas: Canvas, number: Int, options: SampleFilm.Options) {
    width = canvas.width
    height = canvas.height
    let gain = 1 + 0.02 * Float(options.flicker) * Self.flicker(number)
    let strength = Float(options.grain)
    var grain = Grain(width: width, height: height, frame: number)
    let count = width * height
    let columns = width
    var luma = [UInt8](repeating: 0, count: count)
    rgb = [UInt8](unsafeUninitializedCapacity: count * 3) { rgb, initialized in
      canvas.pixels.withUnsafeBufferPointer { pixels in
        luma.withUnsafeMutableBufferPointer { luma in
          for place in 0..<count {
            let column = place % columns
            if column == 0, strength != 0 { grain.advance() }
            let bytes = pixels[place].bytes
            rgb[place * 3] = bytes.x
            rgb[place * 3 + 1] = bytes.y
            rgb[place * 3 + 2] = bytes.z
            var gray = Self.luma(Float(bytes.x), Float(bytes.y), Float(bytes.z)) * gain
            if strength != 0 {
              // Strongest in the middle tones, as on a print.
              let tone = gray * (1 / 255)
              gray += grain[column] * strength * (2 + 14 * tone * max(0, 1 - tone))
            }
            luma[place] = Self.code(gray)
          }
        }
      }
      initialized = count * 3
    }
    self.luma = luma
  }

  /// BT.709 luma, full range 0…255, of coded red, green and blue in 0…255 (ITU-R BT.709, item 3.2).
  @inline(__always)
  private static func luma(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
  }

  /// Limited range: black at 16, white at 235.
  @inline(__always)
  private static func code(_ luma: Float) -> UInt8 {
    min(235, max(16, byte(16 + luma * (219 / 255))))
  }

  /// A slow swell and an unsteady hand at the crank, within about ±1.
  private static func flicker(_ frame: Int) -> Float {
    let time = Float(frame)
    return 0.6 * Noise.gradient(time * 0.17, 0.5, 91) + 0.8 * Noise.gradient(time * 0.83, 0.5, 92)
  }
}

/// Film grain, row by row: about normal, standard deviation 1. Its size is that of the film: slightly
/// larger than a pixel at 360 rows or fewer, and growing with the picture.
private struct Grain {
  private let frame: UInt32
  private let scale: Float
  private var position: Float = 0
  private var row: Int32 = 0
  private var upper: [Float]
  private var lower: [Float]
  private var mixed: [Float]

  init(width: Int, height: Int, frame: Int) {
    self.frame = UInt32(truncatingIfNeeded: frame)
    scale = max(1, Float(height) / 360)
    upper = Array(repeating: 0, count: Int(Float(width) / scale) + 3)
    lower = upper
    mixed = Array(repeating: 0, count: width)
    fill()
  }

  /// Goes to the next row.
  mutating func advance() {
    position += 1
    while position >= Float(row + 1) * scale {
      swap(&upper, &lower)
      row += 1
      fill()
    }
    guard scale > 1 else { return }
    // Bilinear between the grains; the gain makes up for what the mean takes.
    let down = position / scale - Float(row)
    for column in mixed.indices {
      let place = Float(column) / scale
      let left = Int(place)
      let across = place - Float(left)
      let first = upper[left] + across * (upper[left + 1] - upper[left])
      let second = lower[left] + across * (lower[left + 1] - lower[left])
      mixed[column] = 1.5 * (first + down * (second - first))
    }
  }

  subscript(column: Int) -> Float {
    guard scale == 1 else { return mixed[column] }
    return (upper[column] + upper[column + 1]) * 0.35 + (lower[column] + lower[column + 1]) * 0.61
  }

  private mutating func fill() {
    for column in lower.indices {
      // The sum of four bytes has mean 510 and standard deviation 148.
      let h = Noise.hash(Int32(column), row, frame &* 2_654_435 &+ 5)
      let sum = (h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24)
      lower[column] = (Float(sum) - 510) * (1 / 148)
    }
  }
}
