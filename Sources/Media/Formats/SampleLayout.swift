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
    /// Bytes from one sample to the next; bits where samples are stored as such.
    var step: Int
    /// Bytes before the first sample, or bits.
    var offset: Int
    /// Bits below the value in its word.
    var shift: Int
    var depth: Int
    /// Size of the word that holds the value: 1, 2 or 4 bytes.
    var wordBytes: Int
  }

  /// How samples are stored.
  enum Storage: Hashable, Sendable {
    /// Integers in words of whole bytes.
    case words
    /// Integers at any bit, top bits first; `isInverted` where a set bit is black.
    case bits(isInverted: Bool)
    /// Indices into a table of colors.
    case palette
    /// U Y Y V Y Y, which FFmpeg describes with steps that luma does not have.
    case uyyvyy
    /// Floating point of 16 or 32 bits; 0…1 becomes the 16-bit codes.
    case float
    /// X′Y′Z′ of digital cinema (SMPTE ST 428-1), which becomes R′G′B′.
    case xyz
    /// Known to libswscale alone, which makes this format of it.
    case converted(AVPixelFormat)
  }

  let pixelFormat: AVPixelFormat
  let name: String
  /// The planar form of the same samples. Depths under 8 bits are brought to 8.
  let format: PixelFormat
  /// In the order of the planes of `format`.
  let components: [Component]
  let isBigEndian: Bool
  let storage: Storage

  /// - Throws: `.unsupported` for hardware surfaces and what is neither integers of up to 16 bits nor
  ///   known to libswscale.
  init(_ pixelFormat: AVPixelFormat, in file: String) throws {
    guard let descriptor = av_pix_fmt_desc_get(pixelFormat) else {
      throw MediaError(.unsupported, "The pixel format of \(file) is unknown to FFmpeg.")
    }
    let name = String(cString: descriptor.pointee.name)
    let flags = Int32(truncatingIfNeeded: descriptor.pointee.flags)
    func has(_ flag: Int32) -> Bool { flags & flag != 0 }
    let count = Int(descriptor.pointee.nb_components)
    let raw = (0..<count).map { ac_component(descriptor, Int32($0)) }
    let depth = raw.map { Int($0.depth) }.max() ?? 8
    let isMosaic = has(AV_PIX_FMT_FLAG_BAYER)
    let isRGB = has(AV_PIX_FMT_FLAG_RGB) || has(AV_PIX_FMT_FLAG_PAL)
    let hasAlpha = !has(AV_PIX_FMT_FLAG_PAL) && has(AV_PIX_FMT_FLAG_ALPHA)
    let isGray = !isRGB && count - (hasAlpha ? 1 : 0) == 1

    // FFmpeg's descriptor of xv30be counts the bits of U, Y and V from the wrong end.
    let isXV30BE = name == "xv30be"
    let isBits = has(AV_PIX_FMT_FLAG_BITSTREAM) && !isXV30BE

    let how: Storage
    var standIn: SampleLayout?
    if has(AV_PIX_FMT_FLAG_HWACCEL) {
      throw MediaError(
        .unsupported,
        "\(file) has the pixel format \(name), a hardware surface whose samples can't be read; download the frames to "
          + "memory first, for example as nv12 or yuv420p.")
    } else if has(AV_PIX_FMT_FLAG_PAL) {
      how = .palette
    } else if pixelFormat == AV_PIX_FMT_UYYVYY411 {
      how = .uyyvyy
    } else if name.hasPrefix("xyz12") {
      how = .xyz
    } else if has(AV_PIX_FMT_FLAG_FLOAT), depth == 32 || depth == 16 {
      how = .float
    } else if isBits {
      how = .bits(isInverted: pixelFormat == AV_PIX_FMT_MONOWHITE)
    } else if !isMosaic, !has(AV_PIX_FMT_FLAG_FLOAT),
      depth <= 8 || depth <= 16 && raw.allSatisfy({ Int($0.depth) == depth })
    {
      how = .words
    } else if isRGB || isGray, sws_isSupportedInput(pixelFormat) != 0 {
      // The depths of a mosaic's components add up to that of its samples.
      let isDeep = isMosaic ? raw.reduce(0) { $0 + Int($1.depth) } > 8 : true
      let substitute =
        isGray
        ? (hasAlpha ? ac_pixel_format_ya16() : ac_pixel_format_gray16())
        : hasAlpha ? ac_pixel_format_rgba64() : isDeep ? ac_pixel_format_rgb48() : AV_PIX_FMT_RGB24
      standIn = try SampleLayout(substitute, in: file)
      how = .converted(substitute)
    } else {
      throw MediaError(
        .unsupported,
        "\(file) has the pixel format \(name), which neither this program nor libswscale can read; convert it to a "
          + "format of 8 to 16 bits, such as gray16le or yuv444p16le.")
    }

    self.pixelFormat = pixelFormat
    self.name = name
    storage = how
    if let standIn {
      (format, components) = (standIn.format, standIn.components)
      isBigEndian = standIn.isBigEndian
      return
    }
    isBigEndian = has(AV_PIX_FMT_FLAG_BE)
    let model: PixelFormat.Model = isRGB || how == .xyz ? .rgb : isGray ? .gray : .yuv
    format = PixelFormat(
      model: model, bitDepth: how == .xyz ? 16 : min(max(depth, 8), 16),
      chromaShiftX: Int(descriptor.pointee.log2_chroma_w),
      chromaShiftY: Int(descriptor.pointee.log2_chroma_h), hasAlpha: hasAlpha)
    let bigEndian = isBigEndian
    // FFmpeg's descriptor of rgb8 says 2:3:3; the format is 3:3:2, as libswscale has it.
    let places = [(shift: 5, depth: 3), (shift: 2, depth: 3), (shift: 0, depth: 2)]
    components = raw.enumerated().map { index, component in
      if pixelFormat == AV_PIX_FMT_RGB8 {
        return Component(
          plane: 0, step: 1, offset: 0, shift: places[index].shift, depth: places[index].depth,
          wordBytes: 1)
      }
      if isXV30BE {
        // Two bits of filler, V, Y and U, from the top of a word down.
        let place = [(offset: 1, shift: 2), (offset: 2, shift: 0), (offset: 0, shift: 4)][index]
        return Component(
          plane: 0, step: 4, offset: place.offset, shift: place.shift, depth: 10, wordBytes: 2)
      }
      let top = Int(component.shift) + Int(component.depth)
      return Component(
        plane: Int(component.plane), step: Int(component.step),
        offset: Int(component.offset) + (top <= 8 && bigEndian && !isBits ? 1 : 0),
        shift: Int(component.shift), depth: Int(component.depth),
        wordBytes: top <= 8 ? 1 : top <= 16 ? 2 : 4)
    }
  }

  /// Whether component `index` lies in memory as a plane of `format` does.
  func isDirect(_ index: Int) -> Bool {
    guard storage == .words else { return false }
    let component = components[index]
    return component.depth == format.bitDepth && component.shift == 0 && component.offset == 0
      && component.step == format.bytesPerSample
      && (component.wordBytes == 1 || !isBigEndian)
  }

  /// Whether all components do, so that pictures can be wrapped without copying.
  var isPlanar: Bool { components.indices.allSatisfy { isDirect($0) } }

  /// The least bits that a component has.
  var leastDepth: Int { components.map(\.depth).min() ?? 0 }

  /// How pictures are written in this format.
  enum Writing: Hashable, Sendable {
    /// Every code of `format`, as it is.
    case exact
    /// To the nearest of fewer codes.
    case rounded
    /// To very few codes, by libswscale.
    case dithered
    case impossible
  }

  var writing: Writing {
    switch storage {
    case .words where leastDepth >= 8, .uyyvyy: return .exact
    case .float: return leastDepth == 32 ? .exact : .impossible
    // libswscale misses 16-bit words by up to 24 of their steps; bytes it dithers within 1½.
    case .words where leastDepth >= 4: return .rounded
    case .words:
      let isPossible = format.model == .rgb && sws_isSupportedOutput(pixelFormat) != 0
      return isPossible ? .dithered : .impossible
    // libswscale puts the left of two pixels into the low bits of a byte; the format has it on top.
    case .bits, .palette, .xyz, .converted: return .impossible
    }
  }
}

extension ColorDescription {
  /// The tags of a decoded frame.
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
    settle(for: layout)
  }

  /// Adds what the pixel format says itself. RGB and gray without a range are full range, as FFmpeg
  /// has it.
  mutating func settle(for layout: SampleLayout) {
    if layout.name.hasPrefix("yuvj") { range = .full }
    if layout.format.model != .yuv && range == .unspecified { range = .full }
    switch layout.storage {
    case .bits, .float: range = .full
    case .xyz: self = CinemaXYZ.color
    default: break
    }
    if layout.format.model == .rgb { matrix = .identity }
  }
}
