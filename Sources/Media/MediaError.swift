import CFFmpeg

/// What went wrong while reading or writing media, in one plain sentence that names the file,
/// stream or frame and the remedy.
package struct MediaError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable {
    /// The input is not there, or may not be read.
    case noSuchFile
    /// The input is neither video nor a picture that FFmpeg knows.
    case notMedia
    /// The input holds no video stream.
    case noVideoStream
    /// The source gave no frame, and the output cannot be without.
    case noFrames
    /// The FFmpeg at hand has no such encoder.
    case encoderMissing
    /// The FFmpeg at hand has no such decoder.
    case decoderMissing
    /// The encoder does not take what was asked of it.
    case encoderRefuses
    /// The output's container cannot hold a stream.
    case containerRefusesStream
    /// The output is there already.
    case outputExists
    /// The output cannot be created.
    case cannotCreate
    /// The input ends in the middle of a frame.
    case truncated
    /// The input is damaged.
    case corrupt
    /// Reading or writing failed: full disk, closed pipe, faulty medium.
    case io
    /// The input is of a kind that is not handled.
    case unsupported
    /// Options that contradict each other or are missing.
    case usage
    /// The user interrupted.
    case interrupted
    /// A fault of ours or of a library.
    case internalFault
  }

  package var code: Code
  package var message: String
  /// What the library or the system said, if anything.
  package var underlying: String?

  package init(_ code: Code, _ message: String, underlying: String? = nil) {
    self.code = code
    self.message = message
    self.underlying = underlying
  }

  package var description: String {
    underlying.map { "\(message) (\($0))" } ?? message
  }

  /// Adds FFmpeg's own words for `status`, a negative AVERROR.
  init(_ code: Code, _ message: String, status: Int32) {
    self.init(code, message, underlying: Self.text(of: status))
  }

  /// FFmpeg's words for an AVERROR.
  static func text(of status: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, ac_error_text(status, base, 256) == 0 else {
        return "error \(status)"
      }
      return String(cString: base)
    }
  }
}
