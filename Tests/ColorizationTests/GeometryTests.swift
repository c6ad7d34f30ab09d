import Colorization
import Imaging
import Testing

@Suite("Working geometry")
struct WorkingGeometryTests {
  @Test func fullHD() {
    let g = WorkingGeometry(width: 1920, height: 1080, shortSide: 256, stride: 16, scale: 4)
    #expect((g.workingWidth, g.workingHeight) == (456, 256))
    #expect((g.paddedWidth, g.paddedHeight) == (464, 256))
    #expect((g.gridWidth, g.gridHeight) == (114, 64))
    #expect((g.paddedGridWidth, g.paddedGridHeight) == (116, 64))
  }

  @Test func uprightAndSquare() {
    let upright = WorkingGeometry(width: 1080, height: 1920, shortSide: 256, stride: 16, scale: 4)
    #expect((upright.workingWidth, upright.workingHeight) == (256, 456))
    let square = WorkingGeometry(width: 3000, height: 3000, shortSide: 256, stride: 32, scale: 8)
    #expect((square.workingWidth, square.workingHeight) == (256, 256))
  }

  @Test func smallPicturesAreNotEnlargedBeyondOneCell() {
    let small = WorkingGeometry(width: 101, height: 66, shortSide: 256, stride: 16, scale: 4)
    #expect((small.workingWidth, small.workingHeight) == (104, 68))
    #expect((small.paddedWidth, small.paddedHeight) == (112, 80))
    let dot = WorkingGeometry(width: 1, height: 1, shortSide: 256, stride: 16, scale: 4)
    #expect((dot.workingWidth, dot.workingHeight, dot.paddedWidth) == (4, 4, 16))
    #expect((dot.gridWidth, dot.gridHeight) == (1, 1))
  }

  @Test func samplesThatAreNotSquare() {
    // PAL 16:9: 720 samples shown as wide as 1024.
    let wide = WorkingGeometry(
      width: 720, height: 576, shortSide: 256, stride: 16, scale: 4,
      sampleAspectRatio: Rational(64, 45))
    #expect((wide.workingWidth, wide.workingHeight) == (456, 256))
    let unknown = WorkingGeometry(
      width: 720, height: 576, shortSide: 256, stride: 16, scale: 4,
      sampleAspectRatio: Rational(0, 1))
    #expect((unknown.workingWidth, unknown.workingHeight) == (320, 256))
  }

  @Test func everySizeHoldsTogether() {
    for (stride, scale) in [(16, 4), (8, 4), (32, 1), (6, 4), (1, 1)] {
      for width in [1, 15, 16, 17, 255, 640, 4096] {
        for height in [1, 16, 33, 576, 2160] {
          let g = WorkingGeometry(
            width: width, height: height, shortSide: 256, stride: stride, scale: scale)
          #expect(g.workingWidth == g.gridWidth * scale && g.workingHeight == g.gridHeight * scale)
          #expect(g.paddedWidth == g.paddedGridWidth * scale && g.paddedWidth % stride == 0)
          #expect(g.paddedHeight == g.paddedGridHeight * scale && g.paddedHeight % stride == 0)
          #expect(g.paddedWidth >= g.workingWidth && g.paddedHeight >= g.workingHeight)
          #expect(g.workingWidth < width + scale && g.workingHeight < height + scale)
        }
      }
    }
  }
}
