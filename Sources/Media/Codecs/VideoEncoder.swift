import CFFmpeg
import Foundation
import Imaging

/// Encoded packets, as a container must know them.
struct EncodedStream {
  let parameters: CodecParameters
  /// The unit of their times.
  let timeBase: Rational
}

/// Owns an encoder of one video stream, or of single pictures.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class VideoEncoder: @unchecked Sendable {
  /// What the encoder needs to know of the stream.
  struct Stream {
    var width: Int
    var height: Int
    var timeBase: Rational
    var frameRate: Rational?
    var sampleAspectRatio = Rational(0, 1)
    var fieldOrder = FieldOrder.progressive
    /// Whether the container wants the headers apart.
    var globalHeader = false
  }

  let pointer: UnsafeMutablePointer<AVCodecContext>
  let name: String
  private let maker: EncoderFrameMaker
  private let packet: UnsafeMutablePointer<AVPacket>
  /// Durations of the frames inside the encoder, by presentation time.
  private var durations: [Int64: Int64] = [:]
  private var sideData: SideDataCarrier
  /// Frames of which no packet has come out yet.
  private var heldBack = 0

  init(_ name: String, output: OutputFormat, stream: Stream, options: SinkOptions) throws {
    self.name = name
    let codec = try OutputFormat.findEncoder(name)
    maker = try EncoderFrameMaker(output)
    guard let context = avcodec_alloc_context3(codec), let packet = av_packet_alloc() else {
      throw MediaError.outOfMemory
    }
    pointer = context
    self.packet = packet
    sideData = SideDataCarrier(context, encoder: name, report: options.report)
    context.pointee.width = Int32(stream.width)
    context.pointee.height = Int32(stream.height)
    context.pointee.pix_fmt = maker.layout.pixelFormat
    context.pointee.time_base = stream.timeBase.av
    // Encoders plan by a rate; an unknown one must not become the inverse of the time base.
    context.pointee.framerate = (stream.frameRate ?? Rational(25, 1)).av
    context.pointee.sample_aspect_ratio = stream.sampleAspectRatio.av
    let color = output.color
    context.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(color.primaries.rawValue))
    context.pointee.color_trc = AVColorTransferCharacteristic(
      rawValue: UInt32(color.transfer.rawValue))
    context.pointee.colorspace = AVColorSpace(rawValue: UInt32(color.matrix.rawValue))
    context.pointee.color_range = (output.encodedRange ?? color.range).av
    context.pointee.chroma_sample_location = AVChromaLocation(
      rawValue: UInt32(color.chromaLocation.rawValue))
    switch stream.fieldOrder {
    case .progressive: context.pointee.field_order = AV_FIELD_PROGRESSIVE
    case .topFirst: context.pointee.field_order = AV_FIELD_TT
    case .bottomFirst: context.pointee.field_order = AV_FIELD_BB
    }
    // DNxHR has no fields; what the container says of them stays.
    if stream.fieldOrder != .progressive && name != "dnxhd" {
      context.pointee.flags |= AV_CODEC_FLAG_INTERLACED_DCT
    }
    if stream.globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
    try open(codec, options)
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVCodecContext>? = pointer
    avcodec_free_context(&doomed)
    var doomedPacket: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&doomedPacket)
  }

  private func open(_ codec: UnsafePointer<AVCodec>, _ options: SinkOptions) throws {
    let wanted = try EncoderSettings(name, options, pointer)
    var dictionary: OpaquePointer?
    defer { av_dict_free(&dictionary) }
    for (key, value) in wanted.sorted { av_dict_set(&dictionary, key, value, 0) }
    let mark = LibraryLog.mark
    let status = avcodec_open2(pointer, codec, &dictionary)
    guard status >= 0 else {
      throw MediaError(
        .encoderRefuses,
        "\(name) refuses \(pointer.pointee.width)×\(pointer.pointee.height) "
          + "\(maker.layout.name) with the options \(wanted).",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
    try wanted.checkComplaints(LibraryLog.warnings(since: mark))
  }

  /// Whether the next frame comes out as if it were the first.
  var isAsNew: Bool {
    EncoderTraits.of(name).forgetsAtKeyFrames && pointer.pointee.gop_size == 1 && heldBack == 0
  }

  /// What a container must know of the packets.
  func stream() throws -> EncodedStream {
    EncodedStream(
      parameters: try CodecParameters(of: pointer), timeBase: Rational(pointer.pointee.time_base))
  }

  /// Encodes a frame, or the rest with `nil`, and gives the packets that come out of it to `take`,
  /// times in units of the encoder's time base.
  func encode(_ frame: Frame?, take: (UnsafeMutablePointer<AVPacket>) throws -> Void) throws {
    let mark = LibraryLog.mark
    var status: Int32
    if let frame {
      let raw = try maker.frame(frame.picture, named: "Frame \(frame.index)")
      raw.pointer.pointee.pts = frame.presentationTime
      raw.pointer.pointee.sample_aspect_ratio = pointer.pointee.sample_aspect_ratio
      raw.pointer.pointee.quality = pointer.pointee.global_quality
      ac_frame_set_duration(raw.pointer, frame.duration)
      ac_frame_set_fields(
        raw.pointer, frame.fieldOrder == .progressive ? 0 : 1, frame.fieldOrder == .topFirst ? 1 : 0
      )
      try sideData.take(frame, attachTo: raw.pointer)
      if frame.duration > 0 { durations[frame.presentationTime] = frame.duration }
      status = avcodec_send_frame(pointer, raw.pointer)
      heldBack += 1
    } else {
      status = avcodec_send_frame(pointer, nil)
    }
    while status >= 0 {
      status = avcodec_receive_packet(pointer, packet)
      guard status >= 0 else { break }
      defer { av_packet_unref(packet) }
      heldBack -= 1
      if let duration = durations.removeValue(forKey: packet.pointee.pts) {
        packet.pointee.duration = duration
      }
      try sideData.complete(packet)
      try take(packet)
    }
    guard status == ac_error_again() || status == ac_error_eof() else {
      throw MediaError(
        .encoderRefuses, "\(name) failed at \(frame.map { "frame \($0.index)" } ?? "the end").",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
  }
}
