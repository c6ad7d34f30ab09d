import CFFmpeg
import Foundation
import Imaging

/// Turns pictures into frames of FFmpeg in an encoder's layout.
struct EncoderFrameMaker: Sendable {
  let output: OutputFormat
  /// How the encoder wants its samples.
  let layout: SampleLayout
  /// How they are laid out before libswscale dithers them, where it does.
  private let planar: SampleLayout?

  init(_ output: OutputFormat) throws {
    self.output = output
    layout = try SampleLayout(av_get_pix_fmt(output.encoderPixelFormat), in: "the output")
    planar =
      layout.writing == .dithered ? try SampleLayout(AV_PIX_FMT_GBRP, in: "the output") : nil
  }

  /// A frame that holds `picture`, by reference where planes and alignment allow.
  ///
  /// - Throws: `.internalFault` if the picture is not of the promised form.
  func frame(_ picture: Picture, named what: String) throws -> DecodedFrame {
    let planes = try encoderPlanes(picture, named: what)
    let written = planar ?? layout
    var frame = try DecodedFrame()
    frame.pointer.pointee.format = written.pixelFormat.rawValue
    frame.pointer.pointee.width = Int32(picture.width)
    frame.pointer.pointee.height = Int32(picture.height)
    if written.isPlanar {
      for (index, plane) in planes.enumerated() {
        try attach(
          plane, toPlane: written.components[index].plane, bufferIndex: index, frame.pointer)
      }
    } else {
      try pack(planes, into: frame.pointer)
    }
    if planar != nil { frame = try PixelConverter.convert(frame, to: layout.pixelFormat) }
    let raw = frame.pointer
    let color = output.color
    raw.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(color.primaries.rawValue))
    raw.pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(color.transfer.rawValue))
    raw.pointee.colorspace = AVColorSpace(rawValue: UInt32(color.matrix.rawValue))
    raw.pointee.color_range = (output.encodedRange ?? color.range).av
    raw.pointee.chroma_location = AVChromaLocation(rawValue: UInt32(color.chromaLocation.rawValue))
    return frame
  }

  /// The planes at the encoder's depth and range, with an opaque alpha plane if one is missing.
  private func encoderPlanes(_ picture: Picture, named what: String) throws -> [Plane] {
    var expected = output.pictureFormat
    expected.bitDepth = picture.format.bitDepth
    expected.hasAlpha = picture.format.hasAlpha
    guard picture.format == expected, picture.format.bitDepth <= output.pictureFormat.bitDepth
    else {
      throw MediaError(
        .internalFault,
        "\(what) came to the encoder as \(picture.format), not as \(output.pictureFormat).")
    }
    let conversion = DepthConversion(
      from: picture.format.bitDepth, to: layout.format.bitDepth, fromRange: output.color.range,
      toRange: output.encodedRange ?? output.color.range)
    let isYUV = picture.format.model == .yuv
    var planes = picture.planes.enumerated().map { index, plane in
      conversion.apply(
        plane,
        role: !isYUV || index == picture.format.alphaIndex ? .other : index == 0 ? .luma : .chroma)
    }
    if layout.format.hasAlpha && planes.count < layout.format.planeCount {
      planes.append(
        .repeating(
          layout.format.maximumCode, width: picture.width, height: picture.height,
          bitDepth: layout.format.bitDepth))
    }
    return Array(planes.prefix(layout.format.planeCount))
  }

  /// Passes a plane by reference; the frame keeps its owner.
  private func attach(
    _ plane: Plane, toPlane index: Int, bufferIndex: Int, _ frame: UnsafeMutablePointer<AVFrame>
  ) throws {
    // FFmpeg's vector code expects its own alignment.
    let isAligned =
      UInt(bitPattern: plane.base) % 32 == 0 && plane.bytesPerRow > 0 && plane.bytesPerRow % 32 == 0
    let source = isAligned ? plane : plane.copy()
    let owner = Unmanaged.passRetained(source.owner as AnyObject)
    let buffer = av_buffer_create(
      UnsafeMutablePointer(mutating: source.base.assumingMemoryBound(to: UInt8.self)),
      source.bytesPerRow * source.height,
      { opaque, _ in
        if let opaque { Unmanaged<AnyObject>.fromOpaque(opaque).release() }
      }, owner.toOpaque(), AV_BUFFER_FLAG_READONLY)
    guard let buffer else {
      owner.release()
      throw MediaError.outOfMemory
    }
    ac_frame_set_buffer(frame, Int32(bufferIndex), buffer)
    ac_frame_set_plane(frame, Int32(index), source.base, Int32(source.bytesPerRow))
  }

  /// Writes the samples into the encoder's own packed or foreign-endian layout.
  private func pack(_ planes: [Plane], into frame: UnsafeMutablePointer<AVFrame>) throws {
    guard av_frame_get_buffer(frame, 0) >= 0 else { throw MediaError.outOfMemory }
    let height = Int(frame.pointee.height)
    for index in Set(layout.components.map(\.plane)) {
      guard let base = ac_frame_plane(frame, Int32(index)) else { throw MediaError.outOfMemory }
      let rows =
        layout.components.firstIndex { $0.plane == index }.map { planes[$0].height } ?? height
      memset(base, 0, Int(ac_frame_stride(frame, Int32(index))) * rows)
    }
    let isBigEndian: Int32 = layout.isBigEndian ? 1 : 0
    for (index, (component, whole)) in zip(layout.components, planes).enumerated() {
      let plane = component.depth < 8 ? whole.rounded(toBits: component.depth) : whole
      guard let base = ac_frame_plane(frame, Int32(component.plane)) else { continue }
      let stride = Int(ac_frame_stride(frame, Int32(component.plane)))
      for y in 0..<plane.height {
        let (row, codes) = (base + y * stride, plane.base + y * plane.bytesPerRow)
        if layout.storage == .float {
          ac_write_float(
            row + component.offset, Int32(component.step), isBigEndian, Int32(plane.width),
            codes.assumingMemoryBound(to: UInt16.self))
        } else if layout.storage == .uyyvyy, index == 0 {
          ac_write_luma_411(row, Int32(plane.width), codes.assumingMemoryBound(to: UInt8.self))
        } else {
          ac_write_component(
            row + component.offset, Int32(component.step), Int32(component.wordBytes), isBigEndian,
            Int32(component.shift), Int32(plane.width), plane.bitDepth > 8 ? 1 : 0, codes)
        }
      }
    }
  }
}

extension Plane {
  /// 8-bit codes brought to the nearest of `bits` bits, 255 becoming the largest; still one per byte.
  fileprivate func rounded(toBits bits: Int) -> Plane {
    let largest = (1 << bits) - 1
    return mapped(by: (0..<256).map { UInt16(($0 * largest + 127) / 255) }, to: 8)
  }

  /// The same samples in memory of its own, rows aligned to 64 bytes.
  func copy() -> Plane {
    Plane(width: width, height: height, bitDepth: bitDepth) { target, stride in
      for y in 0..<height {
        (target + y * stride).copyMemory(
          from: base + y * bytesPerRow, byteCount: width * bytesPerSample)
      }
    }
  }
}

extension ColorRange {
  var av: AVColorRange {
    switch self {
    case .unspecified: AVCOL_RANGE_UNSPECIFIED
    case .limited: AVCOL_RANGE_MPEG
    case .full: AVCOL_RANGE_JPEG
    }
  }
}
