import Imaging

/// Distances along the shortest ways across a lightness image, where a step costs what the lightness changes:
/// small within an object, however far, and large across an edge.
///
/// Exact for ways over the eight neighbours of each place: rows are swept forwards and backwards until nothing
/// changes (Rosenfeld and Pfaltz 1966; for images of costs, Toivanen 1996).
struct GeodesicDistance {
  /// What one unit of L\* costs, against the way across the whole picture.
  struct Costs {
    /// The change of L\* that costs 1.
    var lightness: Float = 8
    /// What the side of a square as large as the picture costs where the lightness does not change.
    var side: Float = 1.6
  }

  let width: Int
  let height: Int
  /// Costs of the steps to the left, and above: left, straight, right; those that leave the image are ∞.
  private let steps: FloatImage

  /// - Parameter lightness: L\*, 1 × height × width.
  init(lightness: FloatImage, costs: Costs = Costs()) {
    let (width, height) = (lightness.width, lightness.height)
    (self.width, self.height) = (width, height)
    let plain = costs.side / Float(max(width * height, 1)).squareRoot()
    let diagonal = plain * Float(2).squareRoot()
    let values = lightness.channel(0)
    steps = FloatImage(width: width, height: height, channels: 4) { out in
      for y in 0..<height {
        for x in 0..<width {
          let place = y * width + x
          for (index, step) in Self.before.enumerated() {
            let (atX, atY) = (x + step.x, y + step.y)
            let isInside = atX >= 0 && atX < width && atY >= 0
            let change = isInside ? abs(values[place] - values[atY * width + atX]) : 0
            out[index * width * height + place] =
              isInside
              ? change / costs.lightness + (step.x != 0 && step.y != 0 ? diagonal : plain)
              : .infinity
          }
        }
      }
      withExtendedLifetime(lightness) {}
    }
  }

  /// The neighbours that come before a place, row by row.
  private static let before: [SIMD2<Int>] = [
    SIMD2(-1, 0), SIMD2(-1, -1), SIMD2(0, -1), SIMD2(1, -1),
  ]

  /// Writes the distance of each place from the nearest of `sources` to `out`, `height` × `width`.
  func write(from sources: [Int], to out: UnsafeMutablePointer<Float>) {
    let (width, height, area) = (width, height, width * height)
    out.update(repeating: .infinity, count: area)
    for source in sources { out[source] = 0 }
    let (left, upLeft) = (steps.channel(0), steps.channel(1))
    let (up, upRight) = (steps.channel(2), steps.channel(3))
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for y in 0..<height {
        for x in 0..<width {
          let place = y * width + x
          var least = out[place]
          if x > 0 { least = min(least, out[place - 1] + left[place]) }
          if y > 0 {
            let above = place - width
            if x > 0 { least = min(least, out[above - 1] + upLeft[place]) }
            least = min(least, out[above] + up[place])
            if x + 1 < width { least = min(least, out[above + 1] + upRight[place]) }
          }
          if least < out[place] {
            out[place] = least
            hasChanged = true
          }
        }
      }
      for y in (0..<height).reversed() {
        for x in (0..<width).reversed() {
          let place = y * width + x
          var least = out[place]
          if x + 1 < width { least = min(least, out[place + 1] + left[place + 1]) }
          if y + 1 < height {
            let below = place + width
            if x > 0 { least = min(least, out[below - 1] + upRight[below - 1]) }
            least = min(least, out[below] + up[below])
            if x + 1 < width { least = min(least, out[below + 1] + upLeft[below + 1]) }
          }
          if least < out[place] {
            out[place] = least
            hasChanged = true
          }
        }
      }
    }
    withExtendedLifetime(steps) {}
  }
}
