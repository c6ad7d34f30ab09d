/// How convolutions become multiplications of matrices: a matrix with a row for each channel and tap,
/// and in it a column for each output position. The window must have three axes.
extension SpatialWindow {
  /// Writes the matrix of an input (im2col); padding gives 0.
  func gather(
    _ x: UnsafePointer<Float>, channels: Int, positions: Range<Int>,
    into matrix: UnsafeMutablePointer<Float>
  ) {
    forEachRun(channels: channels, positions: positions) { run in
      if let line = run.line {
        gatherRun(x + line, run.first, run.count, matrix + run.column)
      } else {
        (matrix + run.column).update(repeating: 0, count: run.count)
      }
    }
  }

  /// Adds the products in a matrix to where they belong in an output (col2im).
  func scatter(
    _ matrix: UnsafePointer<Float>, channels: Int, positions: Range<Int>,
    into y: UnsafeMutablePointer<Float>
  ) {
    let (width, step) = (input[2], stride[2])
    forEachRun(channels: channels, positions: positions) { run in
      guard let line = run.line else { return }
      let from = matrix + run.column
      for i in 0..<run.count {
        let x = run.first + i * step
        if x >= 0, x < width { y[line + x] += from[i] }
      }
    }
  }

  /// Neighbouring entries of the matrix whose taps lie in one line of the input.
  private struct Run {
    /// Index of the line's first element; nil when the line lies in the padding.
    let line: Int?
    /// The first tap's place in the line, which the padding may put outside of it; the others follow
    /// in steps of the stride.
    let first: Int
    let count: Int
    /// Index of the first entry in the matrix.
    let column: Int
  }

  /// Visits the whole matrix in order.
  @inline(__always)
  private func forEachRun(channels: Int, positions: Range<Int>, _ body: (Run) -> Void) {
    let (depth, height, width) = (input[0], input[1], input[2])
    var column = 0
    for channel in 0..<channels {
      for kd in 0..<kernel[0] {
        for kh in 0..<kernel[1] {
          for kw in 0..<kernel[2] {
            var position = positions.lowerBound
            while position < positions.upperBound {
              let ow = position % output[2]
              let oh = position / output[2] % output[1]
              let od = position / output[2] / output[1]
              let count = min(output[2] - ow, positions.upperBound - position)
              let z = od * stride[0] + kd * dilation[0] - begin[0]
              let y = oh * stride[1] + kh * dilation[1] - begin[1]
              let isInside = z >= 0 && z < depth && y >= 0 && y < height
              body(
                Run(
                  line: isInside ? ((channel * depth + z) * height + y) * width : nil,
                  first: ow * stride[2] + kw * dilation[2] - begin[2], count: count,
                  column: column))
              column += count
              position += count
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func gatherRun(
    _ line: UnsafePointer<Float>, _ first: Int, _ count: Int,
    _ to: UnsafeMutablePointer<Float>
  ) {
    let (width, step) = (input[2], stride[2])
    // Positions whose tap lies inside the line.
    let low = first >= 0 ? 0 : min(count, (-first + step - 1) / step)
    let high = first >= width ? low : max(low, min(count, (width - first + step - 1) / step))
    for i in 0..<low { to[i] = 0 }
    if step == 1 {
      if high > low { (to + low).update(from: line + first + low, count: high - low) }
    } else {
      for i in low..<high { to[i] = line[first + i * step] }
    }
    for i in high..<max(high, count) { to[i] = 0 }
  }
}
