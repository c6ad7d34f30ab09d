import CFFmpeg
import Foundation
import Imaging

/// Turns pictures into frames of FFmpeg in an encoder's layout.
struct EncoderFrameMaker: Sendable {
  let output: OutputFormat
  let layout: SampleLayout

  init(_ output: OutputFormat) throws {
    self.output = output
    layout = try SampleLayout(av_get_pix_fmt(output.encoderPixelFormat), in: "the output")
  }

  /// A frame that holds `picture`, by reference where planes and alignment allow.
  ///
  /// - Throws: `.internalFault` if the picture is not of the promised form.
  func frame(_ picture: Picture, named what: String) throws -> DecodedFrame {
    let planes = try encoderPlanes(picture, named: what)
    let frame = try DecodedFrame()
    let raw = frame.pointer
    raw.pointee.format = layout.pixelFormat.rawValue
    raw.pointee.width = Int32(picture.width)
    raw.pointee.height = Int32(picture.height)
    if layout.isPlanar {
      for (index, plane) in planes.enumerated() { try attach(plane, index, to: raw) }
    } else {
      try pack(planes, into: raw)
    }
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
    _ plane: Plane, _ index: Int, to frame: UnsafeMutablePointer<AVFrame>
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
    ac_frame_set_buffer(frame, Int32(index), buffer)
    ac_frame_set_plane(
      frame, Int32(layout.components[index].plane), source.base, Int32(source.bytesPerRow))
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
    for (component, plane) in zip(layout.components, planes) {
      guard let base = ac_frame_plane(frame, Int32(component.plane)) else { continue }
      let stride = Int(ac_frame_stride(frame, Int32(component.plane)))
      for y in 0..<plane.height {
        ac_write_component(
          base + y * stride + component.offset, Int32(component.step), Int32(component.wordBytes),
          layout.isBigEndian ? 1 : 0, Int32(component.shift), Int32(plane.width),
          plane.bitDepth > 8 ? 1 : 0, plane.base + y * plane.bytesPerRow)
      }
    }
  }
}

extension Plane {
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
