import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// Warmth and tint, in the codes that they end in.
@Suite struct ColorShiftTests {
  private func recombine(
    _ picture: Picture, to output: PixelFormat, a: Float = 0, b: Float = 0, saturation: Float = 1,
    shift: ColorShift, area: PictureArea? = nil
  ) throws -> Picture {
    try Recombiner(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      output: output
    ).recombine(
      picture, area: area, models: [.bilinear(ColorFixtures.flat(a: a, b: b))],
      saturation: saturation, shift: shift)
  }

  /// Each code of limited range in a column of its own.
  private func ramp(bitDepth: Int = 8) -> Picture {
    ColorFixtures.gray(
      256, 4, bitDepth: bitDepth, color: ColorDescription(matrix: .bt709, range: .limited)
    ) { x, _ in x << (bitDepth - 8) }
  }

  @Test func theShareIsWholeInTheMiddleAndNoneAtTheEnds() {
    for (lightness, share) in [
      (-1.0, 0.0), (0, 0), (12.5, 0.5), (25, 1), (50, 1), (75, 1), (87.5, 0.5), (100, 0), (101, 0),
    ] {
      #expect(abs(ColorShift.share(lightness: lightness) - share) < 1e-12)
    }
    // What is as good as black or white is as good as neutral.
    #expect(ColorShift.share(lightness: 2) < 0.02 && ColorShift.share(lightness: 98) < 0.02)
  }

  @Test(arguments: [10, 16], [0, 1]) func colorsMoveByTheirShare(bitDepth: Int, subsampling: Int)
    throws
  {
    var generator = SeededGenerator()
    let shift = ColorShift(
      a: Float.random(in: -10...10, using: &generator),
      b: Float.random(in: -10...10, using: &generator))
    let base = SIMD2(
      Float.random(in: -5...5, using: &generator), Float.random(in: -5...5, using: &generator))
    let picture = ramp(bitDepth: bitDepth)
    let format = PixelFormat(
      model: .yuv, bitDepth: bitDepth, chromaShiftX: subsampling, chromaShiftY: subsampling)
    let result = try recombine(picture, to: format, a: base.x, b: base.y, shift: shift)
    #expect(result.planes[0].base == picture.planes[0].base)
    // Lumas where all these colors are in gamut.
    for x in stride(from: 76, through: 210, by: 2) {
      let lab = try ColorFixtures.lab(result, x: x, y: 1)
      let share = ColorShift.share(lightness: lab.x)
      #expect(
        abs(lab.y - Double(base.x) - share * Double(shift.a)) < 0.8
          && abs(lab.z - Double(base.y) - share * Double(shift.b)) < 0.8,
        "\(lab) at \(x), \(shift), \(base), seed \(generator.seed)")
    }
  }

  @Test(arguments: [PixelFormat.yuv420(8), .yuv444(8), .yuv444(10), .rgb(8), .rgb(16)])
  func blackAndWhiteStayNeutral(format: PixelFormat) throws {
    for shift in [ColorShift(a: 0, b: 20), ColorShift(a: -20, b: -20), ColorShift(a: 20, b: 0)] {
      let picture = ramp()
      let result = try recombine(picture, to: format, shift: shift)
      let untouched = try recombine(picture, to: format, shift: .none)
      var moved = 0
      for x in 0..<256 {
        for (plane, other) in zip(result.planes, untouched.planes) {
          let shiftX = plane.width < 256 ? 1 : 0
          let isEnd = x < 15 || x > 237
          if isEnd { #expect(plane[x >> shiftX, 0] == other[x >> shiftX, 0], "\(x)") }
          if !isEnd, plane[x >> shiftX, 0] != other[x >> shiftX, 0] { moved += 1 }
        }
      }
      #expect(moved > 200)
      // Nearly black and nearly white are nearly neutral.
      for x in [18, 19, 232, 234] where format.bitDepth > 8 {
        let lab = try ColorFixtures.lab(result, x: x, y: 0)
        #expect((lab.y * lab.y + lab.z * lab.z).squareRoot() < 1.5, "\(lab) at \(x)")
      }
    }
  }

  @Test func aShiftComesAfterSaturation() throws {
    let gray = ColorFixtures.gray(
      16, 8, color: ColorDescription(matrix: .bt709, range: .limited)
    ) { _, _ in 120 }
    let toned = try recombine(
      gray, to: .yuv444(16), a: 30, b: -25, saturation: 0, shift: ColorShift(a: 3, b: 9))
    let lab = try ColorFixtures.lab(toned, x: 7, y: 3)
    #expect(abs(lab.y - 3) < 0.3 && abs(lab.z - 9) < 0.3, "\(lab)")
  }

  @Test func barsStayNeutral() throws {
    // Gray bars, so that it is the area that keeps them from the shift.
    let picture = ColorFixtures.gray(64, 48) { _, _ in 128 }
    let area = PictureArea(frameWidth: 64, frameHeight: 48, left: 8, top: 4, width: 40, height: 36)
    for format in [PixelFormat.yuv420(8), .yuv444(10)] {
      let result = try recombine(picture, to: format, shift: ColorShift(a: 8, b: 12), area: area)
      let neutral = 128 << (format.bitDepth - 8)
      for y in 0..<48 {
        for x in 0..<64 {
          let isInside = (8..<48).contains(x) && (4..<40).contains(y)
          let (u, v) = (x >> format.chromaShiftX, y >> format.chromaShiftY)
          for plane in result.planes[1...] { #expect((plane[u, v] != neutral) == isInside) }
        }
      }
    }
  }

  @Test func noShiftGivesTheSameBits() throws {
    let picture = ramp()
    for format in [PixelFormat.yuv420(8), .yuv444(10), .rgb(8)] {
      let recombiner = try Recombiner(
        width: 256, height: 4, format: picture.format, color: picture.color, output: format)
      let models = [ChromaModels.bilinear(ColorFixtures.flat(a: 12, b: -7))]
      let one = try recombiner.recombine(picture, models: models)
      let other = try recombiner.recombine(
        picture, models: models, shift: Look(warmth: 0, tint: 0).shift)
      for (one, other) in zip(one.planes, other.planes) { #expect(one.hasSameSamples(as: other)) }
    }
  }
}
