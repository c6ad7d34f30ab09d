import CKernels
import Imaging

/// The luma of a picture as a plane of codes: the picture's own for gray and YUV, computed for RGB as
/// 16-bit codes of the same range.
struct LumaView {
  let plane: Plane
  /// Codes of black and white in `plane`.
  let scale: CodeScale

  /// - Parameters:
  ///   - color: The picture's resolved description.
  ///   - area: The part that is looked at, which must lie in the picture; nil for all.
  init(
    _ picture: Picture, color: ColorDescription, weights: LumaWeights, area: PictureArea? = nil
  ) {
    let planes =
      area.map { area in
        picture.planes.prefix(picture.format.model == .rgb ? 3 : 1).map { $0.cropped(to: area) }
      } ?? picture.planes
    guard picture.format.model == .rgb else {
      plane = planes[0]
      scale = CodeScale(bitDepth: picture.format.bitDepth, range: color.range)
      return
    }
    // Limited-range codes grow by a shift, full-range ones by a factor that takes white to white.
    scale = CodeScale(bitDepth: 16, range: color.range)
    let factor =
      color.range == .limited
      ? Double(1 << (16 - picture.format.bitDepth)) : 65535 / Double(picture.format.maximumCode)
    let shares = [weights.red, weights.green, weights.blue].map { Float($0 * factor) }
    let (width, height) = (planes[0].width, planes[0].height)
    plane = Plane(width: width, height: height, bitDepth: 16) { base, bytesPerRow in
      for y in 0..<height {
        let out = (base + y * bytesPerRow).assumingMemoryBound(to: UInt16.self)
        let rows = (0..<3).map { planes[$0].base + y * planes[$0].bytesPerRow }
        if picture.format.bitDepth > 8 {
          let codes = rows.map { $0.assumingMemoryBound(to: UInt16.self) }
          ac_luma_row_u16(codes[0], codes[1], codes[2], shares, out, Int32(width))
        } else {
          let codes = rows.map { $0.assumingMemoryBound(to: UInt8.self) }
          ac_luma_row_u8(codes[0], codes[1], codes[2], shares, out, Int32(width))
        }
      }
    }
  }

  private init(plane: Plane, scale: CodeScale) {
    self.plane = plane
    self.scale = scale
  }

  /// A part of it, in the same memory.
  func cropped(to area: PictureArea) -> LumaView {
    LumaView(plane: plane.cropped(to: area), scale: scale)
  }

  /// Writes Y′ (0 black … 1 white) of a weighted sum of rows, `width` values; rows beyond the border
  /// repeat it.
  func weigh(
    rows: [Int], weights: [Float], into out: UnsafeMutablePointer<Float>
  ) {
    let perCode = Float(1 / scale.lumaSpan)
    let offset = Float(-scale.lumaOffset / scale.lumaSpan)
    let starts = rows.map { plane.base + min(max($0, 0), plane.height - 1) * plane.bytesPerRow }
    let scaled = weights.map { $0 * perCode }
    let (count, width) = (Int32(rows.count), Int32(plane.width))
    if plane.bitDepth > 8 {
      let codes = starts.map { Optional($0.assumingMemoryBound(to: UInt16.self)) }
      ac_weigh_rows_u16(codes, scaled, count, offset, out, width)
    } else {
      let codes = starts.map { Optional($0.assumingMemoryBound(to: UInt8.self)) }
      ac_weigh_rows_u8(codes, scaled, count, offset, out, width)
    }
  }
}
