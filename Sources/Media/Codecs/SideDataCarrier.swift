import CFFmpeg
import Imaging

/// Carries the side data of frames through an encoder: into the coded frames where their codec has a
/// place for it, else by the encoder itself. What is lost is told, once for each kind.
struct SideDataCarrier {
  private let encoder: String
  private let writer: BitstreamWriter?
  private let report: (@Sendable (String) -> Void)?
  /// Metadata of the frames inside the encoder, by presentation time.
  private var waiting: [Int64: [BitstreamMetadata]] = [:]
  /// What was told last of what lasts.
  private var lasting: [BitstreamMetadata] = []
  private var told: Set<UInt32> = []

  /// What FFmpeg's own encoders take from frames.
  private static let takenByEncoder: [String: Set<UInt32>] = [
    "mpeg2video": [AV_FRAME_DATA_A53_CC.rawValue, AV_FRAME_DATA_STEREO3D.rawValue],
    "png": [AV_FRAME_DATA_ICC_PROFILE.rawValue], "apng": [AV_FRAME_DATA_ICC_PROFILE.rawValue],
    "libjxl": [AV_FRAME_DATA_ICC_PROFILE.rawValue],
  ]

  /// What the container or the stream's tags carry for the whole film.
  private static let carriedElsewhere = Set(
    SourceInfo.ofWholeStream.map(\.0.rawValue) + [AV_FRAME_DATA_S12M_TIMECODE.rawValue])

  init(
    _ context: UnsafeMutablePointer<AVCodecContext>, encoder: String,
    report: (@Sendable (String) -> Void)?
  ) {
    self.encoder = encoder
    self.report = report
    writer = BitstreamWriter(context.pointee.codec_id)
  }

  /// Takes what travels with `frame`; what the encoder itself takes is attached to `raw`.
  mutating func take(_ frame: Frame, attachTo raw: UnsafeMutablePointer<AVFrame>) throws {
    guard let data = frame.attachments as? FrameSideData else { return }
    var metadata: [BitstreamMetadata] = []
    for item in data.items {
      if let writer, let own = BitstreamMetadata(item), writer.holds(own) {
        metadata.append(own)
      } else if Self.takenByEncoder[encoder]?.contains(item.type) == true {
        let type = AVFrameSideDataType(rawValue: item.type)
        guard let copy = av_frame_new_side_data(raw, type, item.bytes.count) else {
          throw MediaError.outOfMemory
        }
        item.bytes.withUnsafeBytes { bytes in
          if let base = bytes.baseAddress { copy.pointee.data.copyBytes(base, bytes.count) }
        }
      } else if !Self.carriedElsewhere.contains(item.type), told.insert(item.type).inserted {
        report?(
          "\(FrameSideData.name(of: item.type)) is left out from frame \(frame.index) on: \(encoder) can't carry it."
        )
      }
    }
    if !metadata.isEmpty { waiting[frame.presentationTime] = metadata }
  }

  /// Puts what came with its frame into a packet of the encoder.
  mutating func complete(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    guard var metadata = waiting.removeValue(forKey: packet.pointee.pts), let writer,
      let data = packet.pointee.data
    else { return }
    let now = metadata.filter(\.lasts)
    if packet.pointee.flags & AV_PKT_FLAG_KEY == 0 && now == lasting {
      metadata.removeAll(where: \.lasts)
    }
    lasting = now
    guard !metadata.isEmpty else { return }
    let size = Int(packet.pointee.size)
    let coded = UnsafeBufferPointer(start: data, count: size)
    guard let (offset, bytes) = writer.insertion(of: metadata, into: coded) else {
      throw MediaError(
        .internalFault, "A frame of \(encoder) is not in the form that takes captions and metadata."
      )
    }
    guard av_grow_packet(packet, Int32(bytes.count)) >= 0, let grown = packet.pointee.data else {
      throw MediaError.outOfMemory
    }
    (grown + offset + bytes.count).update(from: grown + offset, count: size - offset)
    bytes.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { (grown + offset).update(from: base, count: bytes.count) }
    }
  }
}

extension UnsafeMutablePointer<UInt8>? {
  fileprivate func copyBytes(_ source: UnsafeRawPointer, _ count: Int) {
    if let self { UnsafeMutableRawPointer(self).copyMemory(from: source, byteCount: count) }
  }
}
