/// A picture under the brush. Coordinates are in heights of the film's frame, from its top left
/// corner; edges are anti-aliased.
struct Canvas {
  /// Pixels per frame height.
  let scale: Float
  let width: Int
  let height: Int
  /// The row of the frame (in pixels of this canvas) that row 0 is.
  let top: Int
  /// Red, green, blue (0…1, premultiplied) and opacity, row by row.
  var pixels: [SIMD4<Float>]

  /// A transparent canvas over the rows `rows` (in frame heights), `width` frame heights wide.
  init(scale: Float, width: Float, rows: ClosedRange<Float> = 0...1) {
    self.scale = scale
    self.width = max(1, Int((width * scale).rounded(.up)))
    top = Int((rows.lowerBound * scale).rounded(.down))
    height = max(1, Int((rows.upperBound * scale).rounded(.up)) - top)
    pixels = Array(repeating: .zero, count: self.width * height)
  }

  /// A transparent canvas of exactly this many pixels.
  init(width: Int, height: Int) {
    scale = Float(height)
    self.width = width
    self.height = height
    top = 0
    pixels = Array(repeating: .zero, count: width * height)
  }

  /// Lays `shader`'s color, with its opacity, over every pixel between `rows` (in frame heights).
  mutating func shade(
    rows: ClosedRange<Float> = 0...1, _ shader: (_ x: Float, _ y: Float) -> (Color, Float)
  ) {
    let first = max(0, Int((rows.lowerBound * scale).rounded(.down)) - top)
    let last = min(height, Int((rows.upperBound * scale).rounded(.up)) - top)
    guard first < last else { return }
    let step = 1 / scale
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in first..<last {
        let y = (Float(row + top) + 0.5) * step
        for column in 0..<width {
          let (color, opacity) = shader((Float(column) + 0.5) * step, y)
          Self.over(&pixels[row * width + column], color, opacity)
        }
      }
    }
  }

  /// An ellipse about (x, y) with half axes `a` and `b`, turned by the direction (cosine, sine) of `a`.
  mutating func dab(
    _ x: Float, _ y: Float, _ a: Float, _ b: Float, direction: SIMD2<Float> = [1, 0],
    _ color: Color, opacity: Float = 1
  ) {
    let long = max(0.4, a * scale)
    let short = max(0.4, b * scale)
    let reach = max(long, short) + 1
    let small = min(long, short)
    fill(x, y, x, y, reach: reach, color, opacity) { dx, dy in
      let u = (dx * direction.x + dy * direction.y) / long
      let v = (dy * direction.x - dx * direction.y) / short
      return (1 - (u * u + v * v).squareRoot()) * small + 0.5
    }
  }

  /// A line from (x0, y0) to (x1, y1) with round ends, half as wide as `start` and `end` say.
  mutating func stroke(
    _ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, start: Float, end: Float, _ color: Color,
    opacity: Float = 1
  ) {
    let thick = SIMD2(start, end) * scale
    let along = SIMD2(x1 - x0, y1 - y0) * scale
    let inverse = 1 / max(1e-6, (along * along).sum())
    // A line thinner than a pixel is drawn a pixel wide, but fainter.
    let faint = min(1, max(thick.x, thick.y) / 0.5)
    fill(x0, y0, x1, y1, reach: max(0.5, max(thick.x, thick.y)) + 1, color, opacity * faint) {
      dx, dy in
      let t = min(1, max(0, (dx * along.x + dy * along.y) * inverse))
      let gap = SIMD2(dx, dy) - along * t
      let radius = max(0.5, thick.x + (thick.y - thick.x) * t)
      return radius - (gap * gap).sum().squareRoot() + 0.5
    }
  }

  /// A filled triangle or any other convex shape, its corners in clockwise order on the screen.
  mutating func polygon(_ corners: [SIMD2<Float>], _ color: (_ x: Float, _ y: Float) -> Color) {
    let xs = corners.map(\.x)
    let ys = corners.map(\.y)
    guard let left = xs.min(), let right = xs.max(), let upper = ys.min(), let lower = ys.max()
    else { return }
    let edges = zip(corners, corners.dropFirst() + corners.prefix(1)).map { from, to in
      let along = to - from
      let normal = SIMD2(-along.y, along.x) / max(1e-6, (along * along).sum().squareRoot())
      return (normal, (normal * from).sum())
    }
    for row in pixelRange(upper, lower, 1, height, top) {
      let y = (Float(row + top) + 0.5) / scale
      for column in pixelRange(left, right, 1, width, 0) {
        let x = (Float(column) + 0.5) / scale
        var cover: Float = 1
        for (normal, offset) in edges {
          cover = min(cover, ((normal * SIMD2(x, y)).sum() - offset) * scale + 0.5)
        }
        if cover > 0 { Self.over(&pixels[row * width + column], color(x, y), cover) }
      }
    }
  }

  private func pixelRange(
    _ low: Float, _ high: Float, _ reach: Float, _ count: Int, _ offset: Int
  ) -> Range<Int> {
    let first = max(0, Int((low * scale - reach).rounded(.down)) - offset)
    return first..<max(first, min(count, Int((high * scale + reach).rounded(.up)) + 1 - offset))
  }

  @inline(__always)
  private mutating func fill(
    _ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, reach: Float, _ color: Color,
    _ opacity: Float, coverage: (_ dx: Float, _ dy: Float) -> Float
  ) {
    let columns = pixelRange(min(x0, x1), max(x0, x1), reach, width, 0)
    let rows = pixelRange(min(y0, y1), max(y0, y1), reach, height, top)
    guard !columns.isEmpty else { return }
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in rows {
        let dy = Float(row + top) + 0.5 - y0 * scale
        for column in columns {
          let cover = coverage(Float(column) + 0.5 - x0 * scale, dy)
          if cover > 0 {
            Self.over(&pixels[row * width + column], color, min(1, cover) * opacity)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func over(_ pixel: inout SIMD4<Float>, _ color: Color, _ opacity: Float) {
    let alpha = min(1, max(0, opacity))
    pixel = pixel * (1 - alpha) + SIMD4(color * alpha, alpha)
  }
}
