import Imaging
import TestSupport
import Testing

/// Y′CbCr of one matrix in the codes of another.
@Suite struct MatrixConversionTests {
  private static func color(_ matrix: MatrixCoefficients, _ range: ColorRange) -> ColorDescription {
    var color = ColorDescription()
    (color.matrix, color.range) = (matrix, range)
    return color
  }

  private static let pairs: [(ColorDescription, ColorDescription)] = [
    (color(.bt709, .limited), color(.smpte170M, .full)),
    (color(.bt709, .limited), color(.bt709, .limited)),
    (color(.smpte170M, .full), color(.bt2020NonConstant, .limited)),
    (color(.bt2020NonConstant, .limited), color(.bt709, .full)),
  ]

  /// The largest difference of the codes from those that R′G′B′ has in the other matrix.
  private func largestError(
    _ picture: Picture, _ converted: Picture, from: ColorDescription, to: ColorDescription
  ) throws -> Double {
    let (source, target) = (try LumaWeights(from.matrix), try LumaWeights(to.matrix))
    let own = CodeScale(bitDepth: 8, range: from.range)
    let other = CodeScale(bitDepth: 8, range: to.range)
    let format = picture.format
    var largest = 0.0
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let (u, v) = (x >> format.chromaShiftX, y >> format.chromaShiftY)
        let cb = own.chroma(Double(picture.planes[1][u, v]))
        let cr = own.chroma(Double(picture.planes[2][u, v]))
        let rgb = source.rgb(luma: own.luma(Double(picture.planes[0][x, y])), cb: cb, cr: cr)
        let chroma = target.chroma(source.rgb(luma: 0.5, cb: cb, cr: cr))
        let expected = [
          target.luma(rgb) * other.lumaSpan + other.lumaOffset,
          chroma.cb * other.chromaSpan + other.chromaOffset,
          chroma.cr * other.chromaSpan + other.chromaOffset,
        ].map { min(max($0, 0), 255) }
        let found = [
          converted.planes[0][x, y], converted.planes[1][u, v], converted.planes[2][u, v],
        ]
        for (one, two) in zip(expected, found) { largest = max(largest, abs(one - Double(two))) }
      }
    }
    return largest
  }

  @Test(arguments: 0..<4, [PixelFormat.yuv420(8), .yuv444(8)])
  func codesAreThoseOfTheSameColors(pair: Int, format: PixelFormat) throws {
    var random = SeededGenerator()
    let (from, to) = Self.pairs[pair]
    let (width, height) = (37, 22)
    let planes = (0..<3).map { index in
      let size = format.planeSize(index, width: width, height: height)
      return Plane(width: size.width, height: size.height, bitDepth: 8) { base, bytes in
        for y in 0..<size.height {
          for x in 0..<size.width {
            (base + y * bytes + x).storeBytes(
              of: UInt8.random(in: 0...255, using: &random), as: UInt8.self)
          }
        }
      }
    }
    let picture = Picture(width: width, height: height, format: format, color: from, planes: planes)
    let converted = try #require(try picture.converted(to: to))
    #expect(converted.color.matrix == to.matrix && converted.color.range == to.range)
    #expect(
      try largestError(picture, converted, from: from, to: to) <= 0.51, "seed \(random.seed)")
    if from != to {
      // The comparison tells the codes as they were from those of the other matrix.
      #expect(try largestError(picture, picture, from: from, to: to) > 2)
    }
  }

  @Test func deeperPicturesAreLeftToOthers() throws {
    let planes = (0..<3).map { index in
      let size = PixelFormat.yuv420(10).planeSize(index, width: 8, height: 8)
      return Plane.repeating(512, width: size.width, height: size.height, bitDepth: 10)
    }
    let picture = Picture(
      width: 8, height: 8, format: .yuv420(10), color: ColorDescription(), planes: planes)
    #expect(try picture.converted(to: Self.color(.bt709, .full)) == nil)
  }
}
