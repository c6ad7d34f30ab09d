/// A picture as a screen gets it: 8-bit R′, G′, B′ of full range, pixel-interleaved, row by row
/// without padding.
public struct RGBImage: Hashable, Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// `height` × `width` × 3 codes.
  public let codes: [UInt8]

  /// - Precondition: `codes` holds `height * width * 3` values.
  public init(width: Int, height: Int, codes: [UInt8]) {
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
  public init(_ picture: Picture) throws(ImagingError) {
    let (width, height, format) = (picture.width, picture.height, picture.format)
    let color = picture.color.resolved(width: width, height: height, format: format)
    let scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    let weights = format.model == .yuv ? try LumaWeights(color.matrix) : nil
    let chroma = weights.map { _ in ChromaSampling(picture, location: color.chromaLocation) }
    var codes = [UInt8](repeating: 0, count: width * height * 3)
    var rows = [[Float]](repeating: [Float](repeating: 0, count: width), count: 3)
    for y in 0..<height {
      switch format.model {
      case .gray:
        Self.read(picture.planes[0], row: y, offset: scale.lumaOffset, scale.lumaSpan, &rows[0])
        rows[1] = rows[0]
        rows[2] = rows[0]
      case .rgb:
        for channel in 0..<3 {
          Self.read(
            picture.planes[channel], row: y, offset: scale.lumaOffset, scale.lumaSpan,
            &rows[channel])
        }
      case .yuv:
        Self.read(picture.planes[0], row: y, offset: scale.lumaOffset, scale.lumaSpan, &rows[0])
        guard let weights, let chroma else { break }
        chroma.read(picture.planes[1], y: y, scale: scale, into: &rows[1])
        chroma.read(picture.planes[2], y: y, scale: scale, into: &rows[2])
        let (redPerCr, bluePerCb) = (Float(weights.redPerCr), Float(weights.bluePerCb))
        let (greenPerCb, greenPerCr) = (Float(weights.greenPerCb), Float(weights.greenPerCr))
        for x in 0..<width {
          let (luma, cb, cr) = (rows[0][x], rows[1][x], rows[2][x])
          rows[0][x] = luma + redPerCr * cr
          rows[1][x] = luma + greenPerCb * cb + greenPerCr * cr
          rows[2][x] = luma + bluePerCb * cb
        }
      }
      for channel in 0..<3 {
        for x in 0..<width {
          let code = (rows[channel][x] * 255 + 0.5).rounded(.down)
          codes[(y * width + x) * 3 + channel] = UInt8(max(0, min(255, code)))
        }
      }
    }
    self.init(width: width, height: height, codes: codes)
  }

  /// (code − offset) ÷ span of one row.
  fileprivate static func read(
    _ plane: Plane, row: Int, offset: Double, _ span: Double, _ out: inout [Float]
  ) {
    let start = plane.base + row * plane.bytesPerRow
    let (factor, shift) = (Float(1 / span), Float(-offset / span))
    if plane.bitDepth > 8 {
      let samples = start.assumingMemoryBound(to: UInt16.self)
      for x in 0..<plane.width { out[x] = Float(samples[x]) * factor + shift }
    } else {
      let samples = start.assumingMemoryBound(to: UInt8.self)
      for x in 0..<plane.width { out[x] = Float(samples[x]) * factor + shift }
    }
  }
}

/// Which chroma samples lie around each luma sample, and how far off.
private struct ChromaSampling {
  private let columns: [(first: Int, second: Int, fraction: Float)]
  private let rows: [(first: Int, second: Int, fraction: Float)]

  init(_ picture: Picture, location: ChromaLocation) {
    let format = picture.format
    let size = format.planeSize(1, width: picture.width, height: picture.height)
    func neighbours(count: Int, samples: Int, step: Int, first: Double)
      -> [(first: Int, second: Int, fraction: Float)]
    {
      (0..<count).map { place in
        let at = (Double(place) + 0.5 - first) / Double(step)
        let below = at.rounded(.down)
        let index = Int(below)
        return (
          min(max(index, 0), samples - 1), min(max(index + 1, 0), samples - 1), Float(at - below)
        )
      }
    }
    let (stepX, stepY) = (1 << format.chromaShiftX, 1 << format.chromaShiftY)
    columns = neighbours(
      count: picture.width, samples: size.width, step: stepX,
      first: location.firstColumn(step: stepX))
    rows = neighbours(
      count: picture.height, samples: size.height, step: stepY,
      first: location.firstRow(step: stepY))
  }

  func read(_ plane: Plane, y: Int, scale: CodeScale, into out: inout [Float]) {
    let (upper, lower, down) = rows[y]
    var first = [Float](repeating: 0, count: plane.width)
    var second = first
    RGBImage.read(plane, row: upper, offset: scale.chromaOffset, scale.chromaSpan, &first)
    RGBImage.read(plane, row: lower, offset: scale.chromaOffset, scale.chromaSpan, &second)
    for x in first.indices { first[x] += down * (second[x] - first[x]) }
    for (x, column) in columns.enumerated() {
      let left = first[column.first]
      out[x] = left + column.fraction * (first[column.second] - left)
    }
  }
}
