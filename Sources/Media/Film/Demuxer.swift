import CFFmpeg
import Imaging

/// Owns an open container.
///
/// `@unchecked Sendable`: used by one source, which is called serially.
final class Demuxer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<AVFormatContext>
  let bytes: ByteInput
  /// Bytes that the container says it has beyond those that are there; 0 if it is whole.
  let missingByteCount: Int64
  private let io: InputContext
  private let interruption: MediaInterruption?

  /// Formats whose header describes all streams, so that nothing need be read ahead.
  private static let headerTellsAll = ["matroska", "nut", "mov", "flv"]

  /// Formats that FFmpeg guesses for plain text and pictures made of characters.
  private static let refused: Set<String> = ["tty", "bin", "xbin", "adf", "idf", "aqtitle"]

  /// Formats that only tell where the film is, or open more than one file. Those that read nothing
  /// themselves have a flag for it.
  private static let playlists: Set<String> = [
    "hls", "dash", "concat", "imf", "sdp", "vobsub", "webm_dash_manifest",
  ]

  /// What the demuxer logged, and what it wanted to open.
  private let watch = DemuxerWatch()
  private var hasToldStructure = false
  /// How certain FFmpeg is of the format, 0…100.
  private let probeScore: Int32

  init(_ bytes: ByteInput, options: SourceOptions) throws {
    self.bytes = bytes
    interruption = options.interruption
    missingByteCount = try ContainerExtent.missingByteCount(of: bytes)
    if try ContainerExtent.indexComesTooLate(in: bytes) {
      throw MediaError(
        .unsupported,
        "\(bytes.name) is an MP4 or QuickTime film with its index at the end, which can't be read from a "
          + "pipe; name the file, or move the index: ffmpeg -i IN -c copy -movflags +faststart OUT."
      )
    }
    try bytes.watchStructure()
    io = try InputContext(bytes)
    let mark = LibraryLog.mark
    let format: UnsafePointer<AVInputFormat>
    (format, probeScore) = try Self.findFormat(bytes, io, options, missing: missingByteCount, mark)
    guard let context = avformat_alloc_context() else { throw MediaError.outOfMemory }
    context.pointee.pb = io.pointer
    context.pointee.opaque = Unmanaged.passUnretained(watch).toOpaque()
    var status = ac_close_doors(context, Self.refuse)
    guard status >= 0 else {
      avformat_free_context(context)
      throw MediaError.outOfMemory
    }
    if let interruption {
      context.pointee.interrupt_callback.opaque = Unmanaged.passUnretained(interruption).toOpaque()
      context.pointee.interrupt_callback.callback = { opaque in
        guard let opaque else { return 0 }
        let interruption = Unmanaged<MediaInterruption>.fromOpaque(opaque).takeUnretainedValue()
        return interruption.isEndRequested ? 1 : 0
      }
    }
    var opened: UnsafeMutablePointer<AVFormatContext>? = context
    status = avformat_open_input(&opened, bytes.name, format, nil)
    guard status >= 0, let opened else {
      if let address = watch.refusedAddress { throw Self.playlist(bytes, address) }
      throw Self.openFailure(bytes, status: status, missing: missingByteCount, since: mark)
    }
    pointer = opened
    if watch.hasExternalTracks {
      throw MediaError(
        .unsupported,
        "\(bytes.name) refers to video or audio in other files, and only the files that you name are opened; merge "
          + "them into one file: ffmpeg -i IN -c copy OUT.")
    }
    if !bytes.isSeekable, Self.headerTellsAll.contains(where: { fullFormatName.hasPrefix($0) }) {
      // A pipe must not wait for seconds of video.
      opened.pointee.max_analyze_duration = 1
      opened.pointee.fps_probe_size = 0
    }
    status = avformat_find_stream_info(opened, nil)
    if let failure = bytes.failure { throw failure }
    if let address = watch.refusedAddress { throw Self.playlist(bytes, address) }
    guard status >= 0 else {
      throw Self.openFailure(bytes, status: status, missing: missingByteCount, since: mark)
    }
  }

  /// The format, given or guessed, before anything of it is acted upon.
  private static func findFormat(
    _ bytes: ByteInput, _ io: InputContext, _ options: SourceOptions, missing: Int64, _ mark: Int
  ) throws -> (UnsafePointer<AVInputFormat>, score: Int32) {
    var format: UnsafePointer<AVInputFormat>?
    var score: Int32 = 0
    if let name = options.format {
      format = av_find_input_format(name)
      guard format != nil else {
        throw MediaError(
          .usage,
          "FFmpeg has no input format named \(name); leave the format out to have it detected.")
      }
      score = 100
    } else {
      score = av_probe_input_buffer2(io.pointer, &format, bytes.name, nil, 0, 0)
      guard score >= 0 else {
        throw openFailure(bytes, status: score, missing: missing, since: mark)
      }
    }
    guard let format else {
      throw openFailure(bytes, status: ac_error_invalid_data(), missing: missing, since: mark)
    }
    let name = String(cString: format.pointee.name)
    if refused.contains(name) {
      throw MediaError(.notMedia, "\(bytes.name) is neither a video nor a picture.")
    }
    if format.pointee.flags & AVFMT_NOFILE != 0
      || name.split(separator: ",").contains(where: { playlists.contains(String($0)) })
    {
      throw playlist(bytes, nil, format: name)
    }
    return (format, score)
  }

  private static func playlist(
    _ bytes: ByteInput, _ address: String?, format: String? = nil
  ) -> MediaError {
    let what = address.map { "refers to '\($0.prefix(200))'" } ?? "only refers to a film elsewhere"
    return MediaError(
      .notMedia,
      "\(bytes.name) is not a film: it \(what)\(format.map { " (\($0))" } ?? ""), and only the files that you name are "
        + "opened; name the film itself.")
  }

  private static let refuse:
    @convention(c) (
      UnsafeMutablePointer<AVFormatContext>?,
      UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?, UnsafePointer<CChar>?, Int32,
      UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32 = { context, _, address, _, _ in
      // Contexts within a demuxer may share this function, but not the opaque.
      if let opaque = context?.pointee.opaque {
        Unmanaged<DemuxerWatch>.fromOpaque(opaque).takeUnretainedValue()
          .refused(address.map { String(cString: $0) } ?? "another file")
      }
      return ac_averror(EPERM)
    }

  deinit {
    var doomed: UnsafeMutablePointer<AVFormatContext>? = pointer
    avformat_close_input(&doomed)
  }

  private static func openFailure(
    _ bytes: ByteInput, status: Int32, missing: Int64, since mark: Int
  ) -> MediaError {
    if let failure = bytes.failure { return failure }
    if status == ac_error_exit() {
      return MediaError(.interrupted, "Reading \(bytes.name) was interrupted.")
    }
    let said = LibraryLog.errors(since: mark) ?? MediaError.text(of: status)
    if missing > 0 {
      return MediaError(
        .truncated,
        "\(bytes.name) was cut off \(counted(missing, "byte")) before its end, and its index is missing; get a "
          + "complete copy.", underlying: said)
    }
    if bytes.byteCount == 0 { return MediaError(.notMedia, "\(bytes.name) is empty.") }
    if said.contains("moov atom not found") {
      return MediaError(
        .truncated, "\(bytes.name) has no index (moov atom): its recording or copying was cut off.",
        underlying: said)
    }
    return MediaError(
      .notMedia, "\(bytes.name) is neither a video nor a picture in a format that FFmpeg can read.",
      underlying: said)
  }

  var streamCount: Int { Int(pointer.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> { ac_stream(pointer, Int32(index)) }

  /// FFmpeg's names of the format.
  private var fullFormatName: String { String(cString: pointer.pointee.iformat.pointee.name) }

  /// The first of them.
  var formatName: String {
    fullFormatName.split(separator: ",").first.map(String.init) ?? fullFormatName
  }

  /// What was found damaged in the container since the last call, though the demuxer went on; `nil` if
  /// nothing was.
  func takeDamage() -> String? {
    let logged = watch.takeErrors()
    // It is found when the bytes are read, which may be long before their frames are wanted.
    guard !hasToldStructure, let damage = bytes.structure?.damage,
      avio_seek(io.pointer, 0, SEEK_CUR) > damage.place
    else { return logged }
    hasToldStructure = true
    return "\(damage.what), at byte \(damage.place)" + (logged.map { "; \($0)" } ?? "")
  }

  /// Whether what was read last of a transport stream is the end of a packet from `position` on and the
  /// beginning of another stream, joined to the first: FFmpeg takes that for a break.
  func isEndOfJoinedStream(_ position: Int64) -> Bool {
    guard position >= 0, let stream = bytes.structure as? TransportStructure else { return false }
    let here = avio_seek(io.pointer, 0, SEEK_CUR)
    return stream.joins.contains { $0 > position && $0 <= here }
  }

  /// Whether nothing more can be read, though the demuxer may hold packets.
  var isAtEnd: Bool { avio_feof(io.pointer) != 0 }

  /// How many pictures the index names that an AVI file has at its end, and that FFmpeg loads on opening
  /// but does not read by; 0 for other containers.
  func indexedPacketCount(of stream: Int) -> Int {
    guard formatName == "avi" else { return 0 }
    let stream = self.stream(stream)
    return (0..<avformat_index_get_entries_count(stream)).count {
      avformat_index_get_entry(stream, $0).map { $0.pointee.size > 0 } ?? false
    }
  }

  /// Seconds from the origin of the time stamps to the start of the file.
  var startTime: Double {
    pointer.pointee.start_time.knownTime.map { Double($0) / Double(AV_TIME_BASE) } ?? 0
  }

  /// The stream to decode; cover art does not count.
  func findVideoStream() throws -> Int {
    var decoder: UnsafePointer<AVCodec>?
    let index = av_find_best_stream(pointer, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)
    if index >= 0, stream(Int(index)).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 {
      return Int(index)
    }
    let kinds = (0..<streamCount).map { stream($0).pointee.codecpar.pointee.codec_type }
    let hasVideo = (0..<streamCount).contains {
      kinds[$0] == AVMEDIA_TYPE_VIDEO
        && stream($0).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    }
    if hasVideo, let first = kinds.firstIndex(of: AVMEDIA_TYPE_VIDEO) {
      let codec = stream(first).pointee.codecpar.pointee.codec_id
      throw MediaError(
        .decoderMissing,
        "This FFmpeg has no decoder for the codec \(String(cString: avcodec_get_name(codec))) of "
          + "\(bytes.name).")
    }
    if probeScore <= 25 {
      throw MediaError(
        .notMedia,
        "\(bytes.name) is neither a video nor a picture in a format that FFmpeg can read.")
    }
    throw MediaError(
      .noVideoStream,
      "\(bytes.name) has no video stream, only "
        + Set(kinds.map { String(cString: av_get_media_type_string($0)) }).sorted()
        .joined(separator: ", ") + ".")
  }

  /// Metadata in file order.
  static func entries(_ dictionary: OpaquePointer?) -> [MetadataEntry] {
    var result: [MetadataEntry] = []
    var entry: UnsafeMutablePointer<AVDictionaryEntry>?
    while true {
      entry = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX)
      guard let found = entry else { return result }
      result.append(
        MetadataEntry(
          key: String(cString: found.pointee.key), value: String(cString: found.pointee.value)))
    }
  }

  var chapters: [Chapter] {
    (0..<Int(pointer.pointee.nb_chapters)).compactMap { index in
      guard let chapter = pointer.pointee.chapters[index]?.pointee else { return nil }
      return Chapter(
        id: Int64(chapter.id), timeBase: Rational(chapter.time_base), start: chapter.start,
        end: chapter.end, metadata: Self.entries(chapter.metadata))
    }
  }

  /// What the container says of stream `index`; `nil` for kinds that cannot be copied.
  func streamInfo(_ index: Int, isCopied: Bool) throws -> StreamInfo? {
    let stream = stream(index).pointee
    let kind: StreamInfo.Kind
    switch stream.codecpar.pointee.codec_type {
    case AVMEDIA_TYPE_VIDEO: kind = .video
    case AVMEDIA_TYPE_AUDIO: kind = .audio
    case AVMEDIA_TYPE_SUBTITLE: kind = .subtitle
    case AVMEDIA_TYPE_DATA: kind = .data
    case AVMEDIA_TYPE_ATTACHMENT: kind = .attachment
    default: return nil
    }
    let parameters = try CodecParameters(copying: stream.codecpar)
    let pointer = self.stream(index)
    let sideData = (0..<Int(ac_side_data_count(pointer))).compactMap { item -> StreamSideData? in
      guard let entry = ac_side_data(pointer, Int32(item))?.pointee, let data = entry.data else {
        return nil
      }
      return StreamSideData(
        type: entry.type.rawValue,
        bytes: Array(UnsafeBufferPointer(start: data, count: Int(entry.size))))
    }
    let picture = stream.attached_pic
    let attached =
      stream.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 && picture.size > 0
      ? picture.data.map { Array(UnsafeBufferPointer(start: $0, count: Int(picture.size))) } : nil
    return StreamInfo(
      index: index, kind: kind, codecName: parameters.codecName,
      timeBase: Rational(stream.time_base), metadata: Self.entries(stream.metadata),
      disposition: stream.disposition, isCopied: isCopied, parameters: parameters,
      sideData: sideData, attachedPicture: attached ?? [])
  }
}
