extension Picture {
  /// The picture without its color: a gray picture of the same depth. The luma plane of gray and YUV
  /// pictures is passed on as it is; for RGB, luma is computed and rounded to the nearest code. All
  /// tags are specified: those of the picture, with the matrix that its luma was made with.
  ///
  /// - Throws: `ImagingError.unsupportedMatrix`.
  package func withoutColor() throws(ImagingError) -> Picture {
    var color = color.resolved(width: width, height: height, format: format)
    guard format.model == .rgb else {
      _ = try LumaWeights(color.matrix)
      return Picture(
        width: width, height: height, format: .gray(format.bitDepth), color: color,
        planes: [planes[0]])
    }
    color.matrix = MatrixCoefficients(forRGBWith: color.primaries)
    let weights = try LumaWeights(color.matrix)
    let (red, green, blue) = (planes[0], planes[1], planes[2])
    let luma = Plane(width: width, height: height, bitDepth: format.bitDepth) { base, bytesPerRow in
      for y in 0..<height {
        for x in 0..<width {
          // The weights add up to 1, so that offset and span stay those of the range.
          let code =
            weights.luma(
              SIMD3(Double(red[x, y]), Double(green[x, y]), Double(blue[x, y]))) + 0.5
          if format.bitDepth > 8 {
            (base + y * bytesPerRow).storeBytes(
              of: UInt16(code), toByteOffset: 2 * x, as: UInt16.self)
          } else {
            (base + y * bytesPerRow).storeBytes(of: UInt8(code), toByteOffset: x, as: UInt8.self)
          }
        }
      }
    }
    return Picture(
      width: width, height: height, format: .gray(format.bitDepth), color: color, planes: [luma])
  }
}
