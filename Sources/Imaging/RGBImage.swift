/// A picture as a screen gets it: 8-bit R′, G′, B′ of full range, pixel-interleaved, row by row
/// without padding.
package struct RGBImage: Hashable, Sendable {
  /// In pixels.
  package let width: Int
  /// In pixels.
  package let height: Int
  /// `height` × `width` × 3 codes.
  package let codes: [UInt8]

  /// - Precondition: `codes` holds `height * width * 3` values.
  package init(width: Int, height: Int, codes: [UInt8]) {
    precondition(
      codes.count == width * height * 3, "\(codes.count) codes are no \(width)×\(height) pixels")
    self.width = width
    self.height = height
    self.codes = codes
  }

  /// Converts a picture of any layout and depth. Subsampled chroma is interpolated linearly between
  /// its samples' places; what lies outside of R′G′B′ is clipped, and codes are rounded to the nearest.
  /// Alpha is left out.
  ///
  /// - Throws: `ImagingError.unsupportedMatrix`.
  package init(_ picture: Picture) throws(ImagingError) {
    let (width, height) = (picture.width, picture.height)
    var rows = try RGBRows(picture)
    var codes = [UInt8](repeating: 0, count: width * height * 3)
    for y in 0..<height {
      rows.read(y)
      for channel in 0..<3 {
        for x in 0..<width {
          let code = (rows.channels[channel][x] * 255 + 0.5).rounded(.down)
          codes[(y * width + x) * 3 + channel] = UInt8(max(0, min(255, code)))
        }
      }
    }
    self.init(width: width, height: height, codes: codes)
  }
}
