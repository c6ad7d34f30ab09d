import CFFmpeg
import Imaging

extension AudioTranscoder {
  static func openDecoder(of stream: StreamInfo) throws -> UnsafeMutablePointer<AVCodecContext> {
    let parameters = stream.parameters.pointer
    guard let codec = avcodec_find_decoder(parameters.pointee.codec_id) else {
      throw MediaError(
        .decoderMissing,
        "The audio of stream \(stream.index) (\(stream.codecName)) can't be transcoded, because this FFmpeg has no "
          + "decoder for it; leave the audio out (--audio none).")
    }
    guard let context = avcodec_alloc_context3(codec) else { throw MediaError.outOfMemory }
    var status = avcodec_parameters_to_context(context, parameters)
    context.pointee.pkt_timebase = stream.timeBase.av
    let mark = LibraryLog.mark
    if status >= 0 { status = avcodec_open2(context, codec, nil) }
    guard status >= 0 else {
      free(context)
      throw MediaError(
        .corrupt, "The audio of stream \(stream.index) (\(stream.codecName)) cannot be decoded.",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
    return context
  }

  /// The encoder that comes nearest to what the decoder gives, and what changes, in words.
  static func openEncoder(
    _ name: String, for decoder: UnsafeMutablePointer<AVCodecContext>, of stream: StreamInfo,
    globalHeader: Bool
  ) throws -> (UnsafeMutablePointer<AVCodecContext>, String) {
    guard let codec = avcodec_find_encoder_by_name(name), codec.pointee.type == AVMEDIA_TYPE_AUDIO
    else {
      throw MediaError(
        .encoderMissing, "This FFmpeg has no audio encoder \(name); choose another one.")
    }
    let channels = decoder.pointee.ch_layout.nb_channels
    guard channels > 0, decoder.pointee.sample_rate > 0 else {
      throw MediaError(
        .corrupt,
        "The audio of stream \(stream.index) specifies neither a sample rate nor a channel layout.")
    }
    let mark = LibraryLog.mark
    var status: Int32 = 0
    // As it is; with the usual places for its channels; as stereo, which every encoder takes.
    for attempt in 0..<3 where attempt < 2 || channels > 2 {
      guard let context = avcodec_alloc_context3(codec) else { throw MediaError.outOfMemory }
      if attempt == 0 && decoder.pointee.ch_layout.order != AV_CHANNEL_ORDER_UNSPEC {
        av_channel_layout_copy(&context.pointee.ch_layout, &decoder.pointee.ch_layout)
      } else {
        av_channel_layout_default(&context.pointee.ch_layout, attempt < 2 ? channels : 2)
      }
      context.pointee.sample_rate = nearestRate(to: decoder.pointee.sample_rate, of: codec)
      context.pointee.sample_fmt = nearestFormat(to: decoder, of: codec)
      if context.pointee.sample_fmt == AV_SAMPLE_FMT_S32 {
        context.pointee.bits_per_raw_sample = 24
      }
      context.pointee.time_base = AVRational(num: 1, den: context.pointee.sample_rate)
      let perChannel: [String: Int64] = ["aac": 80_000, "libopus": 64_000]
      context.pointee.bit_rate =
        (perChannel[name] ?? 0) * Int64(context.pointee.ch_layout.nb_channels)
      if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
      status = avcodec_open2(context, codec, nil)
      if status >= 0 {
        var changes: [String] = []
        if context.pointee.sample_rate != decoder.pointee.sample_rate {
          changes.append("at \(context.pointee.sample_rate) Hz")
        }
        if context.pointee.ch_layout.nb_channels != channels {
          changes.append("in stereo instead of \(channels) channels")
        }
        return (context, changes.isEmpty ? "" : " " + changes.joined(separator: ", "))
      }
      free(context)
    }
    throw MediaError(
      .encoderRefuses,
      "\(name) refuses the audio of stream \(stream.index), \(channels) channels at \(decoder.pointee.sample_rate) Hz; "
        + "choose another encoder, or leave the audio out.",
      underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
  }

  static func free(_ context: UnsafeMutablePointer<AVCodecContext>) {
    var doomed: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&doomed)
  }

  /// The rate itself, else the lowest above it, else the highest.
  private static func nearestRate(to rate: Int32, of codec: UnsafePointer<AVCodec>) -> Int32 {
    guard var next = ac_encoder_sample_rates(codec) else { return rate }
    var rates: [Int32] = []
    while next.pointee != 0 {
      rates.append(next.pointee)
      next += 1
    }
    if rates.contains(rate) { return rate }
    // Opus works at 48 kHz inside; lower rates of it are for speech.
    if codec.pointee.id == AV_CODEC_ID_OPUS { return 48000 }
    return rates.filter { $0 > rate }.min() ?? rates.max() ?? rate
  }

  /// The smallest format that holds the samples.
  private static func nearestFormat(
    to decoder: UnsafeMutablePointer<AVCodecContext>, of codec: UnsafePointer<AVCodec>
  ) -> AVSampleFormat {
    var formats: [AVSampleFormat] = []
    if var next = ac_encoder_sample_formats(codec) {
      while next.pointee != AV_SAMPLE_FMT_NONE {
        formats.append(next.pointee)
        next += 1
      }
    }
    let wanted = decoder.pointee.sample_fmt
    func size(_ format: AVSampleFormat) -> Int32 { av_get_bytes_per_sample(format) }
    let isSame = { av_get_packed_sample_fmt($0) == av_get_packed_sample_fmt(wanted) }
    return formats.first(where: isSame)
      ?? formats.filter { size($0) >= size(wanted) }.min { size($0) < size($1) }
      ?? formats.max { size($0) < size($1) } ?? wanted
  }
}
