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
  private let interruption: Interruption?

  /// Formats whose header describes all streams, so that nothing need be read ahead.
  private static let headerTellsAll = ["matroska", "nut", "mov", "flv"]

  /// Formats that FFmpeg guesses for plain text and pictures made of characters.
  private static let refused: Set<String> = ["tty", "bin", "xbin", "adf", "idf", "aqtitle"]

  init(_ bytes: ByteInput, options: SourceOptions) throws {
    self.bytes = bytes
    interruption = options.interruption
    missingByteCount = try ContainerExtent.missingByteCount(of: bytes)
    io = try InputContext(bytes)
    guard let context = avformat_alloc_context() else { throw MediaError.outOfMemory }
    context.pointee.pb = io.pointer
    if let interruption {
      context.pointee.interrupt_callback.opaque = Unmanaged.passUnretained(interruption).toOpaque()
      context.pointee.interrupt_callback.callback = { opaque in
        guard let opaque else { return 0 }
        return Unmanaged<Interruption>.fromOpaque(opaque).takeUnretainedValue().isRequested ? 1 : 0
      }
    }
    var format: UnsafePointer<AVInputFormat>?
    if let name = options.format {
      format = av_find_input_format(name)
      guard format != nil else {
        avformat_free_context(context)
        throw MediaError(
          .usage, "There is no input format named \(name); leave it out to have it guessed.")
      }
    }
    let mark = LibraryLog.mark
    var opened: UnsafeMutablePointer<AVFormatContext>? = context
    var status = avformat_open_input(&opened, bytes.name, format, nil)
    guard status >= 0, let opened else {
      throw Self.openFailure(bytes, status: status, missing: missingByteCount, since: mark)
    }
    pointer = opened
    let name = String(cString: opened.pointee.iformat.pointee.name)
    if Self.refused.contains(name) {
      throw MediaError(.notMedia, "\(bytes.name) is neither video nor a picture.")
    }
    if !bytes.isSeekable, Self.headerTellsAll.contains(where: { name.hasPrefix($0) }) {
      // A pipe must not wait for seconds of video.
      opened.pointee.max_analyze_duration = 1
      opened.pointee.fps_probe_size = 0
    }
    status = avformat_find_stream_info(opened, nil)
    if let failure = bytes.failure { throw failure }
    guard status >= 0 else {
      throw Self.openFailure(bytes, status: status, missing: missingByteCount, since: mark)
    }
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
        "\(bytes.name) was cut off \(missing) bytes before its end, and its index with it; get a "
          + "whole copy.", underlying: said)
    }
    if bytes.byteCount == 0 { return MediaError(.notMedia, "\(bytes.name) is empty.") }
    if said.contains("moov atom not found") {
      return MediaError(
        .truncated, "\(bytes.name) has no index: its recording or copying was cut off.",
        underlying: said)
    }
    return MediaError(
      .notMedia, "\(bytes.name) is neither video nor a picture that FFmpeg knows.",
      underlying: said)
  }

  var streamCount: Int { Int(pointer.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> { ac_stream(pointer, Int32(index)) }

  var formatName: String {
    let names = String(cString: pointer.pointee.iformat.pointee.name)
    return names.split(separator: ",").first.map(String.init) ?? names
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
    if pointer.pointee.probe_score <= 25 {
      throw MediaError(.notMedia, "\(bytes.name) is neither video nor a picture that FFmpeg knows.")
    }
    throw MediaError(
      .noVideoStream,
      "\(bytes.name) holds no video stream, only "
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
    return StreamInfo(
      index: index, kind: kind, codecName: parameters.codecName,
      timeBase: Rational(stream.time_base), metadata: Self.entries(stream.metadata),
      disposition: stream.disposition, isCopied: isCopied, parameters: parameters,
      sideData: sideData)
  }
}
