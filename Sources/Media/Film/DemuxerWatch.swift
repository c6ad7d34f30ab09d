import Locking

/// What a demuxer only logs while it reads, and what it wanted to open: a demuxer that finds a container
/// damaged goes on where it can, and tells nobody else.
final class DemuxerWatch: Sendable {
  private struct State {
    var errors: [String] = []
    var errorCount = 0
    var refusedAddress: String?
    var hasExternalTracks = false
  }

  private let state = Locked(State())

  /// Takes a line that the demuxer logged at error or warning level.
  func logged(_ line: String, isError: Bool) {
    state.withLock { state in
      // A QuickTime reference movie; FFmpeg passes over what lies elsewhere.
      if line.contains("external track") { state.hasExternalTracks = true }
      guard isError else { return }
      state.errorCount += 1
      if state.errors.count < 3 { state.errors.append(line) }
    }
  }

  /// Notes that the demuxer wanted to open `address`.
  func refused(_ address: String) {
    state.withLock { $0.refusedAddress = $0.refusedAddress ?? address }
  }

  /// The first address that the demuxer wanted to open.
  var refusedAddress: String? { state.withLock { $0.refusedAddress } }

  /// Whether the file says that some of its streams lie in other files.
  var hasExternalTracks: Bool { state.withLock { $0.hasExternalTracks } }

  /// The errors that were logged since the last call, in FFmpeg's words; `nil` if none.
  func takeErrors() -> String? {
    let lines = state.withLock { state in
      defer { (state.errors, state.errorCount) = ([], 0) }
      return state.errorCount > 0 ? state.errors : nil
    }
    return lines.map { LibraryLog.summary(of: $0) }
  }
}
