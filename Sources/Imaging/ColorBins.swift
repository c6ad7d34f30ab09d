import Foundation

/// The 313 color bins of Zhang et al. 2016: the cells of an a\*b\* grid of step 10 that the sRGB gamut
/// reaches, in the order of the published `pts_in_hull` (by a, then by b).
package enum ColorBins {
  /// For each a from −90 in steps of 10: the smallest and the largest b; the cells between are all in.
  private static let rows: [(first: Int, last: Int)] = [
    (50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100),
    (-60, 100), (-70, 100), (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80), (-110, 80),
    (-110, 80), (-110, 70), (-110, 70), (-90, 0),
  ]

  /// (a, b) of each bin's center.
  package static let centers: [SIMD2<Float>] = rows.enumerated().flatMap { index, row in
    stride(from: row.first, through: row.last, by: 10).map {
      SIMD2(Float(-90 + 10 * index), Float($0))
    }
  }

  /// Number of bins: 313.
  package static let count = centers.count

  /// Bins with their share of one color, largest first.
  package typealias Share = (bin: Int, weight: Float)

  /// The bin whose center is nearest to (a, b); of several, the first.
  package static func nearest(a: Float, b: Float) -> Int {
    // The cell that the color lies in, of two at the border the first, if it is one of the 313.
    let row = (a / 10 - 0.5).rounded(.up) + 9
    let column = (b / 10 - 0.5).rounded(.up)
    if row >= 0, row < Float(rows.count) {
      let (first, last) = rows[Int(row)]
      if column >= Float(first / 10), column <= Float(last / 10) {
        return starts[Int(row)] + Int(column) - first / 10
      }
    }
    return nearest(to: SIMD2(a, b), count: 1).first?.bin ?? 0
  }

  /// The first bin of each row.
  private static let starts = rows.indices.map { index in
    rows[..<index].reduce(0) { $0 + ($1.last - $1.first) / 10 + 1 }
  }

  /// Soft encoding: the `neighbours` nearest bins, weighted by a Gaussian of their distance, adding up
  /// to 1 (Zhang et al. 2016, §2.2).
  package static func softEncoding(
    a: Float, b: Float, neighbours: Int = 5, sigma: Float = 5
  ) -> [Share] {
    let near = nearest(to: SIMD2(a, b), count: neighbours)
    // Relative to the nearest, so that colors far off the grid still have a sum.
    let closest = near.first?.squaredDistance ?? 0
    let weights = near.map { exp(($0.squaredDistance - closest) / (-2 * sigma * sigma)) }
    let sum = weights.reduce(0, +)
    return zip(near, weights).map { ($0.bin, $1 / sum) }
  }

  private static func nearest(
    to color: SIMD2<Float>, count: Int
  ) -> [(bin: Int, squaredDistance: Float)] {
    var found: [(bin: Int, squaredDistance: Float)] = []
    for (bin, center) in centers.enumerated() {
      let difference = center - color
      let distance = (difference * difference).sum()
      if found.count == count, let last = found.last, distance >= last.squaredDistance { continue }
      let place = found.firstIndex { distance < $0.squaredDistance } ?? found.count
      found.insert((bin, distance), at: place)
      if found.count > count { found.removeLast() }
    }
    return found
  }

  /// The prior smoothed over neighbouring bins by a Gaussian of the distance of their centers, adding
  /// up to 1 (Zhang et al. 2016, eq. 4).
  ///
  /// - Parameter prior: How often each of the 313 bins occurs; any sum.
  package static func smoothed(prior: [Double], sigma: Double = 5) -> [Double] {
    let blurred = centers.map { center in
      zip(centers, prior).reduce(0.0) { sum, other in
        let difference = center - other.0
        let distance = Double((difference * difference).sum())
        return sum + other.1 * exp(distance / (-2 * sigma * sigma))
      }
    }
    let total = blurred.reduce(0, +)
    return blurred.map { $0 / total }
  }

  /// Rebalancing weights w ∝ ((1 − λ)·p̃ + λ/313)⁻¹ with Σ p̃·w = 1, p̃ the smoothed prior (Zhang et al.
  /// 2016, eq. 4).
  package static func rebalancingWeights(
    prior: [Double], lambda: Double = 0.5, sigma: Double = 5
  ) -> [Double] {
    let smooth = smoothed(prior: prior, sigma: sigma)
    let raw = smooth.map { 1 / ((1 - lambda) * $0 + lambda / Double(count)) }
    let mean = zip(smooth, raw).reduce(0) { $0 + $1.0 * $1.1 }
    return raw.map { $0 / mean }
  }
}
