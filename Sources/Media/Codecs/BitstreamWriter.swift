import CFFmpeg

/// Puts metadata into coded frames, in front of the picture that they belong to.
enum BitstreamWriter {
  case h264
  case hevc
  case av1

  /// `nil` for streams of other codecs.
  init?(_ codec: AVCodecID) {
    switch codec {
    case AV_CODEC_ID_H264: self = .h264
    case AV_CODEC_ID_HEVC: self = .hevc
    case AV_CODEC_ID_AV1: self = .av1
    default: return nil
    }
  }

  /// Whether the codec has a form for `metadata`.
  func holds(_ metadata: BitstreamMetadata) -> Bool { self != .av1 || metadata.unit != nil }

  /// Where `frame`, a packet of an encoder, takes `metadata`, and the bytes that go there; `nil` where
  /// its form is not what was expected.
  func insertion(
    of metadata: [BitstreamMetadata], into frame: UnsafeBufferPointer<UInt8>
  ) -> (offset: Int, bytes: [UInt8])? {
    switch self {
    case .h264:
      return firstPicture(frame) { (1...5).contains($0 & 31) }.map {
        ($0, unit(header: [0x06], metadata))
      }
    case .hevc:
      return firstPicture(frame) { $0 >> 1 & 63 < 32 }.map {
        ($0, unit(header: [0x4E, 0x01], metadata))
      }
    case .av1:
      return shownFrame(frame).map { ($0, metadata.flatMap(unit)) }
    }
  }

  // MARK: H.264 and HEVC

  /// Offset of the start code of the first unit that holds a picture (H.264 and HEVC, annex B).
  private func firstPicture(
    _ bytes: UnsafeBufferPointer<UInt8>, _ isPicture: (UInt8) -> Bool
  ) -> Int? {
    var index = 0
    while index + 3 < bytes.count {
      guard bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 else {
        index += 1
        continue
      }
      if isPicture(bytes[index + 3]) {
        return index > 0 && bytes[index - 1] == 0 ? index - 1 : index
      }
      index += 3
    }
    return nil
  }

  /// One unit of SEI messages, with its start code.
  private func unit(header: [UInt8], _ metadata: [BitstreamMetadata]) -> [UInt8] {
    var content: [UInt8] = []
    for message in metadata.map(\.message) {
      content.append(message.type)
      var size = message.payload.count
      while size >= 255 {
        content.append(255)
        size -= 255
      }
      content.append(UInt8(size))
      content += message.payload
    }
    content.append(0x80)
    // No start code may come about inside.
    var result: [UInt8] = [0, 0, 0, 1] + header
    var zeros = 0
    for byte in content {
      if zeros == 2 && byte <= 3 {
        result.append(3)
        zeros = 0
      }
      result.append(byte)
      zeros = byte == 0 ? zeros + 1 : 0
    }
    return result
  }

  // MARK: AV1

  /// Offset of the last unit that holds a frame or its header (AV1, 5.3): of the frames that come
  /// together only the last is shown, and decoders give what stands in front of it.
  private func shownFrame(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    var result: Int?
    while index < bytes.count {
      let header = bytes[index]
      let type = header >> 3 & 15
      if type == 3 || type == 6 { result = index }
      // Without a size the unit ends with the packet.
      guard header & 2 != 0 else { return result }
      var next = index + (header & 4 != 0 ? 2 : 1)
      var (size, shift) = (0, 0)
      while true {
        guard next < bytes.count, shift < 56 else { return nil }
        size |= Int(bytes[next] & 127) << shift
        shift += 7
        next += 1
        if bytes[next - 1] & 128 == 0 { break }
      }
      index = next + size
    }
    return result
  }

  /// One metadata unit.
  private func unit(_ metadata: BitstreamMetadata) -> [UInt8] {
    guard let (type, payload) = metadata.unit else { return [] }
    var size = payload.count + 2
    var length: [UInt8] = []
    while size > 127 {
      length.append(UInt8(size & 127) | 128)
      size >>= 7
    }
    length.append(UInt8(size))
    return [5 << 3 | 2] + length + [type] + payload + [0x80]
  }
}
