/// A displacement for each pixel.
package struct FlowField: Sendable {
  /// In pixels.
  package let width: Int
  /// In pixels.
  package let height: Int
  /// `height` × `width` displacements to the right and down, in pixels.
  package let values: [SIMD2<Float>]

  /// - Precondition: `values` holds `height * width` displacements.
  package init(width: Int, height: Int, values: [SIMD2<Float>]) {
    precondition(
      values.count == width * height, "\(values.count) are no \(width)×\(height) displacements")
    self.width = width
    self.height = height
    self.values = values
  }

  subscript(x: Int, y: Int) -> SIMD2<Float> { values[y * width + x] }

  /// The displacement between pixels.
  func sample(_ footprint: Footprint) -> SIMD2<Float> {
    var sum = SIMD2<Float>.zero
    for tap in 0..<4 { sum += footprint.weights[tap] * values[footprint.places[tap]] }
    return sum
  }

  /// Where the flow leads from a pixel, if that can be trusted: what the pixel shows is in both frames,
  /// and lies off the borders of motions. As Ruder, Dosovitskiy, Brox, *Artistic style transfer for
  /// videos*, 2016, eq. 5 and 6, with b this flow and w that of the other frame where b leads to:
  /// |w + b|² > 0.01·(|w|² + |b|²) + 0.5 is an occlusion, |∇b|² > 0.01·|b|² + 0.002 a motion boundary.
  /// What comes from outside of the picture is occluded.
  ///
  /// - Parameter back: the flow from the other frame to this one.
  func trusted(x: Int, y: Int, back: FlowField) -> Footprint? {
    let b = self[x, y]
    guard
      let footprint = Footprint(
        x: Float(x) + b.x, y: Float(y) + b.y, width: width, height: height)
    else { return nil }
    func square(_ v: SIMD2<Float>) -> Float { (v * v).sum() }
    let w = back.sample(footprint)
    if square(w + b) > 0.01 * (square(w) + square(b)) + 0.5 { return nil }
    let right = x + 1 < width ? self[x + 1, y] - b : .zero
    let below = y + 1 < height ? self[x, y + 1] - b : .zero
    return square(right) + square(below) <= 0.01 * square(b) + 0.002 ? footprint : nil
  }
}

/// The four pixels that a place between pixels is interpolated from, and their weights.
struct Footprint {
  let places: SIMD4<Int>
  let weights: SIMD4<Float>

  /// Around (x, y), in pixels; nil outside of the picture.
  init?(x: Float, y: Float, width: Int, height: Int) {
    // Written so that no place that is not a number passes.
    guard x >= 0, y >= 0, x <= Float(width - 1), y <= Float(height - 1) else { return nil }
    let (left, top) = (Int(x), Int(y))
    let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
    let (across, down) = (x - Float(left), y - Float(top))
    places = SIMD4(
      top * width + left, top * width + right, bottom * width + left, bottom * width + right)
    weights = SIMD4(
      (1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down)
  }
}
