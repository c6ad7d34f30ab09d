import Colorization
import Imaging
import Testing

@Suite("Recombiner")
struct RecombinerTests {
  private func ramp(
    _ width: Int = 37, _ height: Int = 23, bitDepth: Int = 8, range: ColorRange = .limited
  ) -> Picture {
    let color = ColorDescription(matrix: .bt709, range: range)
    let unit = 1 << (bitDepth - 8)
    return ColorFixtures.gray(width, height, bitDepth: bitDepth, color: color) { x, y in
      (50 + 3 * x + 2 * y) * unit + (unit > 1 ? x % unit : 0)
    }
  }

  private func recombine(
    _ picture: Picture, to output: PixelFormat, a: Float = 15, b: Float = -12,
    saturation: Float = 1
  ) throws -> Picture {
    try Recombiner(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      output: output
    ).recombine(
      picture, models: [.bilinear(ColorFixtures.flat(a: a, b: b))], saturation: saturation)
  }

  private static let subsamplings: [(Int, Int)] = [(0, 0), (1, 0), (1, 1), (0, 1), (2, 0), (2, 2)]

  @Test func lumaIsTheVerySameMemory() throws {
    for bitDepth in [8, 10, 12, 16] {
      for (shiftX, shiftY) in Self.subsamplings {
        let picture = ramp(bitDepth: bitDepth)
        let format = PixelFormat(
          model: .yuv, bitDepth: bitDepth, chromaShiftX: shiftX, chromaShiftY: shiftY)
        let result = try recombine(picture, to: format)
        #expect(result.planes[0].base == picture.planes[0].base)
        #expect(result.planes[0].bytesPerRow == picture.planes[0].bytesPerRow)
        #expect(result.color.matrix == .bt709 && result.color.range == .limited)
        #expect(result.color.primaries == .bt709 && result.color.transfer == .bt709)
      }
    }
  }

