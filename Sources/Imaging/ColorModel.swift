/// What normalized code values (Y′, Cb, Cr or R′, G′, B′) of a picture mean in CIELAB: matrix,
/// transfer and primaries together. Plain double precision; the fast paths are tested against it.
package struct ColorModel: Hashable, Sendable {
  package let weights: LumaWeights
  package let transfer: TransferFunction
  package let primaries: RGBPrimaries

  /// sRGB (IEC 61966-2-1), in which photographs and what is made from them are.
  package static let sRGB = ColorModel(
    weights: LumaWeights(forRGBWith: .bt709), transfer: .sRGB, primaries: .bt709)

  private init(weights: LumaWeights, transfer: TransferFunction, primaries: RGBPrimaries) {
    self.weights = weights
    self.transfer = transfer
    self.primaries = primaries
  }

  /// - Parameter color: A resolved description; for RGB pictures (identity matrix) luma is made with
  ///   the weights that belong to the primaries.
  package init(_ color: ColorDescription) throws(ImagingError) {
    weights =
      color.matrix == .identity
      ? LumaWeights(forRGBWith: color.primaries) : try LumaWeights(color.matrix)
    transfer = try TransferFunction(color.transfer)
    primaries = try RGBPrimaries(color.primaries)
  }

  /// L\* of a neutral Y′.
  package func lightness(luma: Double) -> Double {
    Lab.lightness(luminance: transfer.linear(luma))
  }

  /// Y′ of a neutral L\*.
  package func luma(lightness: Double) -> Double {
    transfer.code(Lab.luminance(lightness: lightness))
  }

  /// (L\*, a\*, b\*) of R′, G′, B′.
  package func lab(rgb: SIMD3<Double>) -> SIMD3<Double> {
    let linear = SIMD3(transfer.linear(rgb.x), transfer.linear(rgb.y), transfer.linear(rgb.z))
    return Lab.lab(relativeXYZ: primaries.relativeXYZ(linear))
  }

  /// R′, G′, B′ of (L\*, a\*, b\*), outside of 0…1 if the color is.
  package func rgb(lab: SIMD3<Double>) -> SIMD3<Double> {
    let linear = primaries.linearRGB(Lab.relativeXYZ(lab: lab))
    return SIMD3(transfer.code(linear.x), transfer.code(linear.y), transfer.code(linear.z))
  }

  /// (L\*, a\*, b\*) of Y′, Cb, Cr.
  package func lab(luma: Double, cb: Double, cr: Double) -> SIMD3<Double> {
    lab(rgb: weights.rgb(luma: luma, cb: cb, cr: cr))
  }

  /// R′, G′, B′ of the color that has the given Y′, a\* and b\*, whether or not it lies in 0…1: finds
  /// the L\* that makes this Y′, which grows with L\*.
  ///
  /// - Parameter guess: An L\* to start from.
  package func unboundedRGB(
    luma: Double, a: Double, b: Double, lightnessGuess guess: inout Double, tolerance: Double = 1e-9
  ) -> SIMD3<Double> {
    var low = -200.0
    var high = 300.0
    var x = guess
    var rgb = rgb(lab: SIMD3(x, a, b))
    var previous: (x: Double, error: Double)?
    for _ in 0..<60 {
      let error = weights.luma(rgb) - luma
      if abs(error) < tolerance { break }
      if error > 0 { high = x } else { low = x }
      var next: Double
      if let last = previous, last.error != error {
        next = x - error * (x - last.x) / (error - last.error)
      } else {
        // Y′ is nearly L*/100.
        next = x - 100 * error
      }
      if !(next > low && next < high) { next = (low + high) / 2 }
      previous = (x, error)
      x = next
      rgb = self.rgb(lab: SIMD3(x, a, b))
    }
    guess = x
    return rgb
  }

  /// Cb and Cr such that (Y′, Cb, Cr) decodes to the wanted a\* and b\*; if such a color lies outside
  /// of R′, G′, B′ in 0…1, a\* and b\* are scaled towards neutral just far enough.
  package func chroma(luma: Double, a: Double, b: Double) -> (cb: Double, cr: Double) {
    guard luma > 0, luma < 1 else { return (0, 0) }
    var guess = lightness(luma: luma)
    func candidate(_ scale: Double) -> SIMD3<Double> {
      unboundedRGB(luma: luma, a: a * scale, b: b * scale, lightnessGuess: &guess, tolerance: 1e-12)
    }
    func fits(_ rgb: SIMD3<Double>) -> Bool { rgb.min() >= -1e-9 && rgb.max() <= 1 + 1e-9 }
    let wanted = candidate(1)
    if fits(wanted) { return weights.chroma(wanted) }
    var (inside, outside) = (0.0, 1.0)
    var best = SIMD3(repeating: luma)
    for _ in 0..<40 {
      let middle = (inside + outside) / 2
      let rgb = candidate(middle)
      if fits(rgb) {
        inside = middle
        best = rgb
      } else {
        outside = middle
      }
    }
    return weights.chroma(best)
  }
}
