import CFFmpeg
package import Imaging

/// A compressed packet of a stream that is copied, not decoded.
///
/// `@unchecked Sendable`: never changed after it is made; a sink takes a new reference to the same
/// bytes.
package final class CopiedPacket: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<AVPacket>
  /// The unit of the times.
  package let timeBase: Rational

  /// Takes the contents of `source` over, which is left blank.
  init(moving source: UnsafeMutablePointer<AVPacket>, timeBase: Rational) throws {
    guard let packet = av_packet_alloc() else { throw MediaError.outOfMemory }
    av_packet_move_ref(packet, source)
    pointer = packet
    self.timeBase = timeBase
  }

  /// Makes a packet of `bytes`.
  package init(
    streamIndex: Int, bytes: [UInt8], timeBase: Rational, presentationTime: Int64,
    decodingTime: Int64, duration: Int64 = 0, isKey: Bool = true
  ) throws {
    guard let packet = av_packet_alloc() else { throw MediaError.outOfMemory }
    pointer = packet
    self.timeBase = timeBase
    let status = av_new_packet(packet, Int32(bytes.count))
    guard status >= 0 else { throw MediaError.outOfMemory }
    if let data = packet.pointee.data {
      bytes.withUnsafeBytes { data.update(from: $0.bindMemory(to: UInt8.self)) }
    }
    packet.pointee.stream_index = Int32(streamIndex)
    packet.pointee.pts = presentationTime
    packet.pointee.dts = decodingTime
    packet.pointee.duration = duration
    if isKey { packet.pointee.flags |= AV_PKT_FLAG_KEY }
  }

  /// The same bytes, `shift` units of the time base earlier.
  init(_ other: CopiedPacket, earlierBy shift: Int64) throws {
    guard let packet = av_packet_clone(other.pointer) else { throw MediaError.outOfMemory }
    pointer = packet
    timeBase = other.timeBase
    if let pts = packet.pointee.pts.knownTime { packet.pointee.pts = pts - shift }
    if let dts = packet.pointee.dts.knownTime { packet.pointee.dts = dts - shift }
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVPacket>? = pointer
    av_packet_free(&doomed)
  }

  /// The index of its stream in the source.
  package var streamIndex: Int { Int(pointer.pointee.stream_index) }
  /// In units of `timeBase`; `nil` if unknown.
  package var presentationTime: Int64? { pointer.pointee.pts.knownTime }
  /// In units of `timeBase`; `nil` if unknown.
  package var decodingTime: Int64? { pointer.pointee.dts.knownTime }
  /// When it is due, in seconds; `nil` if unknown.
  var seconds: Double? { (presentationTime ?? decodingTime).map { Double($0) * timeBase.value } }
  /// In units of `timeBase`; 0 if unknown.
  package var duration: Int64 { pointer.pointee.duration }
  package var isKey: Bool { pointer.pointee.flags & AV_PKT_FLAG_KEY != 0 }
  package var byteCount: Int { Int(pointer.pointee.size) }
  /// A copy of the payload.
  package var bytes: [UInt8] {
    guard let data = pointer.pointee.data else { return [] }
    return Array(UnsafeBufferPointer(start: data, count: byteCount))
  }
}

extension UnsafeMutablePointer<UInt8> {
  fileprivate func update(from source: UnsafeBufferPointer<UInt8>) {
    if let base = source.baseAddress { update(from: base, count: source.count) }
  }
}

extension Int64 {
  /// `nil` for FFmpeg's "no time stamp".
  var knownTime: Int64? { self == ac_no_pts() ? nil : self }
}

extension Rational {
  init(_ value: AVRational) { self.init(Int(value.num), Int(value.den)) }

  /// FFmpeg's form, brought to 32 bits with the nearest value.
  var av: AVRational {
    var result = AVRational(num: 0, den: 1)
    _ = av_reduce(
      &result.num, &result.den, Int64(numerator), Int64(denominator), Int64(Int32.max))
    return result
  }
}
