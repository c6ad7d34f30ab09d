import Imaging
import TestSupport
import Testing

/// Smaller versions of pictures.
@Suite struct ReducedPictureTests {
  @Test(arguments: [
    PixelFormat.yuv420(8), .yuv420(10), .rgb(8), .gray(16),
    PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 1),
  ])
  func eachSampleIsTheMeanOfThoseUnderIt(format: PixelFormat) {
    var random = SeededGenerator()
    for factor in 1...5 {
      let (width, height) = (
        Int.random(in: 20...61, using: &random), Int.random(in: 20...41, using: &random)
      )
      let planes = (0..<format.planeCount).map { index in
        let size = format.planeSize(index, width: width, height: height)
        return Plane(width: size.0, height: size.1, bitDepth: format.bitDepth) { base, bytes in
          for y in 0..<size.1 {
            for x in 0..<size.0 {
              let code = Int.random(in: 0...format.maximumCode, using: &random)
              if format.bitDepth > 8 {
                (base + y * bytes + 2 * x).storeBytes(of: UInt16(code), as: UInt16.self)
              } else {
                (base + y * bytes + x).storeBytes(of: UInt8(code), as: UInt8.self)
              }
            }
          }
        }
      }
      let picture = Picture(
        width: width, height: height, format: format, color: ColorDescription(), planes: planes)
      let small = picture.reduced(by: factor)
      if factor == 1 {
        #expect(small.width == width && small.height == height)
        continue
      }
      #expect(small.width <= width / factor && small.width > width / factor - 2)
      #expect(small.height <= height / factor && small.height > height / factor - 2)
      for (plane, source) in zip(small.planes, planes) {
        for y in 0..<plane.height {
          for x in 0..<plane.width {
            var sum = 0
            for row in 0..<factor {
              for column in 0..<factor { sum += source[x * factor + column, y * factor + row] }
            }
            #expect(
              plane[x, y] == (sum + factor * factor / 2) / (factor * factor), "seed \(random.seed)")
          }
        }
      }
    }
  }
}
