/// What becomes of the audio.
package enum AudioMode: String, Codable, CaseIterable, Sendable {
  /// Its packets are copied; what the container can't hold ends the job.
  case copy
  /// It is left out.
  case none
  /// Copied where the container holds it, else encoded as AAC.
  case aac
  /// Copied where the container holds it, else encoded as Opus.
  case opus
  /// Copied where the container holds it, else encoded as FLAC, without loss.
  case flac
}
