import CFFmpeg
import Imaging

/// Owns a frame of FFmpeg; planes point into it.
///
/// `@unchecked Sendable`: nobody writes it once planes point into it.
final class DecodedFrame: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<AVFrame>

  init() throws {
    guard let frame = av_frame_alloc() else { throw MediaError.outOfMemory }
    pointer = frame
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVFrame>? = pointer
    av_frame_free(&doomed)
  }

  /// The picture in planar form. Planes that are laid out as wanted are passed by reference; packed,
  /// shifted and foreign-endian samples are copied, value by value. No sample changes, save that
  /// depths under 8 bits are spread to 8.
  func picture(in file: String) throws -> Picture {
    let layout = try SampleLayout(
      AVPixelFormat(rawValue: pointer.pointee.format), in: file)
    var format = layout.format
    let width = Int(pointer.pointee.width)
    let height = Int(pointer.pointee.height)
    var color = ColorDescription(pointer, layout: layout)
    let planes: [Plane]
    if layout.isPalette {
      planes = try palettePlanes(width: width, height: height)
      format.hasAlpha = planes.count == 4
    } else if layout.isMono {
      planes = [try monoPlane(width: width, height: height)]
      color.range = .full
    } else {
      planes = try layout.components.indices.map { index in
        let size = format.planeSize(index, width: width, height: height)
        return try plane(index, of: layout, width: size.width, height: size.height)
      }
    }
    return Picture(width: width, height: height, format: format, color: color, planes: planes)
  }

  private func row(_ plane: Int) throws -> (base: UnsafeMutablePointer<UInt8>, stride: Int) {
    guard let base = ac_frame_plane(pointer, Int32(plane)) else {
      throw MediaError(.corrupt, "A decoded frame lacks plane \(plane).")
    }
    return (base, Int(ac_frame_stride(pointer, Int32(plane))))
  }

  private func plane(
    _ index: Int, of layout: SampleLayout, width: Int, height: Int
  ) throws -> Plane {
    let component = layout.components[index]
    let (base, stride) = try row(component.plane)
    let depth = layout.format.bitDepth
    if layout.isDirect(index) {
      // Mostly each plane has a buffer of its own, which goes when nobody holds the plane any more.
      let owner: any AnyObject & Sendable =
        BufferReference(of: pointer, plane: component.plane) ?? self
      return Plane(
        base: base, width: width, height: height, bytesPerRow: stride, bitDepth: depth, owner: owner
      )
    }
    // 5- and 6-bit codes are spread to 8 bits so that the largest stays the largest.
    let largest = (1 << component.depth) - 1
    let spread =
      component.depth < 8 ? (0...largest).map { UInt16(($0 * 255 + largest / 2) / largest) } : []
    return Plane(width: width, height: height, bitDepth: depth) { target, targetStride in
      for y in 0..<height {
        let out = target + y * targetStride
        ac_read_component(
          base + y * stride + component.offset, Int32(component.step), Int32(component.wordBytes),
          layout.isBigEndian ? 1 : 0, Int32(component.shift), Int32(component.depth), Int32(width),
          depth > 8 ? 1 : 0, out)
        if !spread.isEmpty { ac_map_samples(out, 0, Int32(width), spread, 0, out) }
      }
    }
  }

  /// R, G, B of a palette picture, and alpha when a used entry is not opaque.
  private func palettePlanes(width: Int, height: Int) throws -> [Plane] {
    let (base, stride) = try row(0)
    let palette = try row(1).base
    let entries = (0..<256).map { index in
      UnsafeRawPointer(palette).load(fromByteOffset: 4 * index, as: UInt32.self)
    }
    var isUsed = [Bool](repeating: false, count: 256)
    for y in 0..<height {
      for x in 0..<width { isUsed[Int(base[y * stride + x])] = true }
    }
    let hasAlpha = zip(entries, isUsed).contains { $1 && $0 >> 24 != 255 }
    let shifts: [UInt32] = hasAlpha ? [16, 8, 0, 24] : [16, 8, 0]
    return shifts.map { shift in
      let table = entries.map { UInt16($0 >> shift & 255) }
      return Plane(width: width, height: height, bitDepth: 8) { target, targetStride in
        for y in 0..<height {
          ac_map_samples(base + y * stride, 0, Int32(width), table, 0, target + y * targetStride)
        }
      }
    }
  }

  /// One bit per sample, the leftmost in the top bit, becomes 0 or 255.
  private func monoPlane(width: Int, height: Int) throws -> Plane {
    let (base, stride) = try row(0)
    let flip: UInt8 = pointer.pointee.format == AV_PIX_FMT_MONOWHITE.rawValue ? 255 : 0
    return Plane(width: width, height: height, bitDepth: 8) { target, targetStride in
      let out = target.assumingMemoryBound(to: UInt8.self)
      for y in 0..<height {
        for x in 0..<width {
          let bit = base[y * stride + x / 8] >> (7 - x % 8) & 1
          out[y * targetStride + x] = (bit == 1 ? 255 : 0) ^ flip
        }
      }
    }
  }
}

/// Keeps the buffer alive that a plane of a frame lies in.
///
/// `@unchecked Sendable`: FFmpeg counts references atomically.
private final class BufferReference: @unchecked Sendable {
  private var reference: UnsafeMutablePointer<AVBufferRef>?

  /// nil where the plane lies in no counted buffer.
  init?(of frame: UnsafeMutablePointer<AVFrame>, plane: Int) {
    guard let buffer = av_frame_get_plane_buffer(frame, Int32(plane)),
      let reference = av_buffer_ref(buffer)
    else { return nil }
    self.reference = reference
  }

  deinit { av_buffer_unref(&reference) }
}
