import CKernels
package import Imaging

/// Takes the colors of a picture that somebody colored down to the grid of the frame that it shows. Its size need
/// not be the frame's, its lightness is ignored, and only what is opaque counts.
package struct PictureColors: Sendable {
  private let geometry: WorkingGeometry
  private let area: PictureArea

  /// - Parameters:
  ///   - geometry: the frame's.
  ///   - area: the part of the frame that is the picture, of the geometry's size; the colored picture has the same
  ///     bars, at its own size.
  package init(geometry: WorkingGeometry, area: PictureArea) {
    self.geometry = geometry
    self.area = area
  }

  /// What a picture shows.
  package struct Colors: Sendable {
    /// Means of a\* and b\* of each place, whose weight is the opaque part of it.
    package let field: GuidanceField
    /// L\* at the working size, 0 where nothing is opaque.
    let lightness: FloatImage

    /// How far its lightness goes along with that of a frame at the working size: their correlation where the picture
    /// is opaque, −1…1; 1 where there is nothing to be told apart.
    package func likeness(to other: FloatImage) -> Double {
      guard (other.width, other.height) == (lightness.width, lightness.height) else { return 0 }
      let (own, others) = (lightness.channel(0), other.channel(0))
      var (count, x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
      for at in 0..<lightness.area where own[at] > 0 {
        let (p, q) = (Double(own[at]), Double(others[at]))
        count += 1
        x += p
        y += q
        xx += p * p
        yy += q * q
        xy += p * q
      }
      withExtendedLifetime((self, other)) {}
      guard count > 0 else { return 1 }
      let (varianceX, varianceY) = (
        xx / count - x * x / count / count, yy / count - y * y / count / count
      )
      guard varianceX > 1, varianceY > 1 else { return 1 }
      return (xy / count - x * y / count / count) / (varianceX * varianceY).squareRoot()
    }
  }

  /// Takes a picture down. As for the network, code values are averaged to the working size, then taken to CIELAB.
  /// - Throws: `ImagingError` if the picture's colors are of a kind that is not known.
  package func colors(of picture: Picture) throws(ImagingError) -> Colors {
    let model = try ColorModel(
      picture.color.resolved(width: picture.width, height: picture.height, format: picture.format))
    let (width, height, scale) = (
      geometry.workingWidth, geometry.workingHeight, geometry.scale
    )
    let (gridWidth, gridHeight) = (geometry.gridWidth, geometry.gridHeight)
    var (a, b, weight) = (
      [Float](repeating: 0, count: gridWidth * gridHeight),
      [Float](repeating: 0, count: gridWidth * gridHeight),
      [Float](repeating: 0, count: gridWidth * gridHeight)
    )
    var lightness = [Float](repeating: 0, count: width * height)
    try forEachPixel(of: picture) { x, y, opaque, rgb in
      let lab = model.lab(rgb: rgb)
      let place = y / scale * gridWidth + x / scale
      a[place] += opaque * Float(lab.y)
      b[place] += opaque * Float(lab.z)
      weight[place] += opaque
      lightness[y * width + x] = Float(lab.x)
    }
    let field = GuidanceField(width: gridWidth, height: gridHeight) { outA, outB, beta in
      for place in 0..<gridWidth * gridHeight {
        let sum = weight[place]
        outA[place] = sum > 0 ? a[place] / sum : 0
        outB[place] = sum > 0 ? b[place] / sum : 0
        beta[place] = min(sum / Float(scale * scale), 1)
      }
    }
    return Colors(
      field: field,
      lightness: FloatImage(width: width, height: height) { out in
        for at in lightness.indices { out[at] = lightness[at] }
      })
  }

  /// The small chroma picture of a picture, as a sampling network is trained to draw it: Cr, then Cb, of BT.601 in
  /// full range, twice their usual numbers, means over each position, rounded to the middle of their level.
  /// - Returns: 2 × `height` × `width` of the ``ChromaGrid``; neutral where nothing is opaque.
  /// - Throws: `ImagingError` if the picture's colors are of a kind that is not known.
  package func chroma(
    of picture: Picture, form: ColorNetworkDescription.Sampler
  ) throws(ImagingError) -> FloatImage {
    let grid = ChromaGrid(geometry, scale: form.scale)
    let area = grid.width * grid.height
    var sums = [SIMD3<Double>](repeating: .zero, count: area)
    var weight = [Double](repeating: 0, count: area)
    try forEachPixel(of: picture) { x, y, opaque, rgb in
      let place = y / form.scale * grid.width + x / form.scale
      sums[place] += Double(opaque) * rgb
      weight[place] += Double(opaque)
    }
    return FloatImage(width: grid.width, height: grid.height, channels: 2) { out in
      for place in 0..<area {
        let rgb = weight[place] > 0 ? sums[place] / weight[place] : .zero
        let luma = 0.299 * rgb.x + 0.587 * rgb.y + 0.114 * rgb.z
        out[place] = form.value(of: form.level(of: Float(2 * (rgb.x - luma) / 1.402)))
        out[area + place] = form.value(of: form.level(of: Float(2 * (rgb.z - luma) / 1.772)))
      }
    }
  }

  /// Hands on the pixels of the working size in raster order: the opaque part of each, above 0, and the mean of
  /// R′, G′, B′ over that.
  private func forEachPixel(
    of picture: Picture, _ body: (_ x: Int, _ y: Int, _ opaque: Float, _ rgb: SIMD3<Double>) -> Void
  ) throws(ImagingError) {
    let (columns, rows) = (
      Span(area.left, area.width, of: area.frameWidth, in: picture.width),
      Span(area.top, area.height, of: area.frameHeight, in: picture.height)
    )
    let (width, height) = (geometry.workingWidth, geometry.workingHeight)
    let axis = (
      x: AreaAxis(from: columns.length, to: width), y: AreaAxis(from: rows.length, to: height)
    )
    var source = try RGBRows(picture)
    let maximum = Float(picture.format.maximumCode)
    // Opaque parts, then R′, G′, B′ weighted by them: means of rows, and of what each working pixel covers of
    // them. Taps of weight 0 read past the row.
    let rowLength = columns.length + axis.x.taps
    var row = [Float](repeating: 0, count: 4 * rowLength)
    var sums = [Float](repeating: 0, count: 4 * width)
    var opacity = [Float](repeating: 1, count: columns.length)
    for y in 0..<height {
      for index in row.indices { row[index] = 0 }
      for tap in 0..<axis.y.counts[y] {
        let at = rows.start + Int(axis.y.first[y]) + tap
        let share = axis.y.weights[y * axis.y.taps + tap]
        source.read(at)
        if let alpha = picture.alpha {
          for x in opacity.indices { opacity[x] = Float(alpha[columns.start + x, at]) / maximum }
        }
        row.withUnsafeMutableBufferPointer { row in
          opacity.withUnsafeBufferPointer { opacity in
            for x in 0..<columns.length { row[x] += share * opacity[x] }
            for channel in 0..<3 {
              let (first, start) = ((channel + 1) * rowLength, columns.start)
              source.channels[channel].withUnsafeBufferPointer { values in
                for x in 0..<columns.length {
                  row[first + x] += share * opacity[x] * values[start + x]
                }
              }
            }
          }
        }
      }
      for channel in 0..<4 {
        row.withUnsafeBufferPointer { row in
          sums.withUnsafeMutableBufferPointer { sums in
            guard let row = row.baseAddress, let sums = sums.baseAddress else { return }
            ac_weigh_columns(
              row + channel * rowLength, axis.x.first, axis.x.weights, Int32(axis.x.taps),
              sums + channel * width, Int32(width))
          }
        }
      }
      for x in 0..<width where sums[x] > 0 {
        let opaque = sums[x]
        body(
          x, y, opaque,
          SIMD3(
            Double(sums[width + x] / opaque), Double(sums[2 * width + x] / opaque),
            Double(sums[3 * width + x] / opaque)))
      }
    }
  }

  /// A part of an axis, in samples of a picture of another size.
  private struct Span {
    let start: Int
    let length: Int

    init(_ start: Int, _ length: Int, of frame: Int, in picture: Int) {
      let factor = Double(picture) / Double(frame)
      let first = min(Int((Double(start) * factor).rounded()), picture - 1)
      let end = min(max(Int((Double(start + length) * factor).rounded()), first + 1), picture)
      (self.start, self.length) = (first, end - first)
    }
  }
}
