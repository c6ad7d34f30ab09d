import Colorization
import Imaging
import Testing

/// Frames of which only a part has color.
@Suite struct RecombinerAreaTests {
  private static let subsamplings: [(Int, Int)] = [(0, 0), (1, 0), (1, 1), (0, 1), (2, 0), (2, 2)]

  private func recombine(
    _ picture: Picture, to output: PixelFormat, area: PictureArea? = nil, fields: Int = 1
  ) throws -> Picture {
    let models = (0..<fields).map { field in
      ChromaModels.bilinear(
        FloatImage(width: 3, height: 2, channels: 2) { out in
          for index in 0..<12 { out[index] = Float(index * 5 - 30 + 4 * field) }
        })
    }
    return try Recombiner(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      output: output
    ).recombine(picture, area: area, models: models)
  }

  /// The rectangle of a picture, as one of its own.
  private func crop(_ picture: Picture, _ area: PictureArea) -> Picture {
    let plane = ColorFixtures.plane(area.width, area.height, bitDepth: picture.format.bitDepth) {
      x, y in
      picture.planes[0][area.left + x, area.top + y]
    }
    return Picture(
      width: area.width, height: area.height, format: .gray(picture.format.bitDepth),
      color: picture.color, planes: [plane])
  }

  @Test(arguments: [8, 10, 16], [1, 2]) func chromaIsThatOfThePictureAloneAndNeutralAround(
    bitDepth: Int, fields: Int
  ) throws {
    let area = PictureArea(
      frameWidth: 101, frameHeight: 67, left: 24, top: 8, width: 48, height: 40)
    let frame = BarredFrame(width: 101, height: 67, left: 24, top: 8, right: 29, bottom: 19)
    let picture = frame.picture(.yuv420(8))
    for (shiftX, shiftY) in Self.subsamplings {
      let format = PixelFormat(
        model: .yuv, bitDepth: bitDepth, chromaShiftX: shiftX, chromaShiftY: shiftY)
      let result = try recombine(picture, to: format, area: area, fields: fields)
      let whole = try recombine(picture, to: format, fields: fields)
      #expect(result.planes[0].hasSameSamples(as: whole.planes[0]))
      #expect(result.color == whole.color)
      let alone = try recombine(crop(picture, area), to: format, fields: fields)
      for index in 1...2 {
        let (plane, inner) = (result.planes[index], alone.planes[index])
        var (colored, wrong) = (0, 0)
        for y in 0..<plane.height {
          for x in 0..<plane.width {
            let (u, v) = (x - area.left >> shiftX, y - area.top >> shiftY)
            let isInside = (0..<inner.width).contains(u) && (0..<inner.height).contains(v)
            let expected = isInside ? inner[u, v] : 128 << (bitDepth - 8)
            if plane[x, y] != expected { wrong += 1 }
            if plane[x, y] != 128 << (bitDepth - 8) { colored += 1 }
          }
        }
        #expect(wrong == 0 && colored > inner.width * inner.height / 2, "\(format): \(wrong)")
      }
    }
  }

  @Test func oddSidesAreThoseOfTheFrame() throws {
    // The picture reaches the right and the lower border of an odd frame.
    let area = PictureArea(
      frameWidth: 101, frameHeight: 67, left: 24, top: 8, width: 77, height: 59)
    let picture = BarredFrame(width: 101, height: 67, left: 24, top: 8).picture()
    let result = try recombine(picture, to: .yuv420(8), area: area)
    let alone = try recombine(crop(picture, area), to: .yuv420(8))
    for index in 1...2 {
      #expect(result.planes[index].width == 51 && result.planes[index].height == 34)
      for y in 0..<30 {
        for x in 0..<39 {
          #expect(result.planes[index][12 + x, 4 + y] == alone.planes[index][x, y])
        }
      }
    }
  }

  @Test(arguments: [8, 16]) func ofRGBTheBarsAreGray(bitDepth: Int) throws {
    let frame = BarredFrame(width: 90, height: 60, left: 21, right: 20, noise: 2)
    let picture = frame.picture(.rgb(bitDepth), range: .full)
    let result = try recombine(picture, to: .rgb(bitDepth), area: frame.area)
    var colored = 0
    for y in 0..<60 {
      for x in 0..<90 {
        let codes = (0..<3).map { result.planes[$0][x, y] }
        if (21..<70).contains(x) {
          if Set(codes).count > 1 { colored += 1 }
        } else {
          #expect(codes.allSatisfy { $0 == picture.planes[0][x, y] }, "\(x),\(y): \(codes)")
        }
      }
    }
    #expect(colored > 49 * 60 / 2)
  }

  @Test(arguments: [PixelFormat.yuv420(8), .yuv444(10), halfWide, .rgb(8)], [1, 2])
  func cornersAreNeutral(format: PixelFormat, fields: Int) throws {
    let frame = BarredFrame(left: 12, right: 14, radius: 20)
    let picture = frame.picture(format.model == .rgb ? .rgb(8) : .yuv420(8), range: .full)
    let area = BarsFinder(format: format, isInterlaced: fields == 2).find(in: picture).area
    #expect(area.corners.count == 4)
    let result = try recombine(picture, to: format, area: area, fields: fields)
    let (stepX, stepY) = (1 << format.chromaShiftX, 1 << format.chromaShiftY)
    var black = 0
    for y in 0..<area.height {
      let columns = area.blackColumns(rows: y...y)
      for x in 0..<area.width where x < columns.left || x >= area.width - columns.right {
        black += 1
        let (u, v) = (area.left + x, area.top + y)
        if format.model == .rgb {
          #expect(Set((0..<3).map { result.planes[$0][u, v] }).count == 1)
        } else {
          for index in 1...2 {
            #expect(
              result.planes[index][u / stepX, v / stepY] == 128 << (format.bitDepth - 8),
              "\(x),\(y)")
          }
        }
      }
    }
    #expect(black > 4 * 40)
    // The picture between them has its colors.
    let middle = (area.left + area.width / 2, area.top + 2)
    if format.model != .rgb {
      #expect(result.planes[1][middle.0 / stepX, middle.1 / stepY] != 128 << (format.bitDepth - 8))
    }
  }

  @Test func theNetworkSeesThePictureAlone() throws {
    let frame = BarredFrame(width: 640, height: 360, left: 81, top: 40, right: 79, bottom: 20)
    for format in [PixelFormat.yuv420(8), .rgb(8), .gray(16)] {
      let picture = frame.picture(format, range: .full)
      let geometry = WorkingGeometry(width: 480, height: 300, shortSide: 64, stride: 32, scale: 4)
      #expect(geometry.workingHeight == 64 && geometry.paddedWidth % 32 == 0)
      let reducer = try LightnessReducer(color: picture.color, geometry: geometry)
      let inner = BarredFrame(width: 480, height: 300)
      let alone = inner.picture(format, range: .full) { x, y in BarredFrame.scene(x + 81, y + 40) }
      let (one, other) = (
        try reducer.reduce(picture, area: frame.area), try reducer.reduce(alone)
      )
      for index in 0..<one.area {
        #expect(one.channel(0)[index] == other.channel(0)[index])
      }
      #expect(throws: ColorizationError.self) { try reducer.reduce(picture) }
    }
  }
}
