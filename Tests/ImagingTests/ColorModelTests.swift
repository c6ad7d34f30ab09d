import Foundation
import Imaging
import Testing

@Suite("Color model")
struct ColorModelTests {
  private let sRGB = ColorDescription(
    primaries: .bt709, transfer: .iec61966_2_1, matrix: .identity, range: .full)

  /// CIELAB of the corners of sRGB under D65, from Lindbloom's calculator, two decimals.
  @Test(arguments: [
    (SIMD3(1.0, 0, 0), SIMD3(53.24, 80.09, 67.20)), (SIMD3(0, 1, 0), SIMD3(87.73, -86.18, 83.18)),
    (SIMD3(0, 0, 1), SIMD3(32.30, 79.19, -107.86)), (SIMD3(1, 1, 0), SIMD3(97.14, -21.55, 94.48)),
    (SIMD3(1, 1, 1), SIMD3(100, 0, 0)), (SIMD3(0, 0, 0), SIMD3(0, 0, 0)),
  ])
  func knownColors(rgb: SIMD3<Double>, lab: SIMD3<Double>) throws {
    let found = try ColorModel(sRGB).lab(rgb: rgb)
    let difference = found - lab
    #expect((difference * difference).sum().squareRoot() < 0.06, "\(found)")
  }

  @Test func middleGray() throws {
    // 18.42 % reflectance is L* 50; sRGB 119 is 18.45 %.
    #expect(abs(Lab.lightness(luminance: 0.184187) - 50) < 1e-3)
    #expect(abs(try ColorModel(sRGB).lightness(luma: 119.0 / 255) - 50.03) < 0.01)
  }

  /// Codes of full red, from the published tables of both standards.
  @Test func codesOfRed() throws {
    for (matrix, codes) in [
      (MatrixCoefficients.bt709, (63, 102, 240)), (.smpte170M, (81, 90, 240)),
    ] {
      let weights = try LumaWeights(matrix)
      let scale = CodeScale(bitDepth: 8, range: .limited)
      let chroma = weights.chroma(SIMD3(1, 0, 0))
      let luma = weights.luma(SIMD3(1, 0, 0)) * scale.lumaSpan + scale.lumaOffset
      #expect(Int(luma.rounded()) == codes.0)
      #expect(scale.chromaCode(chroma.cb) == codes.1 && scale.chromaCode(chroma.cr) == codes.2)
    }
  }

  @Test(arguments: 8...16) func neutralIsTheMiddleCode(bitDepth: Int) {
    for range in [ColorRange.limited, .full] {
      let scale = CodeScale(bitDepth: bitDepth, range: range)
      #expect(scale.chromaCode(0) == 1 << (bitDepth - 1))
      #expect(scale.chroma(Double(1 << (bitDepth - 1))) == 0)
    }
    let limited = CodeScale(bitDepth: bitDepth, range: .limited)
    let unit = 1 << (bitDepth - 8)
    #expect(limited.luma(Double(16 * unit)) == 0 && limited.luma(Double(235 * unit)) == 1)
    #expect(limited.chromaCode(-0.5) == 16 * unit && limited.chromaCode(0.5) == 240 * unit)
  }

  @Test(arguments: [1, 2, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 18])
  func transferGoesThereAndBack(tag: Int) throws {
    let transfer = try TransferFunction(TransferCharacteristics(rawValue: tag))
    var before = -Double.infinity
    for step in -10...110 {
      let code = Double(step) / 100
      let light = transfer.linear(code)
      #expect(light > before || tag == 16, "transfer \(tag) falls at \(code)")
      #expect(abs(transfer.code(light) - code) < 1e-6, "transfer \(tag) at \(code)")
      before = light
    }
    #expect(transfer.linear(0) == 0)
  }

  @Test func whiteIsWhite() throws {
    for tag in [TransferCharacteristics.bt709, .iec61966_2_1, .gamma22, .gamma28, .linear] {
      #expect(try TransferFunction(tag).linear(1) == 1)
    }
    // Reference white of BT.2408: 58 % PQ (203 cd/m²), 75 % HLG.
    #expect(abs(try TransferFunction(.pq).linear(0.5806) - 1) < 0.01)
    #expect(abs(try TransferFunction(.hlg).linear(0.75) - 1) < 1e-9)
  }

