import CFFmpeg
package import Imaging

extension OutputFormat {
  /// Chooses how pictures are handed to an encoder.
  ///
  /// - Y′CbCr sources keep their subsampling where the encoder has it, else the next finer one.
  ///   Gray and R′G′B′ become 4:2:0 for video and 4:4:4 for pictures; R′G′B′ stays so where the
  ///   encoder is lossless. Where 4:2:0 or 4:2:2 of an odd size is refused, 4:4:4 is taken.
  /// - Lossless encoders keep the depth, so that Y′ is identical; lossy ones take at least 10 bits
  ///   where they can, since banding shows.
  /// - An unspecified matrix becomes BT.601 up to 576 lines and BT.709 above; JPEG is BT.601 of full
  ///   range by definition (JFIF).
  /// - Range stays as it is; ProRes, which cannot signal full range, is written limited.
  ///
  /// - Parameters:
  ///   - source: The format of the pictures that come in.
  ///   - color: What their code values mean.
  ///   - encoder: FFmpeg's name.
  ///   - requested: FFmpeg's name of a pixel format that overrides the choice.
  /// - Throws: `.encoderMissing`, `.encoderRefuses`.
  package static func choose(
    source: PixelFormat, color: ColorDescription, width: Int, height: Int, encoder: String,
    requested: String? = nil
  ) throws -> OutputFormat {
    if encoder == EXREncoder.name {
      return try EXREncoder.outputFormat(source: source, color: color, requested: requested)
    }
    return try choose(
      source: source, color: color, width: width, height: height, traits: EncoderTraits.of(encoder),
      candidates: candidates(of: encoder), requested: requested)
  }

  /// Chooses the form of frames that no encoder sees. They keep the depth and, where it is Y′CbCr, the subsampling of
  /// the source; gray becomes 4:2:0.
  /// - Parameter wanted: a form that overrides the choice.
  /// - Throws: `.usage` if `wanted` holds no color, or fewer bits than the source: luma would change.
  package static func ofFrames(
    _ source: SourceInfo, as wanted: PixelFormat? = nil
  ) throws -> OutputFormat {
    if let wanted {
      guard wanted.model != .gray, wanted.bitDepth >= source.format.bitDepth else {
        throw MediaError(
          .usage,
          "Frames of \(source.format) can't be delivered as \(wanted); choose YUV or RGB with at least "
            + "\(source.format.bitDepth) bits.")
      }
    }
    return try choose(
      source: source.format, color: source.color, width: source.width, height: source.height,
      traits: .raw("frames"),
      candidates: allColorLayouts.filter {
        $0.isPlanar && $0.writing == .exact && (wanted == nil || $0.format == wanted)
      }, requested: nil)
  }

  /// The same for any taker of pictures.
  static func choose(
    source: PixelFormat, color: ColorDescription, width: Int, height: Int, traits: EncoderTraits,
    candidates: [SampleLayout], requested: String?
  ) throws -> OutputFormat {
    let encoder = traits.name
    let wish = Wish(
      source: source, traits: traits, width: width, height: height,
      hasRGB: candidates.contains { $0.format.model == .rgb },
      hasYUV: candidates.contains { $0.format.model == .yuv })
    let layout: SampleLayout
    if let requested {
      guard let match = candidates.first(where: { $0.name == requested }) else {
        throw MediaError(
          .encoderRefuses,
          "\(encoder) does not accept the pixel format \(requested) for color; it accepts "
            + candidates.map(\.name).joined(separator: ", ") + ".")
      }
      layout = match
    } else {
      // The first of the best, in the encoder's own order.
      let ranked = candidates.map { ($0, wish.distance(to: $0)) }
      guard let best = ranked.min(by: { $0.1.lexicographicallyPrecedes($1.1) }) else {
        throw MediaError(.encoderRefuses, "\(encoder) accepts no pixel format that holds color.")
      }
      layout = best.0
    }
    let format = layout.format
    if !traits.takesOddSizes && format.model == .yuv
      && (width % (1 << format.chromaShiftX) != 0 || height % (1 << format.chromaShiftY) != 0)
    {
      throw MediaError(
        .encoderRefuses,
        "\(encoder) does not accept \(layout.name) at the odd size \(width)×\(height); choose another encoder or a "
          + "4:4:4 pixel format.")
    }
    var result = OutputFormat(
      pictureFormat: format, color: color, encoderPixelFormat: layout.name)
    result.settleColor(source: source, height: height, traits: traits)
    result.note(source: source, wish: wish)
    if [.rounded, .dithered].contains(layout.writing) {
      result.notes.append(
        "\(layout.name) holds only \(layout.leastDepth) bits for at least one color component; colors are "
          + (layout.writing == .rounded ? "rounded." : "dithered."))
    }
    return result
  }

  /// The pixel formats of `encoder` that hold color, in its own order.
  private static func candidates(of encoder: String) throws -> [SampleLayout] {
    let codec = try findEncoder(encoder)
    // An encoder that does not tell, such as `rawvideo`, takes all.
    guard var formats = ac_encoder_pixel_formats(codec) else { return allColorLayouts }
    var result: [SampleLayout] = []
    while formats.pointee != AV_PIX_FMT_NONE {
      if let layout = colorLayout(formats.pointee) { result.append(layout) }
      formats += 1
    }
    return result
  }

