import CFFmpeg
import Foundation
import Locking
import Synchronization

/// The FFmpeg libraries at hand.
package enum MediaLibraries {
  /// Names and versions of the libraries that are loaded.
  package static var versions: [(name: String, version: String)] {
    [
      ("libavformat", avformat_version()), ("libavcodec", avcodec_version()),
      ("libavutil", avutil_version()), ("libswscale", swscale_version()),
    ].map { name, version in
      (name, "\(version >> 16).\(version >> 8 & 255).\(version & 255)")
    }
  }

  /// FFmpeg's own version and how it was licensed, such as `5.1.9, GPL version 2 or later`.
  package static var release: String {
    "\(String(cString: av_version_info())), \(String(cString: avcodec_license()))"
  }

  /// Those of the encoders that this module knows which are present.
  package static var availableEncoders: [String] {
    EncoderTraits.known.map(\.name).filter { avcodec_find_encoder_by_name($0) != nil }
  }

  /// Those of the encoders that this module knows which are absent.
  package static var missingEncoders: [String] {
    EncoderTraits.known.map(\.name).filter { avcodec_find_encoder_by_name($0) == nil }
  }

  /// How much the libraries tell.
  package enum LogLevel: Int32, Sendable {
    case quiet = -8
    case error = 16
    case warning = 24
    case info = 32
    case verbose = 40
  }

  /// Sends the libraries' messages to `handler`, one line each; never to stdout or stderr. Without a
  /// call they are kept only to explain errors.
  package static func log(
    level: LogLevel, to handler: (@Sendable (_ line: String, _ level: Int32) -> Void)?
  ) {
    LibraryLog.install()
    LibraryLog.state.withLock {
      $0.level = level.rawValue
      $0.handler = handler
    }
  }
}

/// Catches what the libraries log, so that nothing reaches the terminal and the last errors can
/// explain a failure.
enum LibraryLog {
  struct State {
    var level: Int32 = -8
    var handler: (@Sendable (String, Int32) -> Void)?
    var partial = ""
    /// The last errors and warnings, oldest first, each with its running number.
    var lines: [(number: Int, line: String, isError: Bool)] = []
    var count = 0
  }

  /// Counts the errors that one decoder logs.
  final class Complaints: Sendable {
    private let count = Atomic<Int>(0)
    func add() { count.add(1, ordering: .relaxed) }
    /// How many came since the last call.
    func take() -> Int { count.exchange(0, ordering: .relaxed) }
  }

  static let state = Locked(State())

  private static let installed: Void = {
    // SVT-AV1 writes to stderr on its own account.
    setenv("SVT_LOG", "0", 0)
    av_log_set_level(32)
    av_log_set_callback { context, level, format, arguments in
      guard level <= 32, let format, let arguments else { return }
      if level <= 16, let opaque = ac_logging_decoder_opaque(context) {
        Unmanaged<Complaints>.fromOpaque(opaque).takeUnretainedValue().add()
      }
      var prefix: Int32 = 0
      var line = [CChar](repeating: 0, count: 1024)
      let length = av_log_format_line2(
        context, level, format, arguments, &line, Int32(line.count), &prefix)
      guard length > 0 else { return }
      let text = line.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { String(cString: $0) } ?? ""
      }
      if level <= 24, let opaque = ac_logging_container_opaque(context) {
        Unmanaged<DemuxerWatch>.fromOpaque(opaque).takeUnretainedValue().logged(
          text, isError: level <= 16)
      }
      LibraryLog.take(text, level: level)
    }
  }()

  static func install() { installed }

  private static func take(_ text: String, level: Int32) {
    let call = state.withLock { state -> ((@Sendable (String, Int32) -> Void), String)? in
      state.partial += text
      guard state.partial.hasSuffix("\n") || state.partial.count > 4096 else { return nil }
      let line = state.partial.trimmingCharacters(in: .whitespacesAndNewlines)
      state.partial = ""
      guard !line.isEmpty else { return nil }
      if level <= 24 {
        state.count += 1
        state.lines.append((state.count, line, level <= 16))
        if state.lines.count > 32 { state.lines.removeFirst() }
      }
      guard level <= state.level, let handler = state.handler else { return nil }
      return (handler, line)
    }
    if let (handler, line) = call { handler(line, level) }
  }

  /// A mark to ask later for what was logged since.
  static var mark: Int { state.withLock { $0.count } }

  /// The last error lines since `mark`, joined; `nil` if none.
  static func errors(since mark: Int) -> String? {
    let lines = state.withLock { $0.lines.filter { $0.number > mark && $0.isError }.map(\.line) }
    guard !lines.isEmpty else { return nil }
    return summary(of: lines)
  }

  /// The last warnings since `mark`. Other encoders and decoders may have been meant.
  static func warnings(since mark: Int) -> [String] {
    state.withLock { $0.lines.filter { $0.number > mark && !$0.isError }.map(\.line) }
      .map(withoutContext)
  }

  /// Without the `[name @ 0x…]` in front.
  private static func withoutContext(_ line: String) -> String {
    let text = line.trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.hasPrefix("["), let end = text.firstIndex(of: "]") else { return text }
    return text[text.index(after: end)...].trimmingCharacters(in: .whitespaces)
  }

  /// The last of `lines`, joined, each once and with how often it came, without the `[name @ 0x…]` in
  /// front.
  static func summary(of lines: [String]) -> String {
    var said: [(text: String, count: Int)] = []
    for text in lines.map(withoutContext) {
      if let known = said.firstIndex(where: { $0.text == text }) {
        said[known].count += 1
      } else {
        said.append((text, 1))
      }
    }
    return said.suffix(3).map { $0.count > 1 ? "\($0.text), \($0.count) times" : $0.text }
      .joined(separator: "; ")
  }
}
