extension Picture {
  /// The same colors in the codes of another matrix and range, for people to look at: each luma sample is taken with the
  /// chroma sample that covers it, which is not interpolated.
  ///
  /// Y′ and R′G′B′ are linear in each other, so that Y′ of another matrix is Y′ plus shares of Cb and Cr (ITU-T H.273
  /// §8.3).
  /// - Returns: nil where it is no Y′CbCr of 8 bits.
  /// - Throws: `ImagingError.unsupportedMatrix` for a matrix that is not known.
  package func converted(to color: ColorDescription) throws(ImagingError) -> Picture? {
    guard format.model == .yuv, format.bitDepth == 8, !format.hasAlpha else { return nil }
    let own = self.color.resolved(width: width, height: height, format: format)
    let wanted = color.resolved(width: width, height: height, format: format)
    let (from, to) = (try LumaWeights(own.matrix), try LumaWeights(wanted.matrix))
    let source = CodeScale(bitDepth: 8, range: own.range)
    let target = CodeScale(bitDepth: 8, range: wanted.range)
    // Y′ of the target per unit of the source's Cb and Cr.
    let lumaPerCb = to.green * from.greenPerCb + to.blue * from.bluePerCb
    let lumaPerCr = to.red * from.redPerCr + to.green * from.greenPerCr
    func plane(
      _ weights: (luma: Double, cb: Double, cr: Double), span: Double, offset: Double, at index: Int
    ) -> Plane {
      // With 16 bits of fraction; rounded.
      func fixed(_ value: Double) -> Int32 { Int32((value * 65536).rounded()) }
      let luma = fixed(weights.luma * span / source.lumaSpan)
      let cb = fixed(weights.cb * span / source.chromaSpan)
      let cr = fixed(weights.cr * span / source.chromaSpan)
      let constant =
        fixed(offset + 0.5) - luma * Int32(source.lumaOffset)
        - (cb + cr) * Int32(source.chromaOffset)
      let size = format.planeSize(index, width: width, height: height)
      // Chroma of the target comes from chroma alone.
      let isLuma = index == 0
      let (shiftX, shiftY) = isLuma ? (format.chromaShiftX, format.chromaShiftY) : (0, 0)
      return Plane(width: size.width, height: size.height, bitDepth: 8) { base, bytesPerRow in
        // Of one row: what chroma adds, for each luma sample.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: size.width) { added in
          for y in 0..<size.height {
            func row(_ plane: Plane, _ y: Int) -> UnsafePointer<UInt8> {
              (plane.base + y * plane.bytesPerRow).assumingMemoryBound(to: UInt8.self)
            }
            let (u, v) = (row(planes[1], y >> shiftY), row(planes[2], y >> shiftY))
            for x in 0..<size.width {
              added[x] = constant &+ cb &* Int32(u[x >> shiftX]) &+ cr &* Int32(v[x >> shiftX])
            }
            let result = (base + y * bytesPerRow).assumingMemoryBound(to: UInt8.self)
            if isLuma {
              let codes = row(planes[0], y)
              for x in 0..<size.width {
                result[x] = UInt8(
                  truncatingIfNeeded: max(0, min(255, (added[x] &+ luma &* Int32(codes[x])) >> 16)))
              }
            } else {
              for x in 0..<size.width {
                result[x] = UInt8(truncatingIfNeeded: max(0, min(255, added[x] >> 16)))
              }
            }
          }
        }
      }
    }
    let chroma = [
      (luma: 0.0, cb: (from.bluePerCb - lumaPerCb) / to.bluePerCb, cr: -lumaPerCr / to.bluePerCb),
      (luma: 0.0, cb: -lumaPerCb / to.redPerCr, cr: (from.redPerCr - lumaPerCr) / to.redPerCr),
    ]
    return Picture(
      width: width, height: height, format: format, color: wanted,
      planes: [
        plane((1, lumaPerCb, lumaPerCr), span: target.lumaSpan, offset: target.lumaOffset, at: 0)
      ]
        + chroma.enumerated().map { index, weights in
          plane(weights, span: target.chromaSpan, offset: target.chromaOffset, at: index + 1)
        })
  }
}
