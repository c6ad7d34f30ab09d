extension ExposureChange {
  /// Means of patches of one frame and of where motion finds them in the other, cell by cell.
  struct Samples {
    let width: Int
    let height: Int
    let from: UnsafePointer<Float>
    let to: UnsafePointer<Float>
  }

  /// Fits a change to the samples by reweighted least squares, so that wrong matches count for
  /// little. Returns it with the median of what it leaves, in units of L\*.
  static func fit(_ samples: Samples) -> (change: ExposureChange, deviation: Float) {
    var change = ExposureChange()
    change.offset = median(samples) { m, n, _, _ in n - m }
    var deviation: Float = 0
    for _ in 0..<4 {
      let current = change
      deviation = median(samples) { m, n, x, y in abs(n - current(m, x: x, y: y)) }
      change = current.refined(samples, reach: max(4 * deviation, 3))
    }
    return (change, deviation)
  }

  /// Each ninth cell is plenty for four unknowns.
  private static let step = 3

  private static func forEach(
    _ s: Samples, _ body: (_ from: Float, _ to: Float, _ x: Float, _ y: Float) -> Void
  ) {
    for row in stride(from: 0, to: s.height, by: step) {
      let y = 2 * (Float(row) + 0.5) / Float(s.height) - 1
      for column in stride(from: 0, to: s.width, by: step) {
        let x = 2 * (Float(column) + 0.5) / Float(s.width) - 1
        body(s.from[row * s.width + column], s.to[row * s.width + column], x, y)
      }
    }
  }

  private static func median(
    _ samples: Samples, of value: (Float, Float, Float, Float) -> Float
  ) -> Float {
    var values: [Float] = []
    values.reserveCapacity(samples.width * samples.height / (step * step) + samples.height)
    forEach(samples) { values.append(value($0, $1, $2, $3)) }
    return values.selectMedian()
  }

  /// One step: samples further than `reach` from this change do not count.
  private func refined(_ samples: Samples, reach: Float) -> ExposureChange {
    // Unknowns: offset, gain around mid gray, slopes; the ridge keeps what the samples do not tell.
    var normal = [Double](repeating: 0, count: 16)
    var right = [Double](repeating: 0, count: 4)
    Self.forEach(samples) { m, n, x, y in
      let rest = n - self(m, x: x, y: y)
      let r = rest / reach
      guard r * r < 1 else { return }
      let weight = Double((1 - r * r) * (1 - r * r))
      let basis = SIMD4<Double>(1, Double(m) / 50 - 1, Double(x), Double(y))
      for i in 0..<4 {
        right[i] += weight * basis[i] * Double(rest)
        for j in 0...i { normal[4 * i + j] += weight * basis[i] * basis[j] }
      }
    }
    for i in 0..<4 { normal[5 * i] += 1 }
    let step = Self.solve(normal, right)
    var change = self
    change.offset += Float(step[0] - step[1])
    change.gain += Float(step[1] / 50)
    change.slopeX += Float(step[2])
    change.slopeY += Float(step[3])
    // Beyond this it is no exposure; NaN ends here too.
    guard (0.4...2.5).contains(change.gain), change.offset.magnitude <= 100 else { return self }
    return change
  }

  /// Solves a positive definite system of four unknowns by Cholesky; `a` holds the lower triangle.
  private static func solve(_ a: [Double], _ b: [Double]) -> [Double] {
    var l = a
    var x = b
    for i in 0..<4 {
      for j in 0...i {
        var sum = l[4 * i + j]
        for k in 0..<j { sum -= l[4 * i + k] * l[4 * j + k] }
        l[4 * i + j] = i == j ? sum.squareRoot() : sum / l[5 * j]
      }
    }
    for i in 0..<4 {
      for k in 0..<i { x[i] -= l[4 * i + k] * x[k] }
      x[i] /= l[5 * i]
    }
    for i in (0..<4).reversed() {
      for k in (i + 1)..<4 { x[i] -= l[4 * k + i] * x[k] }
      x[i] /= l[5 * i]
    }
    return x
  }
}

extension [Float] {
  /// The middle value (the upper one of two), by quickselect; reorders the array. 0 if empty.
  mutating func selectMedian() -> Float {
    guard !isEmpty else { return 0 }
    let wanted = count / 2
    var (low, high) = (0, count - 1)
    while low < high {
      let pivot = self[(low + high) / 2]
      var (i, j) = (low, high)
      while i <= j {
        while self[i] < pivot { i += 1 }
        while self[j] > pivot { j -= 1 }
        if i <= j {
          swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if wanted <= j { high = j } else if wanted >= i { low = i } else { break }
    }
    return self[wanted]
  }
}
