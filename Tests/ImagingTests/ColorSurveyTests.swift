import Foundation
import Imaging
import Testing

/// Whether gray, toned and colored pictures are told apart.
@Suite struct ColorSurveyTests {
  private let weights = LumaWeights(forRGBWith: .bt709)

  /// Y′ 0…1 of a scene: a slow change, edges and fine texture.
  private func luma(_ x: Int, _ y: Int) -> Double {
    let block = (x / 23 + y / 17) % 5
    return min(
      1,
      max(
        0,
        0.1 + 0.15 * Double(block) + 0.2 * sin(Double(x) / 40) * cos(Double(y) / 31)
          + 0.02 * Double((x * 7 + y * 13) % 5)))
  }

  /// A picture of 4:2:0 whose chroma, in codes of 8 bits from neutral, is told by place and luma.
  private func picture(
    bitDepth: Int = 8, width: Int = 320, height: Int = 240, range: ColorRange = .limited,
    chroma: (_ x: Int, _ y: Int, _ luma: Double) -> (Double, Double)
  ) -> Picture {
    let format = PixelFormat.yuv420(bitDepth)
    let scale = CodeScale(bitDepth: bitDepth, range: range)
    let unit = Double(1 << (bitDepth - 8))
    let planes = (0..<3).map { index in
      let size = format.planeSize(index, width: width, height: height)
      return Plane(width: size.width, height: size.height, bitDepth: bitDepth) { base, stride in
        for y in 0..<size.height {
          for x in 0..<size.width {
            var code = luma(x, y) * scale.lumaSpan + scale.lumaOffset
            if index > 0 {
              let (cb, cr) = chroma(2 * x, 2 * y, luma(2 * x, 2 * y))
              code = scale.chromaOffset + (index == 1 ? cb : cr) * unit
            }
            let rounded = Int(min(max(code.rounded(), 0), scale.maximum))
            if bitDepth > 8 {
              base.storeBytes(
                of: UInt16(rounded), toByteOffset: y * stride + 2 * x, as: UInt16.self)
            } else {
              base.storeBytes(of: UInt8(rounded), toByteOffset: y * stride + x, as: UInt8.self)
            }
          }
        }
      }
    }
    return Picture(
      width: width, height: height, format: format,
      color: ColorDescription(matrix: .bt709, range: range), planes: planes)
  }

  private func rgb(_ value: (_ x: Int, _ y: Int) -> SIMD3<Double>) -> Picture {
    let planes = (0..<3).map { channel in
      Plane(width: 320, height: 240, bitDepth: 8) { base, stride in
        for y in 0..<240 {
          for x in 0..<320 {
            let code = min(max(value(x, y)[channel], 0), 1) * 255
            base.storeBytes(
              of: UInt8(code.rounded()), toByteOffset: y * stride + x, as: UInt8.self)
          }
        }
      }
    }
    return Picture(
      width: 320, height: 240, format: .rgb(8),
      color: ColorDescription(matrix: .identity, range: .full), planes: planes)
  }

  @Test(arguments: [8, 10, 16]) func neutralChromaIsGray(bitDepth: Int) {
    let survey = ColorSurvey(picture(bitDepth: bitDepth) { _, _, _ in (0, 0) })
    #expect(survey.content == .gray && !survey.isBlank && survey.tone == .zero)
  }

  @Test func aCastOfSomeCodesAndNoiseOfACaptureAreGray() {
    #expect(ColorSurvey(picture { _, _, _ in (1, -1) }).content == .gray)
    #expect(ColorSurvey(picture { _, _, _ in (-3, 3) }).content == .gray)
    var noise = SystemRandomNumberGenerator()
    let noisy = picture { _, _, _ in
      (Double.random(in: -12...12, using: &noise), Double.random(in: -12...12, using: &noise))
    }
    #expect(ColorSurvey(noisy).content == .gray)
    // Color along edges, of both signs, as composite video leaves it.
    let edges = picture { x, _, _ in x % 46 < 4 ? (x % 4 < 2 ? (14, -14) : (-14, 14)) : (0, 0) }
    #expect(ColorSurvey(edges).content == .gray)
    // A station's logo.
    let logo = picture { x, y, _ in x > 280 && y < 24 ? (-60, 70) : (0, 0) }
    #expect(ColorSurvey(logo).content == .gray)
  }

  @Test func oneHueForEachShadeIsATone() {
    // Sepia, full in the middle; a blue dye; two tones, shadows blue and lights yellow.
    let sepia = ColorSurvey(
      picture { _, _, luma in (-60 * luma * (1 - luma), 36 * luma * (1 - luma)) })
    #expect(sepia.content == .toned && sepia.tone.x < 0 && sepia.tone.y > 0)
    let dyed = ColorSurvey(picture { _, _, luma in (60 * luma, -20 * luma) })
    #expect(dyed.content == .toned && dyed.tone.x > 0 && dyed.tone.y < 0)
    #expect(
      ColorSurvey(picture { _, _, luma in (24 - 40 * luma, 16 * luma - 10) }).content == .toned)
    let flat = ColorSurvey(picture { _, _, _ in (20, 0) })
    #expect(flat.content == .toned && !flat.isBlank)
    // The same of R′G′B′.
    let print = ColorSurvey(rgb { x, y in luma(x, y) * SIMD3(1, 0.85, 0.6) })
    #expect(print.content == .toned && print.tone.x < 0)
    #expect(ColorSurvey(rgb { x, y in SIMD3(repeating: luma(x, y)) }).content == .gray)
  }

  /// Black beside white has no tone on average, gray of the same luma has.
  @Test func textureOfATonedPictureHasNoColorOfItsOwn() {
    let survey = ColorSurvey(
      rgb { x, y in
        let value = x < 160 ? ((x / 3 + y / 5) % 2 == 0 ? 0.02 : 0.98) : luma(x, y)
        return SIMD3(value * value, value, value.squareRoot())
      })
    #expect(survey.content == .toned && survey.tone.x > 0)
  }

  @Test(arguments: [8, 12]) func colorsOfThingsAreColor(bitDepth: Int) {
    // Sky, grass and a person, not strongly colored.
    let scene = picture(bitDepth: bitDepth) { x, y, _ in
      y < 90 ? (12, -6) : x > 200 && y < 200 ? (-6, 10) : (-10, -4)
    }
    #expect(ColorSurvey(scene).content == .color)
    // A red flag in black and white, painted by hand.
    let flag = picture(bitDepth: bitDepth) { x, y, _ in
      (40..<140).contains(x) && (30..<100).contains(y) ? (-20, 60) : (0, 0)
    }
    #expect(ColorSurvey(flag).content == .color)
  }

  @Test func barsAreColorAndBlackIsBlank() {
    let bars = rgb { x, _ in
      let bar = 7 - min(7, x / 40)
      return SIMD3(bar & 2 > 0 ? 0.75 : 0, bar & 4 > 0 ? 0.75 : 0, bar & 1 > 0 ? 0.75 : 0)
    }
    #expect(ColorSurvey(bars).content == .color)
    #expect(ColorSurvey(rgb { _, _ in .zero }).isBlank)
    #expect(!ColorSurvey(bars).isBlank)
  }

  @Test func tinyPicturesAreExamined() {
    for (width, height) in [(1, 1), (2, 3), (17, 1), (1, 40)] {
      let survey = ColorSurvey(picture(width: width, height: height) { _, _, _ in (0, 0) })
      #expect(survey.content == .gray, "\(width)×\(height)")
    }
  }
}
