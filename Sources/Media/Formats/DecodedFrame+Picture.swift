import CFFmpeg
import Foundation
import Imaging

extension DecodedFrame {
  /// The picture in planar form. Planes that are laid out as wanted are passed by reference; packed,
  /// shifted and foreign-endian samples are copied, value by value. No sample changes, save that
  /// depths under 8 bits are spread to 8; floating point, X′Y′Z′ and mosaics are converted, as
  /// `docs/pixel-formats.md` tells.
  ///
  /// - Parameter promised: What the pictures before were, for formats that may hold one thing or
  ///   another: a palette's colors change from frame to frame. Nil if this is the first.
  func picture(in file: String, promised: PixelFormat? = nil) throws -> Picture {
    let layout = try SampleLayout(AVPixelFormat(rawValue: pointer.pointee.format), in: file)
    let width = Int(pointer.pointee.width)
    let height = Int(pointer.pointee.height)
    var color = ColorDescription(pointer, layout: layout)
    var format = layout.format
    let planes: [Plane]
    switch layout.storage {
    case .words, .bits, .uyyvyy, .float:
      planes = try layout.components.indices.map { index in
        let size = format.planeSize(index, width: width, height: height)
        return try plane(index, of: layout, width: size.width, height: size.height)
      }
    case .palette:
      let palette = try Palette(self)
      // A stream that was something else before is told of by its source.
      let isPossible = promised.map { $0.model != .yuv && $0.bitDepth == 8 } ?? false
      format = isPossible ? promised ?? palette.format : palette.format
      if format.model == .gray { color.matrix = .unspecified }
      planes = try palette.planes(of: self, as: format)
    case .xyz:
      planes = try cinemaPlanes(layout)
    case .converted(let standIn):
      let converted = try PixelConverter.convert(paddedForMosaic(), to: standIn)
      let own = try SampleLayout(standIn, in: file)
      planes = try own.components.indices.map { index in
        try converted.plane(index, of: own, width: width, height: height)
      }
    }
    return Picture(width: width, height: height, format: format, color: color, planes: planes)
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
    // Codes of fewer bits are spread to 8, so that the largest stays the largest.
    let largest = (1 << component.depth) - 1
    var spread =
      component.depth < 8 ? (0...largest).map { UInt16(($0 * 255 + largest / 2) / largest) } : []
    if layout.storage == .bits(isInverted: true) { spread.reverse() }
    return Plane(width: width, height: height, bitDepth: depth) { target, targetStride in
      for y in 0..<height {
        let out = target + y * targetStride
        read(layout, index, base + y * stride, width: width, into: out)
        if !spread.isEmpty { ac_map_samples(out, 0, Int32(width), spread, Int32(largest), 0, out) }
      }
    }
  }

  /// One component of one row, its codes as they are stored.
  private func read(
    _ layout: SampleLayout, _ index: Int, _ row: UnsafeMutablePointer<UInt8>, width: Int,
    into out: UnsafeMutableRawPointer
  ) {
    let component = layout.components[index]
    let isBigEndian: Int32 = layout.isBigEndian ? 1 : 0
    switch layout.storage {
    case .bits:
      ac_read_bits(
        row, Int32(component.step), Int32(component.offset), Int32(component.depth), Int32(width),
        out.assumingMemoryBound(to: UInt8.self))
    case .float:
      ac_read_float(
        row + component.offset, Int32(component.step), Int32(component.wordBytes), isBigEndian,
        Int32(width), out.assumingMemoryBound(to: UInt16.self))
    case .uyyvyy where index == 0:
      ac_read_luma_411(row, Int32(width), out.assumingMemoryBound(to: UInt8.self))
    case .words, .uyyvyy, .palette, .xyz, .converted:
      ac_read_component(
        row + component.offset, Int32(component.step), Int32(component.wordBytes), isBigEndian,
        Int32(component.shift), Int32(component.depth), Int32(width),
        component.depth > 8 ? 1 : 0, out)
    }
  }

  private func cinemaPlanes(_ layout: SampleLayout) throws -> [Plane] {
    let width = Int(pointer.pointee.width)
    let height = Int(pointer.pointee.height)
    let (base, stride) = try row(0)
    // The rows of all three are written together, before anybody sees the planes.
    var rows: [(base: UnsafeMutableRawPointer, stride: Int)] = []
    let planes = (0..<3).map { _ in
      Plane(width: width, height: height, bitDepth: 16) { rows.append(($0, $1)) }
    }
    for y in 0..<height {
      let out = rows.map { ($0.base + y * $0.stride) }
      for index in 0..<3 { read(layout, index, base + y * stride, width: width, into: out[index]) }
      let codes = out.map { $0.assumingMemoryBound(to: UInt16.self) }
      CinemaXYZ.convert(codes[0], codes[1], codes[2], width: width)
    }
    return planes
  }

  /// libswscale takes mosaics of whole 2 × 2 cells alone: what is missing of the last ones is repeated
  /// from the cells before.
  private func paddedForMosaic() throws -> DecodedFrame {
    let format = AVPixelFormat(rawValue: pointer.pointee.format)
    let width = Int(pointer.pointee.width)
    let height = Int(pointer.pointee.height)
    guard let descriptor = av_pix_fmt_desc_get(format),
      Int32(truncatingIfNeeded: descriptor.pointee.flags) & AV_PIX_FMT_FLAG_BAYER != 0
    else { return self }
    let (evenWidth, evenHeight) = ((width + 1) / 2 * 2, (height + 1) / 2 * 2)
    if (evenWidth, evenHeight) == (width, height) { return self }
    let padded = try DecodedFrame(format: format, width: evenWidth, height: evenHeight)
    padded.pointer.pointee.color_range = pointer.pointee.color_range
    let bytes = Int(ac_component(descriptor, 0).step)
    let (source, sourceStride) = try row(0)
    let (target, targetStride) = try padded.row(0)
    for y in 0..<evenHeight {
      let from = source + (y < height ? y : max(y - 2, 0)) * sourceStride
      let to = target + y * targetStride
      memcpy(to, from, width * bytes)
      if evenWidth > width {
        memcpy(to + width * bytes, from + max(width - 2, 0) * bytes, bytes)
      }
    }
    return padded
  }
}
