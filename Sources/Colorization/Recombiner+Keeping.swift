package import Imaging

extension Recombiner {
  /// The picture with the colors that it has, as the output wants it. Planes that have the output's form
  /// are passed on as they are; codes of another depth or range are scaled, and colors are converted only
  /// where the output has another matrix or subsampling.
  ///
  /// - Throws: `ColorizationError.unexpectedSize` if the picture is not what `init` was told,
  ///   `ImagingError.unsupportedMatrix` if colors must be converted from a matrix that is not known.
  package func keepingColors(of picture: Picture) throws -> Picture {
    try check(picture)
    var planes: [Plane]
    if outputFormat.model == .rgb {
      planes = try rgbPlanes(of: picture)
    } else {
      planes = try yuvPlanes(of: picture)
    }
    if outputFormat.hasAlpha { planes.append(alphaPlane(picture)) }
    return Picture(
      width: width, height: height, format: outputFormat, color: outputColor, planes: planes)
  }

  private func yuvPlanes(of picture: Picture) throws -> [Plane] {
    let (from, to) = (sourceFormat, outputFormat)
    if from.model == .yuv, sourceColor.matrix != outputColor.matrix {
      // The same color has another luma there.
      return [try convertedLuma(of: picture)] + (try convertedChroma(of: picture))
    }
    let luma = lumaPlane(of: picture)
    guard from.model == .yuv, from.chromaShiftX == to.chromaShiftX,
      from.chromaShiftY == to.chromaShiftY
    else { return [luma] + (try convertedChroma(of: picture)) }
    let source = CodeScale(bitDepth: from.bitDepth, range: sourceColor.range)
    let target = CodeScale(bitDepth: to.bitDepth, range: outputColor.range)
    return [luma]
      + picture.planes[1...2].map { plane in
        // Limited-range codes grow by a power of two, which is exact.
        source == target
          ? plane
          : Self.plane(plane, bitDepth: to.bitDepth) {
            source.chroma($0) * target.chromaSpan + target.chromaOffset
          }
      }
  }

  /// Y′ of the output's matrix, made from R′, G′, B′.
  private func convertedLuma(of picture: Picture) throws -> Plane {
    var rows = try RGBRows(picture)
    let weights = try LumaWeights(outputColor.matrix)
    let scale = CodeScale(bitDepth: outputFormat.bitDepth, range: outputColor.range)
    let draft = Plane.Draft(width: width, height: height, bitDepth: outputFormat.bitDepth)
    let shares = [weights.red, weights.green, weights.blue].map(Float.init)
    var luma = [Float](repeating: 0, count: width)
    for y in 0..<height {
      rows.read(y)
      for x in 0..<width {
        luma[x] = (0..<3).reduce(0) { $0 + shares[$1] * rows.channels[$1][x] }
      }
      luma.withUnsafeBufferPointer { row in
        draft.store(
          row.baseAddress.unsafelyUnwrapped, row: y, scale: scale.lumaSpan,
          offset: scale.lumaOffset)
      }
    }
    return draft.plane
  }

  /// Cb and Cr at the places of the output's chroma samples, made from R′, G′, B′.
  private func convertedChroma(of picture: Picture) throws -> [Plane] {
    var rows = try RGBRows(picture)
    let weights = try LumaWeights(outputColor.matrix)
    let scale = CodeScale(bitDepth: outputFormat.bitDepth, range: outputColor.range)
    let size = outputFormat.planeSize(1, width: width, height: height)
    let (siting, taps) = (settings.siting, settings.siting.rowTaps)
    let drafts = (0..<2).map { _ in
      Plane.Draft(width: size.width, height: size.height, bitDepth: outputFormat.bitDepth)
    }
    var sums = [[Float]](repeating: [Float](repeating: 0, count: width), count: 2)
    var spare = [Float](repeating: 0, count: width)
    for y in 0..<size.height {
      for index in 0..<2 { for x in 0..<width { sums[index][x] = 0 } }
      for (offset, weight) in zip(taps.offsets, taps.weights) {
        rows.read(min(max(y << siting.shiftY + offset, 0), height - 1))
        rows.addChroma(weights, factor: weight, to: &sums)
      }
      for index in 0..<2 {
        sums[index].withUnsafeMutableBufferPointer { sum in
          spare.withUnsafeMutableBufferPointer { spare in
            // Neither is empty: a picture has at least one column.
            let reduced = siting.reduceColumns(
              sum.baseAddress.unsafelyUnwrapped, width: width,
              spare: spare.baseAddress.unsafelyUnwrapped)
            drafts[index].store(
              reduced, row: y, scale: scale.chromaSpan, offset: scale.chromaOffset)
          }
        }
      }
    }
    return drafts.map(\.plane)
  }

  private func rgbPlanes(of picture: Picture) throws -> [Plane] {
    if sourceFormat.model == .rgb, sourceColor.range == outputColor.range {
      if sourceFormat.bitDepth == outputFormat.bitDepth { return Array(picture.planes.prefix(3)) }
      if sourceFormat.bitDepth < outputFormat.bitDepth {
        return picture.planes.prefix(3).map {
          $0.widened(
            to: outputFormat.bitDepth, repeatingTopBits: outputColor.range == .full)
        }
      }
    }
    var rows = try RGBRows(picture)
    let scale = CodeScale(bitDepth: outputFormat.bitDepth, range: outputColor.range)
    let drafts = (0..<3).map { _ in
      Plane.Draft(width: width, height: height, bitDepth: outputFormat.bitDepth)
    }
    for y in 0..<height {
      rows.read(y)
      for (draft, values) in zip(drafts, rows.channels) {
        values.withUnsafeBufferPointer { row in
          draft.store(
            row.baseAddress.unsafelyUnwrapped, row: y, scale: scale.lumaSpan,
            offset: scale.lumaOffset)
        }
      }
    }
    return drafts.map(\.plane)
  }
}

extension RGBRows {
  /// Adds `factor` times Cb and Cr of the row that was read last.
  fileprivate func addChroma(_ weights: LumaWeights, factor: Float, to sums: inout [[Float]]) {
    let shares = SIMD3(Float(weights.red), Float(weights.green), Float(weights.blue))
    let (perBlue, perRed) = (factor / Float(weights.bluePerCb), factor / Float(weights.redPerCr))
    for x in channels[0].indices {
      let (red, green, blue) = (channels[0][x], channels[1][x], channels[2][x])
      let luma = shares.x * red + shares.y * green + shares.z * blue
      sums[0][x] += (blue - luma) * perBlue
      sums[1][x] += (red - luma) * perRed
    }
  }
}

extension Plane.Draft {
  /// Stores a row of floats, each to the nearest code.
  fileprivate func store(
    _ values: UnsafePointer<Float>, row: Int, scale: Double, offset: Double
  ) {
    Dither.none.withRow(row) {
      RowWorker.quantize(
        values, scale: Float(scale), offset: Float(offset),
        maximum: Float((1 << bitDepth) - 1), thresholds: $0, bitDepth: bitDepth,
        to: self.row(row), count: width)
    }
  }
}
