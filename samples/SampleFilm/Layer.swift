/// A painted canvas brought to the film's resolution, ready to be laid under a moving camera.
struct Layer: Sendable {
  let width: Int
  let height: Int
  /// The frame's row where the layer's first row lies.
  let top: Int
  /// Red, green, blue (premultiplied) and opacity, 0…255.
  private let pixels: [SIMD4<UInt8>]

  /// Averages `factor` × `factor` pixels of the canvas to one.
  init(_ canvas: Canvas, factor: Int) {
    width = canvas.width / factor
    height = canvas.height / factor
    top = canvas.top / factor
    let weight = 1 / Float(factor * factor)
    var pixels: [SIMD4<UInt8>] = []
    pixels.reserveCapacity(width * height)
    for row in 0..<height {
      for column in 0..<width {
        var sum = SIMD4<Float>.zero
        for y in row * factor..<(row + 1) * factor {
          for x in column * factor..<(column + 1) * factor {
            sum += canvas.pixels[y * canvas.width + x]
          }
        }
        pixels.append((sum * weight).bytes)
      }
    }
    self.pixels = pixels
  }

  /// Lays the layer over the frame, its column `offset` (in pixels, any fraction) at the left edge.
  func draw(on frame: inout Canvas, offset: Float) {
    let whole = offset.rounded(.down)
    let right = (offset - whole) * (1 / 255)
    let left = 1 / 255 - right
    let first = Int(whole)
    let rows = max(0, top)..<max(0, min(frame.height, top + height))
    let frameWidth = frame.width
    frame.pixels.withUnsafeMutableBufferPointer { target in
      pixels.withUnsafeBufferPointer { source in
        for row in rows {
          let line = (row - top) * width
          var here = SIMD4<Float>(source[line + min(width - 1, max(0, first))])
          for column in 0..<frameWidth {
            let next = SIMD4<Float>(
              source[line + min(width - 1, max(0, first + column + 1))])
            let value = here * left + next * right
            here = next
            let place = row * frameWidth + column
            target[place] = target[place] * (1 - value.w) + value
          }
        }
      }
    }
  }
}
