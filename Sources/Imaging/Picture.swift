/// A decoded picture: planes, what they are, and what their code values mean.
package struct Picture: Sendable {
  /// Luma width in samples.
  package let width: Int
  /// Luma height in rows.
  package let height: Int
  package let format: PixelFormat
  package var color: ColorDescription
  /// In the order that `format` tells.
  package let planes: [Plane]

  /// - Precondition: the planes have the number, sizes and depth that `format` tells.
  package init(
    width: Int, height: Int, format: PixelFormat, color: ColorDescription, planes: [Plane]
  ) {
    precondition(planes.count == format.planeCount, "\(format) takes \(format.planeCount) planes")
    for (index, plane) in planes.enumerated() {
      precondition(
        (plane.width, plane.height) == format.planeSize(index, width: width, height: height)
          && plane.bitDepth == format.bitDepth,
        "plane \(index) is \(plane.width)×\(plane.height) at \(plane.bitDepth) bits")
    }
    self.width = width
    self.height = height
    self.format = format
    self.color = color
    self.planes = planes
  }

  /// The luma plane of a gray or YUV picture.
  package var luma: Plane {
    precondition(format.model != .rgb, "an RGB picture has no luma plane")
    return planes[0]
  }

  /// The alpha plane, if there is one.
  package var alpha: Plane? { format.alphaIndex.map { planes[$0] } }

  /// The same YUV picture with neutral chroma that takes no memory: for those who need its luma for
  /// long, and its colors not at all. Gray and RGB pictures as they are.
  package func withNeutralChroma() -> Picture {
    guard format.model == .yuv else { return self }
    let neutral = Plane.repeating(
      1 << (format.bitDepth - 1), width: planes[1].width, height: planes[1].height,
      bitDepth: format.bitDepth)
    var planes = planes
    (planes[1], planes[2]) = (neutral, neutral)
    return Picture(width: width, height: height, format: format, color: color, planes: planes)
  }
}
