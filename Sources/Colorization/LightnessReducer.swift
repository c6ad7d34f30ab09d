import CKernels
package import Imaging

/// Reduces the luma of a picture to the small L\* that the network and the guided filter look at.
///
/// Code values are averaged over the area of each working pixel and then taken to L\*: photographs that
/// networks are trained on are reduced the same way, on code values, and it is the cheap order.
package struct LightnessReducer: Sendable {
  package let geometry: WorkingGeometry
  /// L\* of Y′ and back, for these tags.
  package let curve: LightnessCurve
  private let color: ColorDescription
  private let weights: LumaWeights
  private let columns: AreaAxis
  private let rows: AreaAxis

  /// - Parameters:
  ///   - color: The resolved description of the pictures to come.
  ///   - geometry: For their size.
  package init(color: ColorDescription, geometry: WorkingGeometry) throws {
    let model = try ColorModel(color)
    self.geometry = geometry
    self.color = color
    weights = model.weights
    curve = LightnessCurve(model)
    columns = AreaAxis(from: geometry.sourceWidth, to: geometry.workingWidth)
    rows = AreaAxis(from: geometry.sourceHeight, to: geometry.workingHeight)
  }

  /// L\* (0…100) at the working size, 1 × height × width, unpadded.
  ///
  /// - Parameters:
  ///   - area: The part of the picture that has the geometry's size; nil for all.
  ///   - field: Which rows of an interlaced picture are looked at, 0 the even, 1 the odd ones,
  ///     each also in place of its neighbor from the other field; nil looks at all.
  /// - Throws: `ColorizationError.unexpectedSize` if the picture, or its area, is not of the geometry's size.
  package func reduce(
    _ picture: Picture, area: PictureArea? = nil, field: Int? = nil
  ) throws -> FloatImage {
    let area = area ?? PictureArea(wholeOfWidth: picture.width, height: picture.height)
    guard area.width == geometry.sourceWidth, area.height == geometry.sourceHeight,
      area.frameWidth == picture.width, area.frameHeight == picture.height
    else {
      throw ColorizationError.unexpectedSize(
        what: "the picture", expected: "\(geometry.sourceWidth)×\(geometry.sourceHeight)",
        actual: "\(area.width)×\(area.height)")
    }
    let luma = LumaView(
      picture, color: color, weights: weights, area: area.fillsFrame ? nil : area)
    let (width, height) = (geometry.workingWidth, geometry.workingHeight)
    let padded = area.width + columns.taps
    let buffer = AlignedBuffer(byteCount: padded * MemoryLayout<Float>.stride)
    let row = buffer.base.bindMemory(to: Float.self, capacity: padded)
    // Taps of weight 0 read past the row.
    (row + area.width).update(repeating: 0, count: columns.taps)
    return FloatImage(width: width, height: height) { out in
      for y in 0..<height {
        let first = Int(rows.first[y])
        let shares = rows.weights[y * rows.taps..<y * rows.taps + rows.counts[y]]
        let covered = (first..<first + rows.counts[y]).map { source in
          field.map { source & ~1 | $0 } ?? source
        }
        luma.weigh(rows: covered, weights: Array(shares), into: row)
        let target = out + y * width
        ac_weigh_columns(
          row, columns.first, columns.weights, Int32(columns.taps), target, Int32(width))
        curve.lightness(ofLuma: target, count: width)
      }
    }
  }
}
