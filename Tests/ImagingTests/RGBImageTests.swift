import Imaging
import Testing

@Suite("RGB images")
struct RGBImageTests {
  private func plane(_ width: Int, _ height: Int, bitDepth: Int = 8, _ code: (Int, Int) -> Int)
    -> Plane
  {
    Plane(width: width, height: height, bitDepth: bitDepth) { base, bytesPerRow in
      for y in 0..<height {
        for x in 0..<width {
          if bitDepth > 8 {
            base.storeBytes(
              of: UInt16(code(x, y)), toByteOffset: y * bytesPerRow + 2 * x, as: UInt16.self)
          } else {
            base.storeBytes(
              of: UInt8(code(x, y)), toByteOffset: y * bytesPerRow + x, as: UInt8.self)
          }
        }
      }
    }
  }

  @Test func limitedRangeYUVIsThatOfTheStandard() throws {
    // BT.709 bars at 10 bits: white, black, and red at 100 %.
    let codes = [(940, 512, 512), (64, 512, 512), (250, 409, 960)]
    let planes = (0..<3).map { index in
      plane(3, 1, bitDepth: 10) { x, _ in [codes[x].0, codes[x].1, codes[x].2][index] }
    }
    let image = try RGBImage(
      Picture(
        width: 3, height: 1, format: .yuv444(10),
        color: ColorDescription(matrix: .bt709, range: .limited), planes: planes))
    #expect(image.codes == [255, 255, 255, 0, 0, 0, 255, 0, 0])
  }

  @Test(arguments: [
    (ChromaLocation.left, [100, 120, 140, 160, 180, 180]),
    (.center, [100, 110, 130, 150, 170, 180]),
  ])
  func chromaIsInterpolatedBetweenItsPlaces(location: ChromaLocation, expected: [Int]) throws {
    // Cr ramps; at full range red is Y′ + 1.5748·Cr in BT.709, blue is Y′.
    let color = ColorDescription(matrix: .bt709, range: .full, chromaLocation: location)
    let image = try RGBImage(
      Picture(
        width: 6, height: 2, format: .yuv420(8), color: color,
        planes: [
          plane(6, 2) { _, _ in 100 }, plane(3, 1) { _, _ in 128 },
          plane(3, 1) { x, _ in 100 + 40 * x },
        ]))
    for y in 0..<2 {
      for x in 0..<6 {
        let red = Int((100 + 1.5748 * Double(expected[x] - 128)).rounded())
        #expect(abs(Int(image.codes[(y * 6 + x) * 3]) - red) <= 1, "(\(x), \(y))")
        #expect(image.codes[(y * 6 + x) * 3 + 2] == 100)
      }
    }
  }

  @Test func aPictureWithoutColorKeepsItsLuma() throws {
    let luma = plane(4, 2, bitDepth: 10) { x, y in 64 + 100 * x + y }
    let film = Picture(
      width: 4, height: 2, format: .yuv420(10),
      color: ColorDescription(matrix: .bt709, range: .limited),
      planes: [
        luma, plane(2, 1, bitDepth: 10) { x, _ in 300 + x },
        plane(2, 1, bitDepth: 10) { _, _ in 700 },
      ])
    let gray = try film.withoutColor()
    #expect(gray.format == .gray(10))
    #expect(gray.luma.hasSameSamples(as: luma))
    #expect(gray.color.range == .limited && gray.color.matrix == .bt709)

    let photograph = Picture(
      width: 2, height: 1, format: .rgb(8), color: ColorDescription(),
      planes: [
        plane(2, 1) { x, _ in 200 - 150 * x }, plane(2, 1) { _, _ in 100 },
        plane(2, 1) { x, _ in 10 + 240 * x },
      ])
    let luminous = try photograph.withoutColor()
    for (x, (r, g, b)) in [(200.0, 100.0, 10.0), (50.0, 100.0, 250.0)].enumerated() {
      #expect(luminous.luma[x, 0] == Int((0.2126 * r + 0.7152 * g + 0.0722 * b).rounded()))
    }
    #expect(luminous.color.matrix == .bt709 && luminous.color.range == .full)
  }
}