  @Test(arguments: [1, 4, 5, 6, 7, 8, 9, 11, 12, 22])
  func neutralHasNoColorUnderAnyPrimaries(tag: Int) throws {
    var color = sRGB
    color.primaries = ColorPrimaries(rawValue: tag)
    let model = try ColorModel(color)
    for gray in [0.02, 0.3, 0.9] {
      let lab = model.lab(rgb: SIMD3(repeating: gray))
      #expect(abs(lab.y) < 1e-9 && abs(lab.z) < 1e-9)
      #expect(abs(lab.x - model.lightness(luma: gray)) < 1e-9)
      #expect(abs(model.luma(lightness: lab.x) - gray) < 1e-9)
    }
  }

  @Test func labGoesThereAndBack() throws {
    let model = try ColorModel(sRGB)
    for red in stride(from: 0.0, through: 1, by: 0.25) {
      for green in stride(from: 0.0, through: 1, by: 0.25) {
        for blue in stride(from: 0.0, through: 1, by: 0.25) {
          let back =
            model.rgb(lab: model.lab(rgb: SIMD3(red, green, blue))) - SIMD3(red, green, blue)
          #expect((back * back).sum() < 1e-18)
        }
      }
    }
  }

  @Test func foreignTagsAreRefusedByName() {
    #expect(throws: ImagingError.unsupportedMatrix(8)) {
      try ColorModel(ColorDescription(matrix: MatrixCoefficients(rawValue: 8)))
    }
    #expect(throws: ImagingError.unsupportedTransfer(99)) {
      try ColorModel(ColorDescription(transfer: TransferCharacteristics(rawValue: 99)))
    }
    #expect(throws: ImagingError.unsupportedPrimaries(42)) {
      try ColorModel(ColorDescription(primaries: ColorPrimaries(rawValue: 42)))
    }
    #expect("\(ImagingError.unsupportedMatrix(8))".contains("matrix coefficients 8"))
  }

  @Test func unspecifiedTagsFollowTheSizeAndTheKind() {
    let none = ColorDescription()
    let hd = none.resolved(width: 1920, height: 1080, format: .yuv420(8))
    #expect(hd.matrix == .bt709 && hd.range == .limited && hd.primaries == .bt709)
    #expect(hd.transfer == .bt709 && hd.chromaLocation == .left)
    let pal = none.resolved(width: 720, height: 576, format: .yuv420(8))
    #expect(pal.matrix == .bt470BG && pal.primaries == .bt470BG && pal.transfer == .smpte170M)
    let ntsc = none.resolved(width: 720, height: 480, format: .yuv420(8))
    #expect(ntsc.matrix == .smpte170M && ntsc.primaries == .smpte170M)
    let above = none.resolved(width: 720, height: 577, format: .yuv420(8))
    #expect(above.matrix == .bt709)
    let gray = none.resolved(width: 1920, height: 1080, format: .gray(8))
    #expect(gray.range == .full && gray.matrix == .bt709)
    let rgb = none.resolved(width: 720, height: 576, format: .rgb(8))
    #expect(rgb.matrix == .identity && rgb.range == .full)
    #expect(rgb.transfer == .iec61966_2_1 && rgb.primaries == .bt709)
    let png = ColorDescription(matrix: .identity).resolved(width: 9, height: 9, format: .gray(8))
    #expect(png.matrix == .smpte170M)
  }

  @Test func givenTagsStay() {
    let given = ColorDescription(
      primaries: .bt2020, transfer: .pq, matrix: .bt2020NonConstant, range: .full,
      chromaLocation: .topLeft)
    #expect(given.resolved(width: 640, height: 480, format: .yuv420(10)) == given)
  }

  @Test func lightnessCurveFollowsTheExactOne() throws {
    let model = try ColorModel(sRGB)
    let curve = LightnessCurve(model)
    var values = (0...1000).map { Float($0) / 1000 }
    let count = values.count
    values.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { curve.lightness(ofLuma: base, count: count) }
    }
    for (index, value) in values.enumerated() {
      #expect(abs(Double(value) - model.lightness(luma: Double(index) / 1000)) < 0.002)
    }
  }
}
