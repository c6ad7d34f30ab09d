import Imaging

/// From the answers of networks that give colors, not distributions.
extension CoarseEstimate {
  /// The answer of a network that gives a and b themselves, on the valid part of the grid, with
  /// certainty 1: it says nothing about it. What is no number is no color, with certainty 0: it must
  /// not spread over the picture and the shot.
  ///
  /// - Parameter values: `paddedGridHeight` × `paddedGridWidth` × 2 (NHWC), dense, CIELAB units.
  package init(ab values: UnsafePointer<Float>, geometry: WorkingGeometry) {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    self.init(width: width, height: height) { a, b, certainty in
      for y in 0..<height {
        let row = values + y * geometry.paddedGridWidth * 2
        for x in 0..<width {
          let isColor = row[2 * x].isFinite && row[2 * x + 1].isFinite
          a[y * width + x] = isColor ? row[2 * x] : 0
          b[y * width + x] = isColor ? row[2 * x + 1] : 0
          certainty[y * width + x] = isColor ? 1 : 0
        }
      }
    }
  }

  /// The answer of a network that gives pictures in R′G′B′ of sRGB, as ``init(ab:geometry:)``: their a and
  /// b, whatever their lightness. Numbers below 0 count as 0, those above 1 as 1.
  ///
  /// - Parameters:
  ///   - values: `paddedGridHeight` × `paddedGridWidth` × 3 (NHWC), dense.
  ///   - scale: how the network gives R′, G′ and B′ of 0…1.
  package init(rgb values: UnsafePointer<Float>, scale: ChannelScale, geometry: WorkingGeometry) {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    let (scales, offsets) = (scale.scales.map(Double.init), scale.offsets.map(Double.init))
    self.init(width: width, height: height) { a, b, certainty in
      for y in 0..<height {
        let row = values + y * geometry.paddedGridWidth * 3
        for x in 0..<width {
          var rgb = SIMD3<Double>()
          for channel in 0..<3 {
            rgb[channel] = Double(row[3 * x + channel]) * scales[channel] + offsets[channel]
          }
          let isColor = rgb.x.isFinite && rgb.y.isFinite && rgb.z.isFinite
          let lab =
            isColor
            ? ColorModel.sRGB.lab(rgb: rgb.clamped(lowerBound: .zero, upperBound: .one))
            : SIMD3<Double>()
          a[y * width + x] = Float(lab.y)
          b[y * width + x] = Float(lab.z)
          certainty[y * width + x] = isColor ? 1 : 0
        }
      }
    }
  }
}
