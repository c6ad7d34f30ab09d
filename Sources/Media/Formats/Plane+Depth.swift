import CFFmpeg
import Imaging

extension Plane {
  /// The plane with each code looked up in `table`, which has 2^bitDepth entries of `depth` bits.
  func mapped(by table: [UInt16], to depth: Int) -> Plane {
    Plane(width: width, height: height, bitDepth: depth) { target, stride in
      for y in 0..<height {
        ac_map_samples(
          base + y * bytesPerRow, bitDepth > 8 ? 1 : 0, Int32(width), table,
          Int32(table.count - 1), depth > 8 ? 1 : 0, target + y * stride)
      }
    }
  }
}

/// Brings the planes of a picture to the depth and range that an encoder writes.
struct DepthConversion {
  /// What a plane holds: luma and chroma have different nominal ranges (ITU-R BT.2100 table 9).
  enum Role { case luma, chroma, other }

  private let from: Int
  private let to: Int
  private let fromRange: ColorRange
  private let toRange: ColorRange
  private let lumaTable: [UInt16]
  private let chromaTable: [UInt16]
  private let otherTable: [UInt16]

  init(from: Int, to: Int, fromRange: ColorRange, toRange: ColorRange) {
    (self.from, self.to, self.fromRange, self.toRange) = (from, to, fromRange, toRange)
    let changesRange = fromRange != toRange
    lumaTable =
      changesRange || to < from
      ? Self.table(from, fromRange, to, toRange, role: .luma) : []
    chromaTable =
      changesRange || to < from
      ? Self.table(from, fromRange, to, toRange, role: .chroma) : []
    otherTable = to < from ? Self.table(from, .full, to, .full, role: .other) : []
  }

  func apply(_ plane: Plane, role: Role) -> Plane {
    let table: [UInt16]
    switch role {
    case .luma: table = lumaTable
    case .chroma: table = chromaTable
    case .other: table = otherTable
    }
    if !table.isEmpty { return plane.mapped(by: table, to: to) }
    return plane.widened(
      to: to, repeatingTopBits: role == .other || (role == .luma && fromRange == .full))
  }

  /// Codes of the new depth and range for all codes of the old, nearest, clipped to the codes there
  /// are.
  private static func table(
    _ from: Int, _ fromRange: ColorRange, _ to: Int, _ toRange: ColorRange, role: Role
  ) -> [UInt16] {
    let (offset, scale) = nominal(from, fromRange, role)
    let (newOffset, newScale) = nominal(to, toRange, role)
    let largest = Double((1 << to) - 1)
    return (0..<(1 << from)).map { code in
      let value = (Double(code) - offset) / scale * newScale + newOffset
      return UInt16(min(max(value.rounded(), 0), largest))
    }
  }

  /// The code of zero, and of one unit above it.
  private static func nominal(
    _ depth: Int, _ range: ColorRange, _ role: Role
  ) -> (offset: Double, scale: Double) {
    let unit = Double(1 << (depth - 8))
    let largest = Double((1 << depth) - 1)
    switch (role, range) {
    case (.chroma, .full): return (128 * unit, largest)
    case (.chroma, _): return (128 * unit, 224 * unit)
    case (.luma, .limited), (.luma, .unspecified): return (16 * unit, 219 * unit)
    default: return (0, largest)
    }
  }
}
