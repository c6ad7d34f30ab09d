import CFFmpeg
import Imaging

/// Owns a decoder of one video stream.
///
/// `@unchecked Sendable`: used by one source, which is called serially.
final class VideoDecoder: @unchecked Sendable {
  enum Outcome {
    case frame(DecodedFrame)
    /// Wants another packet.
    case hungry
    case ended
    case failed(Int32)
  }

  private let pointer: UnsafeMutablePointer<AVCodecContext>
  let codecName: String
  private let complaints = LibraryLog.Complaints()

  init(
    _ parameters: UnsafePointer<AVCodecParameters>, timeBase: AVRational, file: String,
    options: SourceOptions, lowLatency: Bool
  ) throws {
    let id = parameters.pointee.codec_id
    codecName = String(cString: avcodec_get_name(id))
    guard let codec = avcodec_find_decoder(id) else {
      throw MediaError(
        .decoderMissing, "This FFmpeg has no decoder for the codec \(codecName) of \(file).")
    }
    guard let context = avcodec_alloc_context3(codec) else { throw MediaError.outOfMemory }
    pointer = context
    var status = avcodec_parameters_to_context(context, parameters)
    context.pointee.pkt_timebase = timeBase
    context.pointee.thread_count = Int32(options.threads)
    context.pointee.thread_type = lowLatency ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE
    if id == AV_CODEC_ID_FFV1 {
      // FFV1 fills damaged slices from the frame before and only logs it. With slice threads the
      // complaint comes with the frame that it is about.
      context.pointee.thread_type = FF_THREAD_SLICE
      context.pointee.opaque = Unmanaged.passUnretained(complaints).toOpaque()
    }
    let mark = LibraryLog.mark
    if status >= 0 { status = avcodec_open2(context, codec, nil) }
    guard status >= 0 else {
      throw MediaError(
        .corrupt, "The \(codecName) decoder cannot be set up for \(file).",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVCodecContext>? = pointer
    avcodec_free_context(&doomed)
  }

  /// Takes a packet, or the end of the stream.
  func send(_ packet: UnsafePointer<AVPacket>?) -> Int32 { avcodec_send_packet(pointer, packet) }

  func receive() throws -> Outcome {
    let frame = try DecodedFrame()
    let status = avcodec_receive_frame(pointer, frame.pointer)
    switch status {
    case 0...: return .frame(frame)
    case ac_error_again(): return .hungry
    case ac_error_eof(): return .ended
    default: return .failed(status)
    }
  }

  /// Whether the decoder complained since the last call: the frame just received is damaged, though
  /// it does not say so.
  func hasComplained() -> Bool { complaints.take() > 0 }

  /// Forgets all, after a seek.
  func flush() { avcodec_flush_buffers(pointer) }
}
