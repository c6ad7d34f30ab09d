import CFFmpeg
import Foundation
import Imaging

/// Owns a container that is being written.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class Muxer: @unchecked Sendable {
  private let pointer: UnsafeMutablePointer<AVFormatContext>
  private let io: OutputContext
  private let file: OutputFile
  private let videoTimeBase: AVRational
  private let packet: UnsafeMutablePointer<AVPacket>
  /// Where the streams of the source go.
  private var outputIndex: [Int: Int] = [:]
  private var videoIndex = 0
  private var attachedCovers = 0
  /// Those of the source's audio streams that the container can't hold as they are.
  private var transcoders: [Int: AudioTranscoder] = [:]
  private var lastDecodingTime: [Int64?]
  /// What is added to the times of each stream's packets, in its time base.
  private var codecDelays: [Int64] = []
  private(set) var notes: [String] = []

  /// Writes the header.
  /// - Parameter video: the packets that `writeVideo` will bring.
  init(
    _ container: UnsafePointer<AVOutputFormat>, file: OutputFile, source: SourceInfo,
    video: EncodedStream, options: SinkOptions
  ) throws {
    self.file = file
    videoTimeBase = video.timeBase.av
    io = try OutputContext(file)
    guard let context = avformat_alloc_context(), let packet = av_packet_alloc() else {
      throw MediaError.outOfMemory
    }
    pointer = context
    self.packet = packet
    lastDecodingTime = []
    context.pointee.oformat = container
    context.pointee.pb = io.pointer
    context.pointee.io_open = FilmContainers.openNothing
    context.pointee.url = av_strdup(file.name)
    OutputReader.serve(file, to: context)
    // No random identifiers: the same input and settings give the same bytes.
    context.pointee.flags |= AVFMT_FLAG_BITEXACT
    // A reader of a pipe wants each packet as soon as it is there.
    if !file.isSeekable { context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS }

    let fit = ContainerFit(container: container)
    if let name = options.audioEncoder {
      for stream in source.copiedStreams where stream.kind == .audio && !fit.holds(stream) {
        let transcoder = try AudioTranscoder(
          stream, encoder: name,
          globalHeader: container.pointee.flags & AVFMT_GLOBALHEADER != 0, report: options.report)
        transcoders[stream.index] = transcoder
        notes += transcoder.notes
      }
    }
    let copied = source.streams.filter { stream in
      stream.index == source.videoStreamIndex || (stream.isCopied && !fit.leavesOut(stream))
    }
    notes += fit.notes(on: source)
    if copied.contains(where: { $0.index == source.videoStreamIndex }) {
      for stream in copied {
        if stream.index == source.videoStreamIndex {
          try addVideo(source, video)
        } else {
          try addCopy(of: stream)
        }
      }
    } else {
      try addVideo(source, video)
      for stream in copied { try addCopy(of: stream) }
    }
    let name = String(cString: container.pointee.name)
    if source.rotationDegrees != nil && !["mov", "mp4"].contains(name) {
      notes.append("The container \(name) cannot store the rotation; .mp4 and .mov can.")
    }
    Self.set(&context.pointee.metadata, Self.carried(source.metadata))
    for chapter in source.chapters {
      try add(chapter, shift: source.outputShift(in: chapter.timeBase))
    }
    lastDecodingTime = Array(repeating: nil, count: Int(context.pointee.nb_streams))

    let mark = LibraryLog.mark
    var wishes: OpaquePointer?
    defer { av_dict_free(&wishes) }
    if file.isSeekable, Self.movesIndex(of: container) {
      av_dict_set(&wishes, "movflags", "+faststart", 0)
    }
    let status = avformat_write_header(context, &wishes)
    if let failure = file.failure { throw failure }
    guard status >= 0 else {
      throw MediaError(
        .containerRefusesStream,
        "The container \(String(cString: container.pointee.name)) of \(file.name) rejects a stream; choose another "
          + "container, or leave out other streams than video and audio (--extras none).",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
    codecDelays = (0..<Int32(context.pointee.nb_streams)).map {
      Self.missingCodecDelay(of: ac_stream(context, $0), in: name)
    }
  }

  deinit {
    pointer.pointee.pb = nil
    avformat_free_context(pointer)
    var doomed: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&doomed)
  }

  // MARK: Choosing

  /// The container by name or by the output's extension.
  static func container(
    for path: String, options: SinkOptions
  ) throws -> UnsafePointer<AVOutputFormat> {
    if let format = options.format {
      guard let found = av_guess_format(format, nil, nil) else {
        throw MediaError(.usage, "There is no container named \(format); try matroska, mp4 or nut.")
      }
      try FilmContainers.check(found, output: path)
      return found
    }
    if path == "-" {
      throw MediaError(.usage, "A pipe needs a format, such as y4m, matroska or nut.")
    }
    guard let found = av_guess_format(nil, path, nil) else {
      throw MediaError(
        .usage,
        "The name \(path) does not indicate a container; end it with .mkv, .mp4 or .mov, or give the format."
      )
    }
    try FilmContainers.check(found, output: path)
    return found
  }

  static func defaultEncoder(of container: UnsafePointer<AVOutputFormat>) -> String {
    switch String(cString: container.pointee.name) {
    case "webm", "ivf", "avif": "libsvtav1"
    default: "libx264"
    }
  }

  /// Whether the index goes to the front at the end, for which all is read and written once more: a player on
  /// a network begins at once.
  static func movesIndex(of container: UnsafePointer<AVOutputFormat>) -> Bool {
    ["mp4", "mov", "ipod"].contains(String(cString: container.pointee.name))
  }

  // MARK: Setting up

  private func addVideo(_ source: SourceInfo, _ video: EncodedStream) throws {
    guard let stream = avformat_new_stream(pointer, nil) else { throw MediaError.outOfMemory }
    videoIndex = Int(stream.pointee.index)
    let status = avcodec_parameters_copy(stream.pointee.codecpar, video.parameters.pointer)
    guard status >= 0 else {
      throw MediaError(.internalFault, "The video stream cannot be described.", status: status)
    }
    stream.pointee.time_base = videoTimeBase
    if let rate = source.frameRate {
      // Broadcast containers count frames; the clock is their rate.
      if ["mxf", "gxf"].contains(String(cString: pointer.pointee.oformat.pointee.name)) {
        stream.pointee.time_base = av_inv_q(rate.av)
      }
      stream.pointee.avg_frame_rate = rate.av
      stream.pointee.r_frame_rate = rate.av
    }
    stream.pointee.sample_aspect_ratio = source.sampleAspectRatio.av
    if stream.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_HEVC,
      ["mp4", "mov"].contains(String(cString: pointer.pointee.oformat.pointee.name))
    {
      // "hvc1", the only tag that players of Apple take.
      stream.pointee.codecpar.pointee.codec_tag = 0x3163_7668
    }
    guard let original = source.videoStream else { return }
    stream.pointee.disposition = original.disposition
    Self.set(&stream.pointee.metadata, Self.carriedOfVideo(original.metadata))
    let kept: Set<UInt32> = [
      AV_PKT_DATA_DISPLAYMATRIX.rawValue, AV_PKT_DATA_MASTERING_DISPLAY_METADATA.rawValue,
      AV_PKT_DATA_CONTENT_LIGHT_LEVEL.rawValue, AV_PKT_DATA_STEREO3D.rawValue,
      AV_PKT_DATA_SPHERICAL.rawValue,
    ]
    try add(original.sideData.filter { kept.contains($0.type) }, to: stream)
  }

  private func addCopy(of source: StreamInfo) throws {
    if source.isCoverArt, String(cString: pointer.pointee.oformat.pointee.name) == "matroska" {
      return try addAttachment(of: source)
    }
    guard let stream = avformat_new_stream(pointer, nil) else { throw MediaError.outOfMemory }
    outputIndex[source.index] = Int(stream.pointee.index)
    stream.pointee.disposition = source.disposition
    if let transcoder = transcoders[source.index] {
      let status = avcodec_parameters_from_context(stream.pointee.codecpar, transcoder.encoder)
      guard status >= 0 else {
        throw MediaError(
          .internalFault, "Stream \(source.index) cannot be described.", status: status)
      }
      stream.pointee.time_base = transcoder.encoder.pointee.time_base
      Self.set(&stream.pointee.metadata, Self.carriedOfVideo(source.metadata))
      return
    }
    let status = avcodec_parameters_copy(stream.pointee.codecpar, source.parameters.pointer)
    guard status >= 0 else {
      throw MediaError(
        .internalFault, "Stream \(source.index) cannot be described.", status: status)
    }
    let fit = ContainerFit(container: pointer.pointee.oformat)
    stream.pointee.codecpar.pointee.codec_tag = fit.tag(of: source.parameters.pointer.pointee)
    stream.pointee.time_base = source.timeBase.av
    Self.set(&stream.pointee.metadata, source.metadata)
    if !sideDataTravelsWithParameters { try add(source.sideData, to: stream) }
  }

  /// Cover art is an attached file in Matroska.
  private func addAttachment(of source: StreamInfo) throws {
    guard let cover = CoverArt(source, number: attachedCovers) else {
      notes.append(
        "Stream \(source.index) (cover art, \(source.codecName)) is left out: it holds no picture.")
      return
    }
    attachedCovers += 1
    guard let stream = avformat_new_stream(pointer, nil),
      let parameters = stream.pointee.codecpar,
      let bytes = av_mallocz(cover.bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE))
    else { throw MediaError.outOfMemory }
    bytes.copyMemory(from: cover.bytes, byteCount: cover.bytes.count)
    parameters.pointee.codec_type = AVMEDIA_TYPE_ATTACHMENT
    parameters.pointee.codec_id = source.parameters.pointer.pointee.codec_id
    parameters.pointee.extradata = bytes.assumingMemoryBound(to: UInt8.self)
    parameters.pointee.extradata_size = Int32(cover.bytes.count)
    Self.set(&stream.pointee.metadata, cover.metadata)
  }

  /// Matroska says how much of a stream of Opus is padding before its first sample (CodecDelay), and readers
  /// subtract it from the times of the packets. An FFmpeg that does not add it when it writes moves the sound
  /// forward by as much, 6.5 ms as a rule, each time that a film is copied.
  private static func missingCodecDelay(
    of stream: UnsafeMutablePointer<AVStream>, in container: String
  ) -> Int64 {
    guard ["matroska", "webm"].contains(container), ac_matroska_adds_codec_delay() == 0,
      let parameters = stream.pointee.codecpar, parameters.pointee.codec_id == AV_CODEC_ID_OPUS
    else { return 0 }
    return av_rescale_q(
      Int64(parameters.pointee.initial_padding), AVRational(num: 1, den: 48000),
      stream.pointee.time_base)
  }

  private var sideDataTravelsWithParameters: Bool { ac_side_data_in_parameters() != 0 }

  private func add(_ sideData: [StreamSideData], to stream: UnsafeMutablePointer<AVStream>) throws {
    for item in sideData {
      let status = item.bytes.withUnsafeBytes { bytes in
        ac_add_side_data(
          stream, AVPacketSideDataType(rawValue: item.type), bytes.baseAddress, bytes.count)
      }
      guard status >= 0 else { throw MediaError.outOfMemory }
    }
  }

  private func add(_ chapter: Chapter, shift: Int64) throws {
    guard
      let added = ac_add_chapter(
        pointer, chapter.id, chapter.timeBase.av, chapter.start - shift, chapter.end - shift)
    else { throw MediaError.outOfMemory }
    Self.set(&added.pointee.metadata, chapter.metadata)
  }

  private static func set(_ dictionary: inout OpaquePointer?, _ entries: [MetadataEntry]) {
    for entry in entries { av_dict_set(&dictionary, entry.key, entry.value, 0) }
  }

  /// Without what describes the old container.
  private static func carried(_ entries: [MetadataEntry]) -> [MetadataEntry] {
    let stale: Set<String> = [
      "major_brand", "minor_version", "compatible_brands", "encoder", "duration",
    ]
    return entries.filter { !stale.contains($0.key.lowercased()) }
  }

  /// Without what describes the old encoding.
  private static func carriedOfVideo(_ entries: [MetadataEntry]) -> [MetadataEntry] {
    carried(entries).filter { entry in
      let key = entry.key.uppercased()
      return !["BPS", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "VENDOR_ID"].contains(key)
        && !key.hasPrefix("BPS-") && !key.hasPrefix("NUMBER_OF_") && !key.hasPrefix("_STATISTICS")
        && !key.hasPrefix("DURATION-")
    }
  }

  // MARK: Writing

  /// Writes a new reference to the bytes of `source`.
  func write(_ source: CopiedPacket) throws {
    guard let index = outputIndex[source.streamIndex] else { return }
    if let transcoder = transcoders[source.streamIndex] {
      return try encode(source, transcoder, to: index)
    }
    guard av_packet_ref(packet, source.pointer) >= 0 else { throw MediaError.outOfMemory }
    try write(to: index, from: source.timeBase.av)
  }

  private func encode(
    _ source: CopiedPacket?, _ transcoder: AudioTranscoder, to index: Int
  ) throws {
    try transcoder.encode(source) { encoded in
      av_packet_move_ref(packet, encoded)
      try write(to: index, from: transcoder.encoder.pointee.time_base)
    }
  }

  /// Writes a packet of the encoded picture.
  func writeVideo(_ encoded: UnsafeMutablePointer<AVPacket>) throws {
    av_packet_move_ref(packet, encoded)
    try write(to: videoIndex, from: videoTimeBase)
  }

  private func write(to index: Int, from timeBase: AVRational) throws {
    let target = ac_stream(pointer, Int32(index)).pointee.time_base
    av_packet_rescale_ts(packet, timeBase, target)
    if let time = packet.pointee.pts.knownTime { packet.pointee.pts = time + codecDelays[index] }
    if let time = packet.pointee.dts.knownTime { packet.pointee.dts = time + codecDelays[index] }
    packet.pointee.stream_index = Int32(index)
    packet.pointee.pos = -1
    if let time = packet.pointee.dts.knownTime {
      // Rounding to a coarser clock may bring two packets to the same time.
      var decodingTime = time
      let allowsEqual = pointer.pointee.oformat.pointee.flags & AVFMT_TS_NONSTRICT != 0
      if let last = lastDecodingTime[index], decodingTime < last + (allowsEqual ? 0 : 1) {
        decodingTime = last + (allowsEqual ? 0 : 1)
        packet.pointee.dts = decodingTime
        if let shown = packet.pointee.pts.knownTime, shown < decodingTime {
          packet.pointee.pts = decodingTime
        }
      }
      lastDecodingTime[index] = decodingTime
    }
    let mark = LibraryLog.mark
    let status = av_interleaved_write_frame(pointer, packet)
    if let failure = file.failure { throw failure }
    guard status >= 0 else {
      av_packet_unref(packet)
      throw writeFailure(status, since: mark, what: "a packet of stream \(index)")
    }
  }

  /// Writes what is held back, and the index.
  func finish() throws {
    for (stream, transcoder) in transcoders.sorted(by: { $0.key < $1.key }) {
      if let index = outputIndex[stream] { try encode(nil, transcoder, to: index) }
    }
    let mark = LibraryLog.mark
    let status = av_write_trailer(pointer)
    avio_flush(io.pointer)
    if let failure = file.failure { throw failure }
    guard status >= 0 else { throw writeFailure(status, since: mark, what: "the end") }
  }

  private func writeFailure(_ status: Int32, since mark: Int, what: String) -> MediaError {
    if status == ac_error_exit() {
      return MediaError(.interrupted, "Writing \(file.name) was interrupted.")
    }
    return MediaError(
      .io, "Writing \(what) to \(file.name) failed.",
      underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
  }
}
