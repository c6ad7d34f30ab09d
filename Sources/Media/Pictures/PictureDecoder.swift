import CFFmpeg
import Foundation
import Imaging

/// Decodes single pictures from their bytes.
enum PictureDecoder {
  struct Result {
    var picture: Picture
    var sampleAspectRatio: Rational
    var codecName: String
    /// Whether only a part could be decoded.
    var isDamaged = false
    /// What of the file is not in the picture, in words.
    var omission: String?
    /// What the file tells beside the samples, of the picture as it is here.
    var metadata: PictureMetadata?

    /// The same picture upright, for one that is stored as `orientation` tells.
    func upright(from orientation: PictureOrientation) -> Result {
      var result = self
      result.picture = picture.upright(from: orientation)
      if orientation.swapsSides {
        result.sampleAspectRatio = Rational(
          sampleAspectRatio.denominator, sampleAspectRatio.numerator)
        if sampleAspectRatio.numerator == 0 { result.sampleAspectRatio = sampleAspectRatio }
      }
      result.metadata = metadata?.describing(
        width: result.picture.width, height: result.picture.height, turnedFrom: orientation)
      return result
    }
  }

  /// FFmpeg counts the bytes of a packet in 32 bits.
  static let mostBytes = Int(Int32.max) - Int(AV_INPUT_BUFFER_PADDING_SIZE)

  /// Decodes a whole picture file.
  ///
  /// - Parameters:
  ///   - bytes: The file.
  ///   - isStrict: Whether damage is an error; otherwise what can be decoded is taken.
  ///   - name: What messages call it.
  static func decode(_ bytes: [UInt8], isStrict: Bool, name: String) throws -> Result {
    guard let kind = PictureKind(firstBytes: bytes) else {
      throw MediaError(.notMedia, "\(name) is not a picture\(ForeignFile.words(for: bytes)).")
    }
    if isStrict, PictureStructure.missingByteCount(of: bytes, kind: kind) != nil {
      throw MediaError(
        .truncated, "The picture \(name) is cut off: it ends after \(counted(bytes.count, "byte"))."
      )
    }
    if isStrict, kind == .jpeg, JPEGScanCheck.isDamaged(bytes) == true {
      throw MediaError(
        .corrupt,
        "The picture \(name) is damaged: its compressed data does not hold the expected number of samples."
      )
    }
    if kind == .webp, PictureStructure.isAnimatedWebP(bytes) {
      throw MediaError(
        .unsupported,
        "\(name) is an animated WebP, which this FFmpeg can't read; convert it to APNG or a film."
      )
    }
    // Samples that are not there are taken as zeros where the kind has no other way to go on.
    let shortfall = isStrict ? nil : PictureStructure.missingByteCount(of: bytes, kind: kind)
    let bytes = shortfall == nil ? bytes : PictureStructure.closed(bytes, kind: kind)
    let padding = shortfall?.samples ?? 0
    let id = kind.decoder(firstBytes: bytes)
    let codecName = String(cString: avcodec_get_name(id))
    guard let codec = avcodec_find_decoder(id) else {
      throw MediaError(
        .decoderMissing, "This FFmpeg has no decoder for \(codecName), which \(name) needs.")
    }
    var context = avcodec_alloc_context3(codec)
    var packet = av_packet_alloc()
    defer {
      avcodec_free_context(&context)
      av_packet_free(&packet)
    }
    guard let context, let packet else { throw MediaError.outOfMemory }
    guard bytes.count + padding < mostBytes else {
      throw MediaError(
        .unsupported, "The picture \(name) has \(bytes.count) bytes; the limit is 2 GiB.")
    }
    context.pointee.thread_count = 1
    if isStrict { context.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE }
    // Linear light is brought to the curve of sRGB before it becomes codes.
    if kind == .openEXR { av_opt_set(context.pointee.priv_data, "apply_trc", "iec61966_2_1", 0) }
    let mark = LibraryLog.mark
    var status = avcodec_open2(context, codec, nil)
    if status >= 0 { status = av_new_packet(packet, Int32(bytes.count + padding)) }
    let frame = try DecodedFrame()
    if status >= 0 {
      bytes.withUnsafeBytes { source in
        if let base = source.baseAddress {
          packet.pointee.data.update(from: base, count: source.count)
          memset(packet.pointee.data + source.count, 0, padding)
        }
      }
      status = avcodec_send_packet(context, packet)
      if status >= 0 { status = avcodec_send_packet(context, nil) }
      if status >= 0 { status = avcodec_receive_frame(context, frame.pointer) }
    }
    guard status >= 0, !isStrict || frame.pointer.pointee.decode_error_flags == 0 else {
      throw MediaError(
        .corrupt, "The picture \(name) is damaged and cannot be decoded.",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
    var picture = try frame.picture(in: name)
    if kind.isDisplayReferred {
      if picture.color.primaries == .unspecified { picture.color.primaries = .bt709 }
      if picture.color.transfer == .unspecified { picture.color.transfer = .iec61966_2_1 }
    }
    if kind == .openEXR { picture.color.transfer = .iec61966_2_1 }
    if kind == .pfm { picture.color.transfer = .linear }
    let metadata = PictureMetadata(bytes, kind: kind, profile: profile(of: frame))
    let result = Result(
      picture: picture,
      sampleAspectRatio: Rational(frame.pointer.pointee.sample_aspect_ratio),
      codecName: codecName, isDamaged: !isStrict,
      metadata: metadata)
    return result.upright(from: metadata.orientation)
  }

  /// The ICC profile that the decoder found.
  private static func profile(of frame: DecodedFrame) -> [UInt8]? {
    guard let data = av_frame_get_side_data(frame.pointer, AV_FRAME_DATA_ICC_PROFILE),
      let bytes = data.pointee.data
    else { return nil }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(data.pointee.size)))
  }
}

extension UnsafeMutablePointer<UInt8> {
  fileprivate func update(from source: UnsafeRawPointer, count: Int) {
    UnsafeMutableRawPointer(self).copyMemory(from: source, byteCount: count)
  }
}
