import Imaging

extension FloatImage {
  /// The means over `scale` × `scale` blocks of each channel; what is left over at the right and the bottom
  /// is not looked at.
  func blockMeans(_ scale: Int) -> FloatImage {
    guard scale > 1 else { return self }
    let (columns, rows) = (width / scale, height / scale)
    return FloatImage(width: columns, height: rows, channels: channels) { out in
      for c in 0..<channels {
        let plane = channel(c)
        for y in 0..<rows {
          for x in 0..<columns {
            var sum: Float = 0
            for dy in 0..<scale {
              let row = plane + (y * scale + dy) * width + x * scale
              for dx in 0..<scale { sum += row[dx] }
            }
            out[(c * rows + y) * columns + x] = sum / Float(scale * scale)
          }
        }
      }
      withExtendedLifetime(self) {}
    }
  }
}