  /// All pixel formats that hold color and are written, in FFmpeg's order.
  static var allColorLayouts: [SampleLayout] {
    var result: [SampleLayout] = []
    var descriptor: UnsafePointer<AVPixFmtDescriptor>?
    while true {
      descriptor = av_pix_fmt_desc_next(descriptor)
      guard let found = descriptor else { return result }
      if let layout = colorLayout(av_pix_fmt_desc_get_id(found)) { result.append(layout) }
    }
  }

  /// The layout of a pixel format that holds color; `nil` for gray and what is not written, such as
  /// palettes and hardware surfaces.
  static func colorLayout(_ format: AVPixelFormat) -> SampleLayout? {
    do {
      let layout = try SampleLayout(format, in: "the output")
      return layout.format.model != .gray && layout.writing != .impossible ? layout : nil
    } catch {
      return nil
    }
  }

  static func findEncoder(_ name: String) throws -> UnsafePointer<AVCodec> {
    LibraryLog.install()
    guard let codec = avcodec_find_encoder_by_name(name),
      codec.pointee.type == AVMEDIA_TYPE_VIDEO
    else {
      throw MediaError(
        .encoderMissing,
        "This FFmpeg has no video encoder \(name); it has "
          + MediaLibraries.availableEncoders.joined(separator: ", ") + ".")
    }
    return codec
  }

  private mutating func settleColor(source: PixelFormat, height: Int, traits: EncoderTraits) {
    guard pictureFormat.model == .yuv else {
      color.matrix = .identity
      color.range = .full
      color.chromaLocation = .unspecified
      return
    }
    if source.model == .rgb { color.range = .limited }
    if color.range == .unspecified { color.range = .limited }
    if traits.family == .pictureYUV {
      color.matrix = .bt470BG
      if color.range != .full { encodedRange = .full }
    } else if color.matrix == .unspecified || color.matrix == .identity {
      color.matrix = height <= 576 ? .smpte170M : .bt709
    }
    if !traits.signalsFullRange && color.range == .full { encodedRange = .limited }
    let isSubsampled = pictureFormat.chromaShiftX > 0 || pictureFormat.chromaShiftY > 0
    if !isSubsampled {
      color.chromaLocation = .unspecified
    } else if source.model != .yuv {
      color.chromaLocation = traits.family == .pictureYUV ? .center : .left
    } else if source.chromaShiftY != pictureFormat.chromaShiftY {
      color.chromaLocation = .left
    }
  }

  private mutating func note(source: PixelFormat, wish: Wish) {
    if source.hasAlpha && !pictureFormat.hasAlpha {
      notes.append("The encoder does not support alpha, so the alpha channel is left out.")
    }
    if source.bitDepth > pictureFormat.bitDepth {
      notes.append(
        "The encoder supports at most \(pictureFormat.bitDepth) bits per sample; the source has \(source.bitDepth)."
      )
    }
    if wish.avoidsOddChroma {
      notes.append(
        "The chroma is not subsampled, because the encoder does not support subsampling at odd sizes."
      )
    }
    if let encodedRange {
      notes.append("The encoder writes \(encodedRange.rawValue) range; luma is rescaled.")
    }
  }
}

/// What a source would like an encoder to take.
private struct Wish {
  var model: PixelFormat.Model
  var shiftX: Int
  var shiftY: Int
  var depth: Int
  var hasAlpha: Bool
  var avoidsOddChroma = false

  init(
    source: PixelFormat, traits: EncoderTraits, width: Int, height: Int, hasRGB: Bool, hasYUV: Bool
  ) {
    let staysRGB = source.model == .rgb && traits.family == .losslessVideo
    model = hasRGB && (!hasYUV || staysRGB || traits.family == .pictureRGB) ? .rgb : .yuv
    switch source.model {
    case .yuv:
      (shiftX, shiftY) = (source.chromaShiftX, source.chromaShiftY)
    case .gray, .rgb:
      let shift = traits.family == .pictureYUV ? 0 : 1
      (shiftX, shiftY) = (shift, shift)
    }
    if !traits.takesOddSizes && model == .yuv
      && ((width % 2 == 1 && shiftX > 0) || (height % 2 == 1 && shiftY > 0))
    {
      (shiftX, shiftY) = (0, 0)
      avoidsOddChroma = true
    }
    depth = traits.family == .lossyVideo ? max(source.bitDepth, 10) : source.bitDepth
    hasAlpha = source.hasAlpha
  }

  /// How far `layout` is from the wish; the smallest, compared in order, is the best.
  func distance(to layout: SampleLayout) -> [Int] {
    let format = layout.format
    let finer = (shiftX - format.chromaShiftX, shiftY - format.chromaShiftY)
    let chroma =
      finer.0 >= 0 && finer.1 >= 0
      ? finer.0 + finer.1 : 10 + abs(finer.0) + abs(finer.1)
    let deeper = format.bitDepth - depth
    return [
      layout.writing == .exact ? 0 : 1,
      format.model == model ? 0 : 1,
      format.hasAlpha == hasAlpha ? 0 : 1,
      format.model == .yuv ? chroma : 0,
      deeper >= 0 ? deeper : 100 - deeper,
      layout.storage == .float ? 1 : 0,
      max(0, 8 - layout.leastDepth),
      layout.isPlanar ? 0 : 1,
      layout.name.hasPrefix("yuvj") ? 1 : 0,
    ]
  }
}
