import Imaging

/// Values within a network on the padded grid or a coarser one: `height` × `width` × `channels` (NHWC).
struct FeaturePart {
  let values: UnsafePointer<Float>
  let height: Int
  let width: Int
  let channels: Int

  /// Writes them for the valid part of the grid, `channels` × `gridHeight` × `gridWidth`, interpolated linearly
  /// between the centers of their places, each place's channels freed of their mean and of `length`
  /// together. Where they are all alike, or no numbers, they are 0.
  func write(to out: UnsafeMutablePointer<Float>, geometry: WorkingGeometry, length: Float) {
    let (columns, rows) = (geometry.gridWidth, geometry.gridHeight)
    func position(_ place: Int, _ count: Int, of padded: Int) -> (Int, Int, Float) {
      let at = (Float(place) + 0.5) * Float(count) / Float(padded) - 0.5
      let inside = min(max(at, 0), Float(count - 1))
      let low = Int(inside)
      return (low, min(low + 1, count - 1), inside - Float(low))
    }
    var vector = [Float](repeating: 0, count: channels)
    for y in 0..<rows {
      let (top, bottom, down) = position(y, height, of: geometry.paddedGridHeight)
      for x in 0..<columns {
        let (left, right, across) = position(x, width, of: geometry.paddedGridWidth)
        let corners = [(top, left), (top, right), (bottom, left), (bottom, right)].map {
          values + ($0.0 * width + $0.1) * channels
        }
        let shares = [
          (1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across,
        ]
        var sum: Float = 0
        for c in 0..<channels {
          let value =
            corners[0][c] * shares[0] + corners[1][c] * shares[1] + corners[2][c] * shares[2]
            + corners[3][c] * shares[3]
          vector[c] = value
          sum += value
        }
        let mean = sum / Float(channels)
        var square: Float = 0
        for c in 0..<channels {
          vector[c] -= mean
          square += vector[c] * vector[c]
        }
        let scale = square.isFinite && square > 1e-12 ? length / square.squareRoot() : 0
        for c in 0..<channels {
          out[(c * rows + y) * columns + x] = scale > 0 ? vector[c] * scale : 0
        }
      }
    }
  }
}
