/// Reads the rows of a picture of any layout and depth as R′, G′, B′ (0 black … 1 white, not clipped).
/// Subsampled chroma is interpolated linearly between its samples' places. Alpha is left out.
package struct RGBRows {
  /// R′, G′, B′ of the row that was read last, each as wide as the picture.
  package private(set) var channels: [[Float]]
  private let picture: Picture
  private let scale: CodeScale
  private let chroma: (weights: LumaWeights, sampling: ChromaSampling)?

  /// - Throws: `ImagingError.unsupportedMatrix`.
  package init(_ picture: Picture) throws(ImagingError) {
    self.picture = picture
    let format = picture.format
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: format)
    scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    chroma =
      format.model == .yuv
      ? (try LumaWeights(color.matrix), ChromaSampling(picture, location: color.chromaLocation))
      : nil
    channels = [[Float]](repeating: [Float](repeating: 0, count: picture.width), count: 3)
  }

  /// Reads row `y` into `channels`.
  package mutating func read(_ y: Int) {
    let isRGB = picture.format.model == .rgb
    for channel in 0..<(isRGB ? 3 : 1) {
      Self.read(
        picture.planes[channel], row: y, offset: scale.lumaOffset, scale.lumaSpan,
        &channels[channel])
    }
    guard !isRGB else { return }
    guard let (weights, sampling) = chroma else {
      channels[1] = channels[0]
      channels[2] = channels[0]
      return
    }
    sampling.read(picture.planes[1], y: y, scale: scale, into: &channels[1])
    sampling.read(picture.planes[2], y: y, scale: scale, into: &channels[2])
    let (redPerCr, bluePerCb) = (Float(weights.redPerCr), Float(weights.bluePerCb))
    let (greenPerCb, greenPerCr) = (Float(weights.greenPerCb), Float(weights.greenPerCr))
    for x in 0..<picture.width {
      let (luma, cb, cr) = (channels[0][x], channels[1][x], channels[2][x])
      channels[0][x] = luma + redPerCr * cr
      channels[1][x] = luma + greenPerCb * cb + greenPerCr * cr
      channels[2][x] = luma + bluePerCb * cb
    }
  }

  /// (code − offset) ÷ span of one row.
  fileprivate static func read(
    _ plane: Plane, row: Int, offset: Double, _ span: Double, _ out: inout [Float]
  ) {
    let start = plane.base + row * plane.bytesPerRow
    let (factor, shift) = (Float(1 / span), Float(-offset / span))
    precondition(out.count >= plane.width, "\(out.count) values for \(plane.width) samples")
    out.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      if plane.bitDepth > 8 {
        let samples = start.assumingMemoryBound(to: UInt16.self)
        for x in 0..<plane.width { out[x] = Float(samples[x]) * factor + shift }
      } else {
        let samples = start.assumingMemoryBound(to: UInt8.self)
        for x in 0..<plane.width { out[x] = Float(samples[x]) * factor + shift }
      }
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
    RGBRows.read(plane, row: upper, offset: scale.chromaOffset, scale.chromaSpan, &first)
    RGBRows.read(plane, row: lower, offset: scale.chromaOffset, scale.chromaSpan, &second)
    for x in first.indices { first[x] += down * (second[x] - first[x]) }
    for (x, column) in columns.enumerated() {
      let left = first[column.first]
      out[x] = left + column.fraction * (first[column.second] - left)
    }
  }
}
