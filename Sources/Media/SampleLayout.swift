import CFFmpeg
import Imaging

/// How FFmpeg lays out the samples of one of its pixel formats, and the planar format that holds
/// the same samples here.
///
/// `@unchecked Sendable`: points to FFmpeg's constant tables.
struct SampleLayout: @unchecked Sendable {
  /// Where one component lies.
  struct Component: Hashable, Sendable {
    var plane: Int
    /// Bytes from one sample to the next.
    var step: Int
    /// Bytes before the first sample.
    var offset: Int
    /// Bits below the value in its word.
    var shift: Int
    var depth: Int
    /// Size of the word that holds the value: 1, 2 or 4 bytes.
    var wordBytes: Int
  }

  let pixelFormat: AVPixelFormat
  let name: String
  /// The planar form of the same samples. Depths under 8 bits are brought to 8.
  let format: PixelFormat
  /// In the order of the planes of `format`.
  let components: [Component]
  let isBigEndian: Bool
  let isPalette: Bool
  let isMono: Bool

  /// - Throws: `.unsupported` for hardware, float, Bayer and XYZ formats.
  init(_ pixelFormat: AVPixelFormat, in file: String) throws {
    guard let descriptor = av_pix_fmt_desc_get(pixelFormat) else {
      throw MediaError(.unsupported, "The pixel format of \(file) is unknown to FFmpeg.")
    }
    let name = String(cString: descriptor.pointee.name)
    let flags = Int32(truncatingIfNeeded: descriptor.pointee.flags)
    func refuse(_ what: String) -> MediaError {
      MediaError(
        .unsupported,
        "\(file) has the pixel format \(name), \(what), which is not handled; convert it to one of "
          + "8 to 16 bits, such as gray16 or yuv444p16.")
    }
    if flags & AV_PIX_FMT_FLAG_HWACCEL != 0 { throw refuse("a hardware surface") }
    if flags & AV_PIX_FMT_FLAG_BAYER != 0 { throw refuse("a Bayer mosaic") }
    if flags & AV_PIX_FMT_FLAG_FLOAT != 0 { throw refuse("of floating point") }
    if name.hasPrefix("xyz") { throw refuse("in CIE XYZ") }
    isMono = pixelFormat == AV_PIX_FMT_MONOWHITE || pixelFormat == AV_PIX_FMT_MONOBLACK
    if flags & AV_PIX_FMT_FLAG_BITSTREAM != 0 && !isMono { throw refuse("packed by bits") }
    isPalette = flags & AV_PIX_FMT_FLAG_PAL != 0
    isBigEndian = flags & AV_PIX_FMT_FLAG_BE != 0

    let count = Int(descriptor.pointee.nb_components)
    let raw = (0..<count).map { ac_component(descriptor, Int32($0)) }
    let depth = raw.map { Int($0.depth) }.max() ?? 8
    guard depth <= 16 else { throw refuse("of \(depth) bits") }
    guard depth <= 8 || raw.allSatisfy({ Int($0.depth) == depth }) else {
      throw refuse("of mixed depth")
    }
    let hasAlpha = !isPalette && flags & AV_PIX_FMT_FLAG_ALPHA != 0
    let model: PixelFormat.Model
    if isPalette || flags & AV_PIX_FMT_FLAG_RGB != 0 {
      model = .rgb
    } else {
      model = count - (hasAlpha ? 1 : 0) == 1 ? .gray : .yuv
    }
    self.pixelFormat = pixelFormat
    self.name = name
    format = PixelFormat(
      model: model, bitDepth: max(depth, 8), chromaShiftX: Int(descriptor.pointee.log2_chroma_w),
      chromaShiftY: Int(descriptor.pointee.log2_chroma_h), hasAlpha: hasAlpha)
    let bigEndian = isBigEndian
    components = raw.map { component in
      let top = Int(component.shift) + Int(component.depth)
      return Component(
        plane: Int(component.plane), step: Int(component.step),
        offset: Int(component.offset) + (top <= 8 && bigEndian ? 1 : 0),
        shift: Int(component.shift), depth: Int(component.depth),
        wordBytes: top <= 8 ? 1 : top <= 16 ? 2 : 4)
    }
  }

  /// Whether component `index` lies in memory as a plane of `format` does.
  func isDirect(_ index: Int) -> Bool {
    guard !isPalette, !isMono else { return false }
    let component = components[index]
    return component.depth == format.bitDepth && component.shift == 0 && component.offset == 0
      && component.step == format.bytesPerSample
      && (component.wordBytes == 1 || !isBigEndian)
  }

  /// Whether all components do, so that pictures can be wrapped without copying.
  var isPlanar: Bool { components.indices.allSatisfy { isDirect($0) } }
}

extension ColorDescription {
  /// The tags of a decoded frame. RGB and gray without a range are full range, as FFmpeg has it.
  init(_ frame: UnsafePointer<AVFrame>, layout: SampleLayout) {
    let frame = frame.pointee
    self.init(
      primaries: frame.color_primaries, transfer: frame.color_trc, matrix: frame.colorspace,
      range: frame.color_range, location: frame.chroma_location, layout: layout)
  }

  /// The tags as FFmpeg keeps them.
  init(
    primaries: AVColorPrimaries, transfer: AVColorTransferCharacteristic, matrix: AVColorSpace,
    range: AVColorRange, location: AVChromaLocation, layout: SampleLayout
  ) {
    self.init(
      primaries: ColorPrimaries(rawValue: Int(primaries.rawValue)),
      transfer: TransferCharacteristics(rawValue: Int(transfer.rawValue)),
      matrix: MatrixCoefficients(rawValue: Int(matrix.rawValue)),
      range: range == AVCOL_RANGE_MPEG
        ? .limited : range == AVCOL_RANGE_JPEG ? .full : .unspecified,
      chromaLocation: ChromaLocation(rawValue: Int(location.rawValue)) ?? .unspecified)
    if layout.name.hasPrefix("yuvj") { self.range = .full }
    if layout.format.model != .yuv && self.range == .unspecified { self.range = .full }
    if layout.format.model == .rgb { self.matrix = .identity }
  }
}
