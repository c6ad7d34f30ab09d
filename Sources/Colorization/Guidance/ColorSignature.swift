import CKernels
import Foundation
package import Imaging

/// What the network takes a place to be, as far as its answer tells: places of one object have the same choice
/// of colors, whatever their lightness.
///
/// A signature is the vector of √p over the cells of a grid of step 20 in the plane of a\* and b\*, each of
/// which joins up to four of the 313 bins. It has unit length, and the squared distance of two is twice the
/// squared Hellinger distance of the distributions. docs/decisions/0035-guidance-in-space.md has the figures.
package enum ColorSignature {
  /// The cell that each of the 313 bins belongs to.
  private static let cells: [Int32] = {
    let corners = ColorBins.centers.map { center in
      SIMD2(Int(((center.x + 10) / 20).rounded(.down)), Int(((center.y + 10) / 20).rounded(.down)))
    }
    var order: [SIMD2<Int>: Int32] = [:]
    for corner in corners where order[corner] == nil {
      order[corner] = Int32(order.count)
    }
    return corners.map { order[$0] ?? 0 }
  }()

  /// Numbers in a signature: 88.
  package static let channels = Int(cells.max() ?? 0) + 1

  /// The mean of the bins of each cell.
  private static let cellColors: [SIMD2<Float>] = {
    var (sums, counts) = (
      [SIMD2<Float>](repeating: .zero, count: channels), [Float](repeating: 0, count: channels)
    )
    for (cell, center) in zip(cells, ColorBins.centers) {
      sums[Int(cell)] += center
      counts[Int(cell)] += 1
    }
    return zip(sums, counts).map { $0 / $1 }
  }()

  /// The annealed mean of the cells at a temperature of 2/3, 2 × height × width: there √p³ is the weight of a cell.
  static func meanColors(_ signature: FloatImage) -> FloatImage {
    let (area, planes) = (signature.area, signature.channel(0))
    return FloatImage(width: signature.width, height: signature.height, channels: 2) { out in
      out.update(repeating: 0, count: 2 * area)
      var sums = [Float](repeating: 0, count: area)
      for (cell, color) in cellColors.enumerated() {
        let roots = planes + cell * area
        for place in 0..<area {
          let weight = roots[place] * roots[place] * roots[place]
          sums[place] += weight
          out[place] += weight * color.x
          out[area + place] += weight * color.y
        }
      }
      for place in 0..<area {
        out[place] /= sums[place]
        out[area + place] /= sums[place]
      }
      withExtendedLifetime(signature) {}
    }
  }

  /// −ln Σ p² of each place's cells, in nats: how unsure the network is of it.
  static func collisionEntropies(_ signature: FloatImage) -> [Float] {
    let (area, planes) = (signature.area, signature.channel(0))
    var sums = [Float](repeating: 0, count: area)
    for cell in 0..<channels {
      for place in 0..<area {
        let share = planes[cell * area + place] * planes[cell * area + place]
        sums[place] += share * share
      }
    }
    withExtendedLifetime(signature) {}
    return sums.map { -log($0) }
  }

  /// The signatures of the valid part of the grid, `channels` × `gridHeight` × `gridWidth`. A place whose
  /// numbers are not finite has the signature of the uniform distribution.
  ///
  /// - Parameters:
  ///   - values: The network's answer, `paddedGridHeight` × `paddedGridWidth` × 313 (NHWC), dense.
  ///   - output: what the values are.
  ///   - isWanted: of each place of the grid; those that are not have zeros. nil for all of them.
  package static func image(
    values: UnsafePointer<Float>, geometry: WorkingGeometry,
    output: DistributionDecoder.Output = .logits, where isWanted: [Bool]? = nil
  ) -> FloatImage {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    let (bins, area) = (ColorBins.count, width * height)
    return FloatImage(width: width, height: height, channels: channels) { out in
      if isWanted != nil { out.update(repeating: 0, count: channels * area) }
      for y in 0..<height {
        for run in runs(ofRow: y * width..<(y + 1) * width, where: isWanted) {
          let x = run.lowerBound - y * width
          ac_cell_roots(
            values + (y * geometry.paddedGridWidth + x) * bins, Int32(bins), Int32(bins),
            output == .probabilities ? 1 : 0, cells, Int32(channels), Int32(run.count),
            out + run.lowerBound, Int64(area))
        }
      }
    }
  }

  /// The runs of places in a row that are wanted.
  private static func runs(ofRow row: Range<Int>, where isWanted: [Bool]?) -> [Range<Int>] {
    guard let isWanted else { return [row] }
    var (runs, at): ([Range<Int>], Int) = ([], row.lowerBound)
    while let start = row[at...].first(where: { isWanted[$0] }) {
      at = row[start...].first { !isWanted[$0] } ?? row.upperBound
      runs.append(start..<at)
    }
    return runs
  }
}