  @Test(arguments: [ColorRange.limited, .full]) func codesDecodeToTheWantedColor(
    range: ColorRange
  ) throws {
    for bitDepth in [8, 10, 16] {
      for (shiftX, shiftY) in Self.subsamplings {
        let picture = ramp(bitDepth: bitDepth, range: range)
        let format = PixelFormat(
          model: .yuv, bitDepth: bitDepth, chromaShiftX: shiftX, chromaShiftY: shiftY)
        let result = try recombine(picture, to: format)
        // A code of 8-bit chroma, which dither may be off by, is about 1.5 units of a and b; a coarse chroma
        // sample serves lumas that differ.
        let tolerance = (bitDepth == 8 ? 1.7 : 0.45) + 0.35 * Double(shiftX + shiftY)
        for (x, y) in [(0, 0), (36, 0), (0, 22), (36, 22), (18, 11), (35, 21)] {
          let lab = try ColorFixtures.lab(result, x: x, y: y)
          #expect(
            abs(lab.y - 15) < tolerance && abs(lab.z + 12) < tolerance,
            "\(format) \(range) at (\(x), \(y)): \(lab)")
        }
      }
    }
  }

  /// Eight by eight codes of one color mean it to 1/64 of a code, none is off by a whole one, and each frame
  /// has the same.
  @Test(arguments: [8, 10]) func ditherKeepsTheMean(bitDepth: Int) throws {
    let unit = Double(1 << (16 - bitDepth))
    for step in 0..<8 {
      func planes(_ bitDepth: Int) throws -> [Plane] {
        let flat = ColorFixtures.gray(
          24, 16, bitDepth: bitDepth, color: ColorDescription(matrix: .bt709, range: .limited)
        ) { _, _ in 120 << (bitDepth - 8) }
        return try recombine(
          flat, to: .yuv444(bitDepth), a: 15 + 0.1 * Float(step), b: -12
        ).planes
      }
      let (fine, coarse, again) = (try planes(16), try planes(bitDepth), try planes(bitDepth))
      for plane in 1...2 {
        let wanted = Double(fine[plane][0, 0]) / unit
        for (left, top) in [(0, 0), (8, 8), (16, 0)] {
          let places = (0..<64).map { (left + $0 % 8, top + $0 / 8) }
          let codes = places.map { Double(coarse[plane][$0.0, $0.1]) }
          #expect(abs(codes.reduce(0, +) / 64 - wanted) < 1.1 / 64)
          #expect(codes.allSatisfy { abs($0 - wanted) < 1 })
          #expect(places.allSatisfy { again[plane][$0.0, $0.1] == coarse[plane][$0.0, $0.1] })
        }
      }
    }
  }

  @Test(arguments: [8, 10, 12, 14, 16]) func noColorIsExactlyTheMiddleCode(bitDepth: Int) throws {
    for saturation: Float in [0, 1] {
      let result = try recombine(
        ramp(bitDepth: bitDepth), to: .yuv420(bitDepth), a: saturation == 0 ? 40 : 0,
        b: saturation == 0 ? 30 : 0, saturation: saturation)
      for plane in result.planes[1...] {
        for y in 0..<plane.height {
          for x in 0..<plane.width { #expect(plane[x, y] == 1 << (bitDepth - 1)) }
        }
      }
    }
  }

  @Test func saturationScalesColor() throws {
    let half = try recombine(ramp(bitDepth: 16), to: .yuv444(16), saturation: 0.5)
    let lab = try ColorFixtures.lab(half, x: 10, y: 10)
    #expect(abs(lab.y - 7.5) < 0.1 && abs(lab.z + 6) < 0.1)
  }

  /// Luma that steps up right of column 7 (a sample's own place tells the siting apart): what is wanted is a
  /// color that depends on luma, so the chroma codes show which luma each sample saw.
  @Test func chromaSeesTheLumaOfItsPlace() throws {
    let picture = ColorFixtures.gray(
      16, 2, bitDepth: 16, color: ColorDescription(matrix: .bt709, range: .full)
    ) { x, _ in x < 8 ? 10000 : 50000 }
    func chroma(_ location: ChromaLocation) throws -> [Int] {
      var source = picture
      source.color.chromaLocation = location
      let result = try recombine(source, to: .yuv420(16), a: 20, b: 20)
      return (0..<8).map { result.planes[2][$0, 0] }
    }
    let centered = try chroma(.center)
    let cosited = try chroma(.left)
    // Centered: columns 6, 7 and 8, 9 do not mix. Cosited at 8: a quarter of column 7.
    func isSame(_ one: Int, _ other: Int) -> Bool { abs(one - other) <= 1 }  // but for dither
    #expect(isSame(centered[3], centered[2]) && isSame(centered[4], centered[5]))
    #expect(isSame(cosited[3], centered[3]) && isSame(cosited[5], centered[5]))
    #expect(!isSame(cosited[4], cosited[5]) && !isSame(cosited[4], cosited[3]))
  }

  @Test func deeperOutputScalesLumaExactly() throws {
    let limited = ramp(range: .limited)
    let ten = try recombine(limited, to: .yuv420(10))
    let full = ramp(range: .full)
    let sixteen = try recombine(full, to: .yuv444(16))
    for y in 0..<limited.height {
      for x in 0..<limited.width {
        #expect(ten.planes[0][x, y] == limited.planes[0][x, y] * 4)
        #expect(sixteen.planes[0][x, y] == full.planes[0][x, y] * 257)
      }
    }
  }

  @Test func alphaIsPassedOn() throws {
    let gray = ramp()
    let alpha = ColorFixtures.plane(37, 23) { x, y in x + y }
    let picture = Picture(
      width: 37, height: 23, format: PixelFormat(model: .gray, bitDepth: 8, hasAlpha: true),
      color: gray.color, planes: [gray.planes[0], alpha])
    let same = try recombine(
      picture, to: PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 1, hasAlpha: true))
    #expect(same.alpha?.base == alpha.base)
    let deeper = try recombine(
      picture, to: PixelFormat(model: .rgb, bitDepth: 16, hasAlpha: true))
    #expect(deeper.alpha?[36, 22] == (36 + 22) * 257)
    let opaque = try recombine(gray, to: PixelFormat(model: .yuv, bitDepth: 8, hasAlpha: true))
    #expect(opaque.alpha?[5, 5] == 255)
    #expect(try recombine(picture, to: .yuv420(8)).alpha == nil)
  }

  @Test func grayToRGBAndRGBToRGBKeepLuma() throws {
    let gray = ramp(range: .full)
    let copies = [ColorPrimaries.bt709].map { _ in gray.planes[0] }
    let source = Picture(
      width: 37, height: 23, format: .rgb(8), color: ColorDescription(),
      planes: [copies[0], copies[0], copies[0]])
    let weights = try LumaWeights(.bt709)
    for picture in [gray, source] {
      for bitDepth in [8, 16] {
        let result = try recombine(picture, to: .rgb(bitDepth))
        #expect(result.color.matrix == .identity && result.color.range == .full)
        let maximum = Double((1 << bitDepth) - 1)
        for (x, y) in [(0, 0), (36, 22), (20, 7)] {
          let rgb = SIMD3((0..<3).map { Double(result.planes[$0][x, y]) / maximum })
          let luma = Double(gray.planes[0][x, y]) / 255
          #expect(abs(weights.luma(rgb) - luma) < 0.51 / maximum + 1e-5)
          let lab = try ColorFixtures.lab(result, x: x, y: y)
          #expect(abs(lab.y - 15) < 0.8 && abs(lab.z + 12) < 0.8, "\(picture.format): \(lab)")
        }
        let neutral = try recombine(picture, to: .rgb(8), a: 0, b: 0)
        for plane in neutral.planes { #expect(plane.hasSameSamples(as: gray.planes[0])) }
      }
    }
  }

  @Test func rgbToYUVMakesLimitedLuma() throws {
    let gray = ColorFixtures.plane(8, 700) { x, y in (x * 30 + y) % 256 }
    let source = Picture(
      width: 8, height: 700, format: .rgb(8), color: ColorDescription(),
      planes: [gray, gray, gray])
    let result = try recombine(source, to: .yuv420(10))
    #expect(result.color.matrix == .bt709 && result.color.range == .limited)
    #expect(result.color.transfer == .iec61966_2_1)
    for (x, y) in [(0, 0), (7, 699), (3, 255)] {
      let exact = Double(gray[x, y]) / 255 * 876 + 64
      #expect(abs(Double(result.planes[0][x, y]) - exact) <= 0.51)
    }
  }

  @Test(arguments: [(1, 1), (2, 1), (1, 2), (3, 3), (16, 16)])
  func smallestPictures(width: Int, height: Int) throws {
    for (shiftX, shiftY) in Self.subsamplings {
      let format = PixelFormat(
        model: .yuv, bitDepth: 8, chromaShiftX: shiftX, chromaShiftY: shiftY)
      let result = try recombine(ramp(width, height), to: format)
      let lab = try ColorFixtures.lab(result, x: width - 1, y: height - 1)
      #expect(abs(lab.y - 15) < 2.5 && abs(lab.z + 12) < 2.5, "\(format): \(lab)")
    }
  }

  @Test func sourceChromaIsIgnored() throws {
    let luma = ramp().planes[0]
    let format = PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 1)
    let wild = (0..<2).map { _ in ColorFixtures.plane(19, 23) { x, y in (x * y * 31) % 256 } }
    let picture = Picture(
      width: 37, height: 23, format: format, color: ramp().color, planes: [luma] + wild)
    let fromYUV = try recombine(picture, to: .yuv420(8))
    let fromGray = try recombine(ramp(), to: .yuv420(8))
    #expect(fromYUV.planes[1].hasSameSamples(as: fromGray.planes[1]))
    #expect(fromYUV.planes[2].hasSameSamples(as: fromGray.planes[2]))
  }

  @Test func whatDoesNotFitIsRefused() throws {
    #expect(throws: ColorizationError.self) { try recombine(ramp(), to: .gray(8)) }
    let recombiner = try Recombiner(
      width: 64, height: 64, format: .gray(8), color: ColorDescription(), output: .yuv420(8))
    #expect(throws: ColorizationError.self) {
      try recombiner.recombine(ramp(), models: [.bilinear(ColorFixtures.flat(a: 0, b: 0))])
    }
    #expect(throws: ImagingError.unsupportedMatrix(14)) {
      try Recombiner(
        width: 64, height: 64, format: .yuv420(10),
        color: ColorDescription(matrix: MatrixCoefficients(rawValue: 14)), output: .yuv420(10))
    }
  }

  /// Fields of two brightnesses under colors that follow the luma: each chroma row is that of its own
  /// field, where a frame taken as one has a mixture.
  @Test(arguments: [16, 23]) func chromaFollowsTheLumaOfItsField(height: Int) throws {
    let color = ColorDescription(matrix: .bt709, range: .limited)
    func picture(_ even: Int, _ odd: Int) -> Picture {
      ColorFixtures.gray(20, height, color: color) { _, y in y % 2 == 0 ? even : odd }
    }
    // Small luma of two tones, so that the guided models tell them apart by color.
    let lightness = FloatImage(width: 20, height: 16) { out in
      for index in 0..<320 { out[index] = index % 20 < 10 ? 20 : 80 }
    }
    let ab = FloatImage(width: 20, height: 16, channels: 2) { out in
      for index in 0..<640 { out[index] = index % 20 < 10 ? -20 : 25 }
    }
    let models = GuidedUpsampler().models(
      ab: ab, lightness: lightness, curve: LightnessCurve(try ColorModel(color)))
    func chroma(_ picture: Picture, isInterlaced: Bool) throws -> [Plane] {
      try Recombiner(
        width: 20, height: height, format: picture.format, color: color, output: .yuv420(8)
      ).recombine(picture, models: [ChromaModels](repeating: models, count: isInterlaced ? 2 : 1))
        .planes
    }
    let fields = try chroma(picture(60, 190), isInterlaced: true)
    let (even, odd) = (
      try chroma(picture(60, 60), isInterlaced: true),
      try chroma(picture(190, 190), isInterlaced: true)
    )
    let mixed = try chroma(picture(60, 190), isInterlaced: false)
    // One tone has no fields.
    let plain = try chroma(picture(60, 60), isInterlaced: false)
    for plane in 1...2 {
      for y in 0..<fields[plane].height {
        let own = y % 2 == 0 ? even[plane] : odd[plane]
        for x in 0..<10 {
          #expect(fields[plane][x, y] == own[x, y], "plane \(plane), (\(x), \(y))")
          // Dither has the rows of the field, or of the frame.
          #expect(abs(even[plane][x, y] - plain[plane][x, y]) <= 1)
        }
      }
    }
    #expect(abs(even[1][5, 4] - odd[1][5, 4]) > 8)
    #expect(mixed[1][5, 4] != fields[1][5, 4])
  }

  /// Each row of chroma or R′G′B′ has the colors of its own field.
  @Test(arguments: [PixelFormat.yuv420(8), .yuv444(8), .rgb(8)])
  func eachFieldHasItsOwnColors(output: PixelFormat) throws {
    let color = ColorDescription(matrix: .bt709, range: .limited)
    let picture = ColorFixtures.gray(20, 16, color: color) { _, _ in 120 }
    let (even, odd) = (
      ChromaModels.bilinear(ColorFixtures.flat(a: -20, b: 10)),
      ChromaModels.bilinear(ColorFixtures.flat(a: 25, b: -15))
    )
    func planes(_ models: [ChromaModels]) throws -> [Plane] {
      try Recombiner(
        width: 20, height: 16, format: picture.format, color: color, output: output
      ).recombine(picture, models: models).planes
    }
    let (fields, own) = (
      try planes([even, odd]), [try planes([even, even]), try planes([odd, odd])]
    )
    for plane in (output.model == .rgb ? 0 : 1)..<3 {
      for y in 0..<fields[plane].height {
        for x in 0..<fields[plane].width {
          #expect(fields[plane][x, y] == own[y % 2][plane][x, y], "plane \(plane), (\(x), \(y))")
          #expect(own[0][plane][x, y] != own[1][plane][x, y])
        }
      }
    }
  }
}
