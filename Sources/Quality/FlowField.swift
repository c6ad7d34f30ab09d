/// A displacement for each pixel.
public struct FlowField: Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// `height` × `width` displacements to the right and down, in pixels.
  public let values: [SIMD2<Float>]

  /// - Precondition: `values` holds `height * width` displacements.
  public init(width: Int, height: Int, values: [SIMD2<Float>]) {
    precondition(
      values.count == width * height, "\(values.count) are no \(width)×\(height) displacements")
    self.width = width
    self.height = height
    self.values = values
  }

  subscript(x: Int, y: Int) -> SIMD2<Float> { values[y * width + x] }

  /// Whether this flow, from the later of two frames to the earlier, can be trusted at a pixel of the
  /// later frame: what it shows is in both frames, and lies off the borders of motions. As Ruder,
  /// Dosovitskiy, Brox, *Artistic style transfer for videos*, 2016, eq. 5 and 6, with b this flow and w
  /// the flow of the earlier frame where b leads to: |w + b|² > 0.01·(|w|² + |b|²) + 0.5 is an occlusion,
  /// |∇b|² > 0.01·|b|² + 0.002 a motion boundary. What comes from outside of the picture is occluded.
  ///
  /// - Parameter forward: the flow from the earlier frame to the later.
  func isTrusted(x: Int, y: Int, forward: FlowField) -> Bool {
    let b = self[x, y]
    guard let footprint = Footprint(x: x, y: y, flow: b, width: width, height: height) else {
      return false
    }
    var w = SIMD2<Float>.zero
    for (place, weight) in footprint.taps { w += weight * forward.values[place] }
    func square(_ v: SIMD2<Float>) -> Float { (v * v).sum() }
    if square(w + b) > 0.01 * (square(w) + square(b)) + 0.5 { return false }
    let right = x + 1 < width ? self[x + 1, y] - b : .zero
    let below = y + 1 < height ? self[x, y + 1] - b : .zero
    return square(right) + square(below) <= 0.01 * square(b) + 0.002
  }
}

/// The four pixels that a place between pixels is interpolated from, and their weights.
struct Footprint {
  let taps: [(place: Int, weight: Float)]

  /// Where `flow` leads from (x, y); nil outside of the picture.
  init?(x: Int, y: Int, flow: SIMD2<Float>, width: Int, height: Int) {
    let (column, row) = (Float(x) + flow.x, Float(y) + flow.y)
    // Written so that no displacement that is not a number passes.
    guard column >= 0, row >= 0, column <= Float(width - 1), row <= Float(height - 1) else {
      return nil
    }
    let (left, top) = (Int(column), Int(row))
    let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
    let (across, down) = (column - Float(left), row - Float(top))
    taps = [
      (top * width + left, (1 - across) * (1 - down)), (top * width + right, across * (1 - down)),
      (bottom * width + left, (1 - across) * down), (bottom * width + right, across * down),
    ]
  }
}
