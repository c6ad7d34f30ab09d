import CFFmpeg
import Imaging

/// The clock of a file whose time stamps may jump, as where captures were joined or a broadcast was
/// interrupted: each jump is taken out of all streams, so that they go on from where they were.
/// FFmpeg's own program does the same for the same formats (`process_input` of ffmpeg.c).
struct Timeline {
  /// What is farther from where a stream should go on is a jump, not a gap.
  private static let threshold = 10.0
  /// A step back beyond this is a jump in any case.
  private static let backward = 0.1

  /// Whether the format's clock may jump at all: of others, time stamps are what they are.
  private let mayJump: Bool
  /// Seconds that are added to all time stamps.
  private var offset = 0.0
  /// For each stream the last time and where it should go on, in seconds.
  private var streams: [Int: (last: Double, next: Double)] = [:]

  init(_ format: UnsafePointer<AVInputFormat>) {
    mayJump = format.pointee.flags & AVFMT_TS_DISCONT != 0
  }

  /// Moves the time stamps of `packet`; `counts` tells whether its stream is one of pictures or sound,
  /// which go on without pauses. Returns how far the clock jumped, in seconds, if it did.
  mutating func adjust(
    _ packet: UnsafeMutablePointer<AVPacket>, timeBase: Rational, counts: Bool
  ) -> Double? {
    guard mayJump, timeBase.value > 0 else { return nil }
    let unit = timeBase.value
    let index = Int(packet.pointee.stream_index)
    var jump: Double?
    if counts, let time = packet.pointee.dts.knownTime {
      var seconds = Double(time) * unit + offset
      if let own = streams[index],
        abs(seconds - own.next) > Self.threshold || seconds + Self.backward < own.last
      {
        // Behind all that came before, so that nothing overlaps.
        let next = streams.values.map(\.next).max() ?? own.next
        jump = seconds - next
        offset += next - seconds
        seconds = next
      }
      let duration = Double(max(packet.pointee.duration, 0)) * unit
      streams[index] = (seconds, seconds + duration)
    }
    if offset != 0 {
      let shift = Int64((offset / unit).rounded())
      if let pts = packet.pointee.pts.knownTime { packet.pointee.pts = pts + shift }
      if let dts = packet.pointee.dts.knownTime { packet.pointee.dts = dts + shift }
    }
    return jump
  }
}
