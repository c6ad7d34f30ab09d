import CFFmpeg
import Imaging

/// FFmpeg's side data of a frame: closed captions, HDR metadata, time code.
final class FrameSideData: FrameAttachments {
  struct Item: Sendable {
    /// An `AVFrameSideDataType`.
    var type: UInt32
    var bytes: [UInt8]
  }

  let items: [Item]

  init(_ items: [Item]) { self.items = items }

  /// What a decoder attached to `frame`; `nil` if there is nothing worth carrying.
  init?(of frame: UnsafeMutablePointer<AVFrame>) {
    var items: [Item] = []
    for index in 0..<Int(frame.pointee.nb_side_data) {
      guard let entry = frame.pointee.side_data[index]?.pointee, let data = entry.data else {
        continue
      }
      let type = entry.type.rawValue
      if Self.describesOldEncoding.contains(type) { continue }
      let bytes = Array(UnsafeBufferPointer(start: data, count: Int(entry.size)))
      if type == AV_FRAME_DATA_SEI_UNREGISTERED.rawValue && Self.isNoteOfEncoder(bytes) { continue }
      items.append(Item(type: type, bytes: bytes))
    }
    guard !items.isEmpty else { return nil }
    self.items = items
  }

  func first(_ type: AVFrameSideDataType) -> [UInt8]? {
    items.first { $0.type == type.rawValue }?.bytes
  }

  /// What tells of the encoding that came in, not of the film. Film grain is in the picture by then.
  private static let describesOldEncoding: Set<UInt32> = [
    AV_FRAME_DATA_MOTION_VECTORS.rawValue, AV_FRAME_DATA_VIDEO_ENC_PARAMS.rawValue,
    AV_FRAME_DATA_GOP_TIMECODE.rawValue, AV_FRAME_DATA_PANSCAN.rawValue,
    AV_FRAME_DATA_REGIONS_OF_INTEREST.rawValue, AV_FRAME_DATA_FILM_GRAIN_PARAMS.rawValue,
    AV_FRAME_DATA_DETECTION_BBOXES.rawValue,
  ]

  /// x264, x265 and others leave their name and settings in the first frame.
  private static func isNoteOfEncoder(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes.dropFirst(16).prefix(24), as: UTF8.self)
    return ["x264", "x265", "Lavc", "Zencoder"].contains { text.contains($0) }
  }

  /// FFmpeg's name of the type, such as `ATSC A53 Part 4 Closed Captions`.
  static func name(of type: UInt32) -> String {
    av_frame_side_data_name(AVFrameSideDataType(rawValue: type)).map { String(cString: $0) }
      ?? "Side data \(type)"
  }
}

extension SourceInfo {
  /// Takes over what the first frame tells of the whole stream, where the container does not: the
  /// display, the light, orientation and stereo, the time code.
  mutating func adopt(_ frame: Frame) {
    guard let data = frame.attachments as? FrameSideData,
      let place = streams.firstIndex(where: { $0.index == videoStreamIndex })
    else { return }
    for (type, target) in Self.ofWholeStream {
      guard let bytes = data.first(type),
        !streams[place].sideData.contains(where: { $0.type == target.rawValue })
      else { continue }
      streams[place].sideData.append(StreamSideData(type: target.rawValue, bytes: bytes))
    }
    let hasTimeCode = (metadata + streams[place].metadata).contains {
      $0.key.lowercased() == "timecode"
    }
    if !hasTimeCode, let bytes = data.first(AV_FRAME_DATA_S12M_TIMECODE),
      let text = Self.timeCode(bytes)
    {
      streams[place].metadata.append(MetadataEntry(key: "timecode", value: text))
    }
  }

  static let ofWholeStream: [(AVFrameSideDataType, AVPacketSideDataType)] = [
    (AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_MASTERING_DISPLAY_METADATA),
    (AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_CONTENT_LIGHT_LEVEL),
    (AV_FRAME_DATA_DISPLAYMATRIX, AV_PKT_DATA_DISPLAYMATRIX),
    (AV_FRAME_DATA_STEREO3D, AV_PKT_DATA_STEREO3D),
    (AV_FRAME_DATA_SPHERICAL, AV_PKT_DATA_SPHERICAL),
  ]

  /// The first of the time codes that a frame carries (SMPTE 12M), as `hh:mm:ss:ff`.
  private static func timeCode(_ bytes: [UInt8]) -> String? {
    guard bytes.count >= 8 else { return nil }
    let code = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self) }
    var text = [CChar](repeating: 0, count: Int(AV_TIMECODE_STR_SIZE))
    av_timecode_make_smpte_tc_string(&text, code, 0)
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
  }
}
