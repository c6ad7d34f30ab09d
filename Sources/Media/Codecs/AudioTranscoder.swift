import CFFmpeg
import Imaging

/// Decodes the packets of an audio stream and encodes them anew, sample for sample at the same time.
/// What is missing in the source becomes silence, what overlaps is left out, so that sound stays with
/// the picture. It holds no more than a few frames of sound.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class AudioTranscoder: @unchecked Sendable {
  /// The encoder; packets come out in units of its time base, one sample.
  let encoder: UnsafeMutablePointer<AVCodecContext>
  let notes: [String]
  private let decoder: UnsafeMutablePointer<AVCodecContext>
  private let streamIndex: Int
  private let encoderName: String
  private let report: (@Sendable (String) -> Void)?
  private var resampler: OpaquePointer?
  /// Samples that wait for a whole frame of the encoder.
  private let waiting: OpaquePointer
  private let frame: UnsafeMutablePointer<AVFrame>
  private let packet: UnsafeMutablePointer<AVPacket>
  /// What the resampler was made for.
  private var inputForm: InputForm?
  /// Place of the next sample to be encoded, and of the next to come in, in samples of the encoder;
  /// `nil` before the first.
  private var nextOut: Int64?
  private var nextIn: Int64 = 0
  private var saidThatDamaged = false

  private struct InputForm: Equatable {
    var rate: Int32
    var format: Int32
    var channels: Int32
  }

  /// Time stamps that miss the count of samples by less are rounding of the container.
  private static let tolerance = 0.02

  /// - Throws: `.decoderMissing`, `.encoderMissing`, `.encoderRefuses`.
  init(
    _ stream: StreamInfo, encoder name: String, globalHeader: Bool,
    report: (@Sendable (String) -> Void)?
  ) throws {
    LibraryLog.install()
    streamIndex = stream.index
    encoderName = name
    self.report = report
    let decoder = try Self.openDecoder(of: stream)
    let encoder: UnsafeMutablePointer<AVCodecContext>
    let note: String
    do {
      (encoder, note) = try Self.openEncoder(
        name, for: decoder, of: stream, globalHeader: globalHeader)
    } catch {
      // `deinit` runs only for what was initialized whole.
      Self.free(decoder)
      throw error
    }
    (self.decoder, self.encoder) = (decoder, encoder)
    notes = [
      "Stream \(stream.index) (audio, \(stream.codecName)) is encoded as \(name)\(note); the container "
        + "can't hold it as it is."
    ]
    guard
      let fifo = av_audio_fifo_alloc(
        encoder.pointee.sample_fmt, encoder.pointee.ch_layout.nb_channels, 1),
      let packet = av_packet_alloc(), let frame = av_frame_alloc()
    else { throw MediaError.outOfMemory }
    (waiting, self.packet, self.frame) = (fifo, packet, frame)
  }

  deinit {
    var (decoder, encoder): (UnsafeMutablePointer<AVCodecContext>?, _) = (
      decoder, Optional(encoder)
    )
    avcodec_free_context(&decoder)
    avcodec_free_context(&encoder)
    var (frame, packet): (UnsafeMutablePointer<AVFrame>?, UnsafeMutablePointer<AVPacket>?) =
      (frame, packet)
    av_frame_free(&frame)
    av_packet_free(&packet)
    av_audio_fifo_free(waiting)
    swr_free(&resampler)
  }

  /// Takes a packet of the source, or its end with `nil`, and gives what is encoded to `take`.
  func encode(
    _ source: CopiedPacket?, take: (UnsafeMutablePointer<AVPacket>) throws -> Void
  ) throws {
    var status = avcodec_send_packet(decoder, source?.pointer)
    if status < 0, status != ac_error_eof() { complain(status) }
    while true {
      status = avcodec_receive_frame(decoder, frame)
      guard status >= 0 else { break }
      defer { av_frame_unref(frame) }
      try accept(frame, take)
    }
    if status != ac_error_again(), status != ac_error_eof() { complain(status) }
    guard source == nil else { return }
    try resample(nil)
    try drain(all: true, take)
    try send(nil, take)
  }

  private func complain(_ status: Int32) {
    guard !saidThatDamaged else { return }
    saidThatDamaged = true
    report?(
      "Parts of the audio of stream \(streamIndex) cannot be decoded and are replaced by silence "
        + "(\(MediaError.text(of: status))).")
  }

  // MARK: Time

  /// Brings a decoded frame to its place.
  private func accept(
    _ frame: UnsafeMutablePointer<AVFrame>, _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void
  ) throws {
    let rate = Int64(encoder.pointee.sample_rate)
    let unit = AVRational(num: 1, den: Int32(rate))
    let place = frame.pointee.best_effort_timestamp.knownTime.map {
      av_rescale_q($0, decoder.pointee.pkt_timebase, unit)
    }
    try setUpResampler(for: frame)
    if nextOut == nil {
      nextOut = place ?? 0
      nextIn = nextOut ?? 0
    }
    let count = av_rescale_rnd(
      Int64(frame.pointee.nb_samples), rate, Int64(max(frame.pointee.sample_rate, 1)),
      AV_ROUND_NEAR_INF)
    var dropped: Int64 = 0
    if let place {
      let missing = place - nextIn
      if Double(missing) > Self.tolerance * Double(rate) {
        try resample(nil)
        try addSilence(missing, take)
        nextIn = place
        try setUpResampler(for: frame)
      } else if Double(-missing) > Self.tolerance * Double(rate) {
        // What would sound later than it should is left out.
        if -missing >= count { return }
        dropped = -missing
        swr_drop_output(resampler, Int32(dropped))
      }
    }
    try resample(frame)
    nextIn += count - dropped
    try drain(all: false, take)
  }

  private func addSilence(
    _ count: Int64, _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void
  ) throws {
    var left = count
    while left > 0 {
      let silence = try makeFrame(sampleCount: Int32(min(left, 4096)))
      defer { Self.free(silence) }
      av_samples_set_silence(
        silence.pointee.extended_data, 0, silence.pointee.nb_samples,
        encoder.pointee.ch_layout.nb_channels, encoder.pointee.sample_fmt)
      try keep(silence)
      left -= Int64(silence.pointee.nb_samples)
      try drain(all: false, take)
    }
  }

  // MARK: Samples

  /// Makes a resampler for what comes in, if it is not there or was made for something else.
  private func setUpResampler(for frame: UnsafeMutablePointer<AVFrame>) throws {
    let form = InputForm(
      rate: frame.pointee.sample_rate, format: frame.pointee.format,
      channels: frame.pointee.ch_layout.nb_channels)
    guard resampler == nil || form != inputForm else { return }
    if resampler != nil { try resample(nil) }
    inputForm = form
    if frame.pointee.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC {
      av_channel_layout_default(&frame.pointee.ch_layout, form.channels)
    }
    var status = swr_alloc_set_opts2(
      &resampler, &encoder.pointee.ch_layout, encoder.pointee.sample_fmt,
      encoder.pointee.sample_rate, &frame.pointee.ch_layout, AVSampleFormat(form.format), form.rate,
      0, nil)
    if status >= 0 { status = swr_init(resampler) }
    guard status >= 0 else {
      throw MediaError(
        .encoderRefuses,
        "The audio of stream \(streamIndex) cannot be converted for \(encoderName).",
        status: status)
    }
  }

  /// Converts `frame`, or takes out what the resampler holds back, which ends it.
  private func resample(_ frame: UnsafeMutablePointer<AVFrame>?) throws {
    guard let resampler else { return }
    let room = swr_get_out_samples(resampler, frame?.pointee.nb_samples ?? 0)
    if room > 0 {
      let output = try makeFrame(sampleCount: room)
      defer { Self.free(output) }
      let count = ac_resample(resampler, frame, output)
      guard count >= 0 else {
        throw MediaError(
          .internalFault, "The audio of stream \(streamIndex) cannot be converted.", status: count)
      }
      output.pointee.nb_samples = count
      try keep(output)
    }
    if frame == nil { swr_free(&self.resampler) }
  }

  private func keep(_ samples: UnsafeMutablePointer<AVFrame>) throws {
    let count = samples.pointee.nb_samples
    guard count == 0 || av_audio_fifo_write(waiting, ac_frame_channels(samples), count) == count
    else { throw MediaError.outOfMemory }
  }

  private func makeFrame(sampleCount: Int32) throws -> UnsafeMutablePointer<AVFrame> {
    guard let frame = av_frame_alloc() else { throw MediaError.outOfMemory }
    frame.pointee.format = encoder.pointee.sample_fmt.rawValue
    frame.pointee.nb_samples = sampleCount
    frame.pointee.sample_rate = encoder.pointee.sample_rate
    guard av_channel_layout_copy(&frame.pointee.ch_layout, &encoder.pointee.ch_layout) >= 0,
      av_frame_get_buffer(frame, 0) >= 0
    else {
      Self.free(frame)
      throw MediaError.outOfMemory
    }
    return frame
  }

  private static func free(_ frame: UnsafeMutablePointer<AVFrame>) {
    var doomed: UnsafeMutablePointer<AVFrame>? = frame
    av_frame_free(&doomed)
  }

  // MARK: Encoding

  /// Encodes whole frames, and with `all` the last, shorter one.
  private func drain(
    all: Bool, _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void
  ) throws {
    let whole = encoder.pointee.frame_size > 0 ? encoder.pointee.frame_size : 1024
    while true {
      let ready = av_audio_fifo_size(waiting)
      guard ready >= whole || (all && ready > 0) else { return }
      let next = try makeFrame(sampleCount: min(ready, whole))
      defer { Self.free(next) }
      let count = av_audio_fifo_read(
        waiting, ac_frame_channels(next), next.pointee.nb_samples)
      guard count > 0 else { throw MediaError.outOfMemory }
      next.pointee.pts = nextOut ?? 0
      nextOut = (nextOut ?? 0) + Int64(count)
      try send(next, take)
    }
  }

  private func send(
    _ samples: UnsafeMutablePointer<AVFrame>?,
    _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void
  ) throws {
    let mark = LibraryLog.mark
    var status = avcodec_send_frame(encoder, samples)
    while status >= 0 {
      status = avcodec_receive_packet(encoder, packet)
      guard status >= 0 else { break }
      defer { av_packet_unref(packet) }
      try take(packet)
    }
    guard status == ac_error_again() || status == ac_error_eof() else {
      throw MediaError(
        .encoderRefuses, "\(encoderName) failed on the audio of stream \(streamIndex).",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
  }
}
