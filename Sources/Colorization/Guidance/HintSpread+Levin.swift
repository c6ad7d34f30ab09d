import Foundation
package import Imaging

extension HintSpread {
  /// The field of hints where there is no network whose word could stand: each place has the color of its
  /// neighbours, weighted by the likeness of their luma (Levin, Lischinski, Weiss 2004, *Colorization using
  /// optimization*, eq. 1 and 2), and β = 1 everywhere.
  ///
  /// For a place r without hint, U(r) = Σ w_rs·U(s) over its neighbours s in a window of 3 × 3, with
  /// w_rs ∝ exp(−(Y(r) − Y(s))² ÷ 2σ_r²) and σ_r² the variance in the window, as in the authors' program.
  ///
  /// - Parameter lightness: L\*, 0…100, at the working size of `geometry`.
  /// - Throws: `ColorizationError.unexpectedSize` if it is of another size.
  package static func completeField(
    of hints: [Hint], lightness: FloatImage, geometry: WorkingGeometry
  ) throws(ColorizationError) -> GuidanceField {
    try lightness.check("the lightness", 1, geometry.workingWidth, geometry.workingHeight)
    let grid = lightness.blockMeans(geometry.scale)
    let (width, height) = (grid.width, grid.height)
    guard !hints.isEmpty else { return GuidanceField(emptyOfWidth: width, height: height) }
    var colors: [Int: SIMD2<Double>] = [:]
    for hint in hints {
      for place in hint.places(width: width, height: height) {
        colors[place] = SIMD2(Double(hint.color.a), Double(hint.color.b))
      }
    }
    // Numbered along the short side, so that the band is narrow.
    let isWide = width > height
    let (lines, length) = isWide ? (width, height) : (height, width)
    func place(_ index: Int) -> Int {
      isWide ? index % length * width + index / length : index
    }
    let luma = (0..<grid.area).map { index in
      let value = grid.channel(0)[place(index)]
      return value.isFinite ? Double(value) : 0
    }
    var system = BandedSystem(count: grid.area, band: length + 1)
    for index in 0..<grid.area {
      if let color = colors[place(index)] {
        system.set(index, index, 1)
        system.right[index] = color
        continue
      }
      let near = neighbours(index, lines: lines, length: length)
      let window = near.map { luma[$0] } + [luma[index]]
      let mean = window.reduce(0, +) / Double(window.count)
      let variance = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(window.count)
      // The floor keeps flat places from being told apart by noise: 0.2 of L*, squared.
      let precision = 1 / (2 * max(variance, 0.04))
      let weights = near.map {
        exp(-(luma[$0] - luma[index]) * (luma[$0] - luma[index]) * precision)
      }
      let sum = weights.reduce(0, +)
      system.set(index, index, 1)
      for (other, weight) in zip(near, weights) {
        // A place that is unlike all its neighbours still has some.
        system.set(index, other, sum > 1e-9 ? -weight / sum : -1 / Double(near.count))
      }
    }
    let found = system.solved()
    return GuidanceField(width: width, height: height) { a, b, beta in
      for index in 0..<grid.area {
        let at = place(index)
        (a[at], b[at], beta[at]) = (Float(found[index].x), Float(found[index].y), 1)
      }
      for (place, color) in colors { (a[place], b[place]) = (Float(color.x), Float(color.y)) }
    }
  }

  private static func neighbours(_ index: Int, lines: Int, length: Int) -> [Int] {
    let (line, at) = (index / length, index % length)
    var found: [Int] = []
    for l in max(line - 1, 0)...min(line + 1, lines - 1) {
      for p in max(at - 1, 0)...min(at + 1, length - 1) where l != line || p != at {
        found.append(l * length + p)
      }
    }
    return found
  }
}

/// Linear equations whose coefficients are 0 beyond `band` places from the diagonal, for two right sides.
///
/// Solved by elimination without pivoting, which is stable where no row's other coefficients exceed its
/// diagonal, as with the means above.
private struct BandedSystem {
  let count: Int
  let band: Int
  var right: [SIMD2<Double>]
  /// Row by row, the coefficients from −band to +band.
  private var rows: [Double]

  init(count: Int, band: Int) {
    (self.count, self.band) = (count, band)
    right = [SIMD2<Double>](repeating: SIMD2(), count: count)
    rows = [Double](repeating: 0, count: count * (2 * band + 1))
  }

  mutating func set(_ row: Int, _ column: Int, _ value: Double) {
    rows[row * (2 * band + 1) + column - row + band] = value
  }

  consuming func solved() -> [SIMD2<Double>] {
    let (count, band, stride) = (count, band, 2 * band + 1)
    rows.withUnsafeMutableBufferPointer { rows in
      for pivot in 0..<count {
        let last = min(pivot + band, count - 1)
        let from = pivot * stride + band
        for row in (pivot + 1)..<(last + 1) {
          let at = row * stride + pivot - row + band
          guard rows[at] != 0 else { continue }
          let factor = rows[at] / rows[from]
          for offset in 1..<(last - pivot + 1) {
            rows[at + offset] -= factor * rows[from + offset]
          }
          right[row] -= factor * right[pivot]
        }
      }
      for row in (0..<count).reversed() {
        let from = row * stride + band
        var sum = right[row]
        for offset in 1..<(min(row + band, count - 1) - row + 1) {
          sum -= rows[from + offset] * right[row + offset]
        }
        right[row] = sum / rows[from]
      }
    }
    return right
  }
}
