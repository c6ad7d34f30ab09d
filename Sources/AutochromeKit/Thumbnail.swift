import Imaging

/// A small 8-bit RGB version of a picture, for people to look at.
struct Thumbnail {
  let width: Int
  let height: Int
  /// R, G, B, each `height` × `width`.
  let rgb: [[UInt8]]

  /// The luma of a picture alone.
  init(gray picture: Picture, width: Int) {
    self.init(picture, width: width, isGray: true)
  }

  /// The picture in color.
  init(color picture: Picture, width: Int) {
    self.init(picture, width: width, isGray: false)
  }

  private init(_ picture: Picture, width: Int, isGray: Bool) {
    let width = min(width, picture.width)
    let height = max(1, picture.height * width / picture.width)
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    let format = picture.format
    // Code values → 0…1 (R, G, B, Y′) or −½…½ (Cb, Cr).
    let planes = picture.planes.prefix(3).map { Self.shrink($0, width: width, height: height) }
    var rgb = [[UInt8]](repeating: [UInt8](repeating: 0, count: width * height), count: 3)
    for i in 0..<width * height {
      let values: (Double, Double, Double)
      switch format.model {
      case .rgb:
        let maximum = Double(format.maximumCode)
        let (r, g, b) = (planes[0][i] / maximum, planes[1][i] / maximum, planes[2][i] / maximum)
        let luma = isGray ? color.luma(red: r, green: g, blue: b) : 0
        values = isGray ? (luma, luma, luma) : (r, g, b)
      case .gray, .yuv:
        let luma = color.luma(code: planes[0][i], bitDepth: format.bitDepth)
        if format.model == .gray || isGray {
          values = (luma, luma, luma)
        } else {
          values = color.rgb(
            luma: luma, cb: color.chroma(code: planes[1][i], bitDepth: format.bitDepth),
            cr: color.chroma(code: planes[2][i], bitDepth: format.bitDepth))
        }
      }
      rgb[0][i] = Self.byte(values.0)
      rgb[1][i] = Self.byte(values.1)
      rgb[2][i] = Self.byte(values.2)
    }
    self.width = width
    self.height = height
    self.rgb = rgb
  }

  private static func byte(_ value: Double) -> UInt8 {
    UInt8(max(0, min(255, (255 * value).rounded())))
  }

  /// The mean of the samples under each pixel; a plane smaller than the thumbnail is repeated.
  private static func shrink(_ plane: Plane, width: Int, height: Int) -> [Double] {
    var result = [Double](repeating: 0, count: width * height)
    for y in 0..<height {
      let top = y * plane.height / height
      let bottom = max(top + 1, (y + 1) * plane.height / height)
      for x in 0..<width {
        let left = x * plane.width / width
        let right = max(left + 1, (x + 1) * plane.width / width)
        var sum = 0
        for row in top..<bottom { for column in left..<right { sum += plane[column, row] } }
        result[y * width + x] = Double(sum) / Double((bottom - top) * (right - left))
      }
    }
    return result
  }
}
