package import CKernels
import Foundation
import Locking

/// A table from (Y′, a\*, b\*) to (Cb, Cr), so that recombining exact luma with wanted color is a
/// lookup. It works on normalized values: one table serves all bit depths and both ranges.
///
/// Nodes hold the exact solution (`ColorModel.unboundedRGB`) also a little outside of the gamut, where
/// that is still smooth, so that interpolation is accurate up to the gamut's border; colors far outside
/// are first scaled towards neutral in a\*b\*, which keeps their hue. The kernel ends with a scaling of
/// (Cb, Cr) that makes R′, G′, B′ lie in 0…1: with Y′ fixed these are linear in (Cb, Cr), so the largest
/// factor has a closed form. Y′ never changes.
package final class ChromaTable: @unchecked Sendable {
  // `@unchecked Sendable`: `nodes` is written by `init` alone, and `kernel` points into it.
  /// What the kernels take; valid as long as this object lives.
  package let kernel: ac_chroma_table
  private let nodes: AlignedBuffer

  /// Steps of 1/64 in Y′ and 5 in a\* and b\*, −115…115, beyond all 313 bins.
  static let levels = 65
  static let side = 47
  static let step = 5.0
  /// One unit of a node: Cb and Cr reach ±0.8.
  static let unit = 1.0 / 40960
  /// How far beyond the gamut's border, at this and the neighbouring Y′, nodes are still exact. More
  /// makes colors near the border more accurate, less keeps the hue of colors far outside.
  static let margin = 0.3 * step

  /// Builds the table, in about a tenth of a second; prefer `shared(for:)`.
  package init(_ model: ColorModel) {
    let (levels, side) = (Self.levels, Self.side)
    let count = levels * side * side
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<Int32>.stride)
    let pointer = buffer.base.bindMemory(to: Int32.self, capacity: count)
    let borders = (0..<levels).map { ChromaBorder(model, luma: Double($0) / Double(levels - 1)) }
    for level in 0..<levels {
      let neighbours = borders[max(level - 1, 0)...min(level + 1, levels - 1)]
      Self.fill(
        pointer + level * side * side, model: model, luma: Double(level) / Double(levels - 1),
        border: ChromaBorder(largestOf: neighbours))
    }
    nodes = buffer
    let weights = model.weights
    kernel = ac_chroma_table(
      nodes: pointer, levels: Int32(levels), side: Int32(side), step: Float(Self.step),
      unit: Float(Self.unit), r_cr: Float(weights.redPerCr), g_cb: Float(weights.greenPerCb),
      g_cr: Float(weights.greenPerCr), b_cb: Float(weights.bluePerCb))
  }

  /// The table for a resolved description, built at the first call and kept.
  package static func shared(for color: ColorDescription) throws(ImagingError) -> ChromaTable {
    let model = try ColorModel(color)
    return tables.withLock { tables in
      if let table = tables[model] { return table }
      let table = ChromaTable(model)
      // A film needs one; somebody who walks through all tags should not keep them all.
      if tables.count >= 8 { tables.removeAll() }
      tables[model] = table
      return table
    }
  }

  private static let tables = Locked<[ColorModel: ChromaTable]>([:])

  /// Computes the nodes of one Y′.
  private static func fill(
    _ nodes: UnsafeMutablePointer<Int32>, model: ColorModel, luma: Double, border: ChromaBorder
  ) {
    let center = (side - 1) / 2
    let neutral = model.lightness(luma: luma)
    for row in 0..<side {
      var guess = neutral
      for column in 0..<side {
        var (a, b) = (Double(column - center) * step, Double(row - center) * step)
        guard column != center || row != center else {
          nodes[row * side + column] = 0
          guess = neutral
          continue
        }
        let extent = (a * a + b * b).squareRoot()
        let reach = border.chroma(a: a, b: b) + margin
        if extent > reach {
          a *= reach / extent
          b *= reach / extent
        }
        let rgb = model.unboundedRGB(
          luma: luma, a: a, b: b, lightnessGuess: &guess, tolerance: 1e-6)
        let chroma = model.weights.chroma(rgb)
        nodes[row * side + column] = pack(chroma.cb) | pack(chroma.cr) << 16
      }
    }
  }

  /// A signed 16-bit multiple of `unit`, in the low bits.
  private static func pack(_ value: Double) -> Int32 {
    Int32((value / unit).rounded().clamped(to: -32767...32767)) & 0xffff
  }
}

/// The largest a\*b\* chroma that R′, G′, B′ in 0…1 can show at one Y′, by hue.
private struct ChromaBorder {
  /// Sectors of hue in the circle.
  private static let sectors = 256
  private var reach: [Double]

  /// Walks along the border of the gamut at one Y′, where one of R′, G′, B′ is 0 or 1.
  init(_ model: ColorModel, luma: Double) {
    reach = [Double](repeating: 0, count: Self.sectors)
    guard luma > 0, luma < 1 else { return }
    let weights = model.weights
    for index in 0..<(4 * Self.sectors) {
      let angle = 2 * Double.pi * Double(index) / Double(4 * Self.sectors)
      let direction = weights.rgb(luma: 0, cb: cos(angle), cr: sin(angle))
      var scale = Double.infinity
      for way in [direction.x, direction.y, direction.z] where way != 0 {
        scale = min(scale, way > 0 ? (1 - luma) / way : -luma / way)
      }
      let lab = model.lab(rgb: SIMD3(repeating: luma) + direction * scale)
      let sector = Self.sector(lab.y, lab.z)
      reach[sector] = max(reach[sector], (lab.y * lab.y + lab.z * lab.z).squareRoot())
    }
    // Sectors that the walk stepped over take the larger neighbour.
    for sector in reach.indices where reach[sector] == 0 {
      let (before, after) = (sector + Self.sectors - 1, sector + 1)
      reach[sector] = max(reach[before % Self.sectors], reach[after % Self.sectors])
    }
  }

  init(largestOf borders: ArraySlice<ChromaBorder>) {
    reach = (0..<Self.sectors).map { sector in borders.map { $0.reach[sector] }.max() ?? 0 }
  }

  /// The largest chroma in the direction of (a, b).
  func chroma(a: Double, b: Double) -> Double { reach[Self.sector(a, b)] }

  private static func sector(_ a: Double, _ b: Double) -> Int {
    let turn = atan2(b, a) / (2 * .pi)
    return min(Int((turn < 0 ? turn + 1 : turn) * Double(sectors)), sectors - 1)
  }
}

extension Comparable {
  fileprivate func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
