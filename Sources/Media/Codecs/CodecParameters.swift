import CFFmpeg

/// An owned copy of what a container says of a stream's codec.
///
/// `@unchecked Sendable`: never changed after it is made.
final class CodecParameters: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<AVCodecParameters>

  convenience init(copying source: UnsafePointer<AVCodecParameters>) throws {
    try self.init("Codec parameters cannot be copied.") { avcodec_parameters_copy($0, source) }
  }

  /// Those of what an open encoder gives.
  convenience init(of encoder: UnsafePointer<AVCodecContext>) throws {
    try self.init("The video stream cannot be described.") {
      avcodec_parameters_from_context($0, encoder)
    }
  }

  /// - Parameter complaint: said where `fill` fails.
  private init(
    _ complaint: String, fill: (UnsafeMutablePointer<AVCodecParameters>) -> Int32
  ) throws {
    guard let made = avcodec_parameters_alloc() else { throw MediaError.outOfMemory }
    pointer = made
    let status = fill(made)
    guard status >= 0 else { throw MediaError(.internalFault, complaint, status: status) }
  }

  /// What the decoder must have before the first packet.
  var extradata: [UInt8] {
    guard let bytes = pointer.pointee.extradata else { return [] }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(pointer.pointee.extradata_size)))
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVCodecParameters>? = pointer
    avcodec_parameters_free(&doomed)
  }

  var codecName: String { String(cString: avcodec_get_name(pointer.pointee.codec_id)) }
  var channelCount: Int { Int(pointer.pointee.ch_layout.nb_channels) }
  var sampleRate: Int { Int(pointer.pointee.sample_rate) }
}

extension MediaError {
  static var outOfMemory: MediaError { MediaError(.internalFault, "Out of memory.") }
}
