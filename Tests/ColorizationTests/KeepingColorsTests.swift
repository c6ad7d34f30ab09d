import Colorization
import Imaging
import Testing

/// Pictures that keep the colors that they came with, in the form that an output wants.
@Suite struct KeepingColorsTests {
  private let color = ColorDescription(
    primaries: .bt709, transfer: .bt709, matrix: .bt709, range: .limited, chromaLocation: .left)

  private func plane(_ width: Int, _ height: Int, _ depth: Int, _ code: (Int, Int) -> Int) -> Plane
  {
    Plane(width: width, height: height, bitDepth: depth) { base, stride in
      for y in 0..<height {
        for x in 0..<width {
          if depth > 8 {
            base.storeBytes(
              of: UInt16(code(x, y)), toByteOffset: y * stride + 2 * x, as: UInt16.self)
          } else {
            base.storeBytes(of: UInt8(code(x, y)), toByteOffset: y * stride + x, as: UInt8.self)
          }
        }
      }
    }
  }

  private func picture(_ format: PixelFormat, _ color: ColorDescription) -> Picture {
    let unit = 1 << (format.bitDepth - 8)
    return Picture(
      width: 48, height: 32, format: format, color: color,
      planes: (0..<3).map { index in
        let size = format.planeSize(index, width: 48, height: 32)
        return plane(size.width, size.height, format.bitDepth) { x, y in
          (index == 0 ? 60 + 2 * x + y : 100 + 20 * index + x - y) * unit
            + (unit > 1 ? x % unit : 0)
        }
      })
  }

  private func kept(
    _ picture: Picture, as format: PixelFormat, wanted: ColorDescription = ColorDescription()
  ) throws -> Picture {
    try Recombiner(
      width: 48, height: 32, format: picture.format, color: picture.color, output: format,
      wanted: wanted
    ).keepingColors(of: picture)
  }

  @Test(arguments: [PixelFormat.yuv420(8), .yuv420(10), .yuv444(12), .rgb(8), .rgb(16)])
  func inItsOwnFormatEveryPlaneIsPassedOn(format: PixelFormat) throws {
    let color = format.model == .rgb ? ColorDescription(matrix: .identity, range: .full) : color
    let source = picture(format, color)
    let result = try kept(source, as: format)
    for (one, other) in zip(source.planes, result.planes) {
      #expect(one.base == other.base && one.hasSameSamples(as: other))
    }
  }

  @Test func deeperCodesAreTheSameTimesAPowerOfTwo() throws {
    let source = picture(.yuv420(8), color)
    let result = try kept(source, as: .yuv420(10))
    for (one, other) in zip(source.planes, result.planes) {
      for y in 0..<one.height {
        for x in 0..<one.width { #expect(other[x, y] == 4 * one[x, y]) }
      }
    }
  }

  @Test func otherFormatsShowTheSameColors() throws {
    let tag = ColorDescription(matrix: .smpte170M, range: .full, chromaLocation: .center)
    let cases: [(PixelFormat, PixelFormat, ColorDescription)] = [
      (.yuv420(8), .yuv444(8), ColorDescription()), (.yuv420(8), .yuv444(8), tag),
      (.yuv420(8), .rgb(8), ColorDescription()), (.rgb(8), .yuv444(10), ColorDescription()),
      (.rgb(8), .yuv420(10), ColorDescription()), (.yuv444(8), .yuv420(8), tag),
      (.rgb(8), .rgb(16), ColorDescription()), (.rgb(16), .rgb(8), ColorDescription()),
    ]
    for (from, to, wanted) in cases {
      let source = picture(
        from, from.model == .rgb ? ColorDescription(matrix: .identity, range: .full) : color)
      let result = try kept(source, as: to, wanted: wanted)
      #expect(result.format == to)
      let (before, after) = (try RGBImage(source), try RGBImage(result))
      // Borders apart, where subsampling repeats what lies outside.
      for y in 4..<28 {
        for x in 4..<44 {
          for channel in 0..<3 {
            let at = (y * 48 + x) * 3 + channel
            #expect(
              abs(Int(before.codes[at]) - Int(after.codes[at])) <= 3,
              "\(from) to \(to) at \(x),\(y)")
          }
        }
      }
    }
  }
}
