import Foundation
public import Imaging

/// What the network takes a place to be, as far as its answer tells: places of one object have the same choice
/// of colors, whatever their lightness.
///
/// A signature is the vector of √p over the cells of a grid of step 20 in the plane of a\* and b\*, each of
/// which joins up to four of the 313 bins. It has unit length, and the squared distance of two is twice the
/// squared Hellinger distance of the distributions. docs/decisions/0035-guidance-in-space.md has the figures.
public enum ColorSignature {
  /// The cell that each of the 313 bins belongs to.
  private static let cells: [Int] = {
    let corners = ColorBins.centers.map { center in
      SIMD2(Int(((center.x + 10) / 20).rounded(.down)), Int(((center.y + 10) / 20).rounded(.down)))
    }
    var order: [SIMD2<Int>: Int] = [:]
    for corner in corners where order[corner] == nil { order[corner] = order.count }
    return corners.map { order[$0] ?? 0 }
  }()

  /// Numbers in a signature: 88.
  public static let channels = (cells.max() ?? 0) + 1

  /// The signatures of the valid part of the grid, `channels` × `gridHeight` × `gridWidth`. A place whose
  /// numbers are not finite has the signature of the uniform distribution.
  ///
  /// - Parameters:
  ///   - values: The network's answer, `paddedGridHeight` × `paddedGridWidth` × 313 (NHWC), dense.
  ///   - output: what the values are.
  public static func image(
    values: UnsafePointer<Float>, geometry: WorkingGeometry,
    output: DistributionDecoder.Output = .logits
  ) -> FloatImage {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    let bins = ColorBins.count
    let (area, count) = (width * height, channels)
    return FloatImage(width: width, height: height, channels: count) { out in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { sums in
        cells.withUnsafeBufferPointer { cells in
          for at in 0..<area {
            let place = values + (at / width * geometry.paddedGridWidth + at % width) * bins
            var largest = -Float.infinity
            for q in 0..<bins { largest = max(largest, place[q]) }
            sums.initialize(repeating: 0)
            var total: Float = 0
            for q in 0..<bins {
              let behind = place[q] - largest
              // What is less than 10⁻⁷ of the likeliest does not show.
              let weight =
                output == .probabilities ? place[q] : behind > -16 ? exp(behind) : 0
              sums[cells[q]] += weight
              total += weight
            }
            let isKnown = total.isFinite && total > 0
            for cell in 0..<count {
              let share = isKnown ? sums[cell] / total : 1 / Float(count)
              out[cell * area + at] = share.squareRoot()
            }
          }
        }
      }
    }
  }
}
