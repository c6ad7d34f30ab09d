import CKernels
public import Imaging

/// What the network takes a place to be, as far as its answer tells: places of one object have the same choice
/// of colors, whatever their lightness.
///
/// A signature is the vector of √p over the cells of a grid of step 20 in the plane of a\* and b\*, each of
/// which joins up to four of the 313 bins. It has unit length, and the squared distance of two is twice the
/// squared Hellinger distance of the distributions. docs/decisions/0035-guidance-in-space.md has the figures.
public enum ColorSignature {
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
  public static let channels = Int(cells.max() ?? 0) + 1

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
    let (bins, area) = (ColorBins.count, width * height)
    return FloatImage(width: width, height: height, channels: channels) { out in
      for y in 0..<height {
        ac_cell_roots(
          values + y * geometry.paddedGridWidth * bins, Int32(bins), Int32(bins),
          output == .probabilities ? 1 : 0, cells, Int32(channels), Int32(width), out + y * width,
          Int64(area))
      }
    }
  }
}
