package import Imaging

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
    let scales = SIMD3(scale.scales.map(Double.init))
    let offsets = SIMD3(scale.offsets.map(Double.init))
    self.init(geometry: geometry) { x, y in
      let place = values + (y * geometry.paddedGridWidth + x) * 3
      return SIMD3(Double(place[0]), Double(place[1]), Double(place[2])) * scales + offsets
    }
  }

  /// The answer of a network that gives U and V of analog Y′UV, as ``init(ab:geometry:)``: a and b of the color whose Y′
  /// is that of the gray that has the lightness. U is 0.436 ÷ (1 − 0.114) · (B′ − Y′) and V is 0.615 ÷ (1 − 0.299) ·
  /// (R′ − Y′), with the luma of ITU-R BT.601; R′, G′ and B′ are those of sRGB. Numbers below 0 count as 0, those above 1
  /// as 1.
  ///
  /// - Parameters:
  ///   - values: `paddedGridHeight` × `paddedGridWidth` × 2 (NHWC), dense.
  ///   - scale: how the network gives U of ±0.436 and V of ±0.615.
  ///   - lightness: L\*, 0…100, of the working size.
  package init(
    uv values: UnsafePointer<Float>, scale: ChannelScale, lightness: FloatImage,
    geometry: WorkingGeometry
  ) {
    let scales = SIMD2(scale.scales.map(Double.init))
    let offsets = SIMD2(scale.offsets.map(Double.init))
    // Cb and Cr are the same differences, brought to ±½.
    let perUnit = SIMD2(0.5 / 0.436, 0.5 / 0.615)
    let gray = lightness.blockMeans(geometry.scale)
    self.init(geometry: geometry) { x, y in
      let place = values + (y * geometry.paddedGridWidth + x) * 2
      let chroma = (SIMD2(Double(place[0]), Double(place[1])) * scales + offsets) * perUnit
      return LumaWeights.bt601.rgb(
        luma: ColorModel.sRGB.luma(lightness: Double(gray[0, x, y])), cb: chroma.x, cr: chroma.y)
    }
  }

  /// a and b of colors in R′G′B′ of sRGB, bounded to 0…1, whatever their lightness; certainty 1 where they are numbers.
  private init(geometry: WorkingGeometry, rgb: (_ x: Int, _ y: Int) -> SIMD3<Double>) {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    self.init(width: width, height: height) { a, b, certainty in
      for y in 0..<height {
        for x in 0..<width {
          let rgb = rgb(x, y)
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
