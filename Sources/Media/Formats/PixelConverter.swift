import CFFmpeg
import Locking

/// Converts frames by libswscale: for pixel formats that this module neither reads nor writes itself.
/// Contexts are kept for reuse, no more of them than threads convert at the same time.
enum PixelConverter {
  /// `@unchecked Sendable`: used by one thread at a time, who takes it out of `idle`.
  private struct Context: @unchecked Sendable {
    var pointer: UnsafeMutableRawPointer?
  }

  private static let idle = Locked<[Context]>([])
  private static let mostIdle = 8

  /// A new frame with the picture of `source` as `format`, of the same size and range.
  ///
  /// - Throws: `.unsupported` where libswscale does not convert between the two.
  static func convert(_ source: DecodedFrame, to format: AVPixelFormat) throws -> DecodedFrame {
    let raw = source.pointer
    let target = try DecodedFrame(
      format: format, width: Int(raw.pointee.width), height: Int(raw.pointee.height))
    target.pointer.pointee.color_range = raw.pointee.color_range
    var context = idle.withLock { $0.popLast() } ?? Context()
    let status = ac_convert(
      &context.pointer, raw, target.pointer, Int32(raw.pointee.colorspace.rawValue))
    let kept = context
    let isKept = idle.withLock { idle in
      guard kept.pointer != nil, idle.count < mostIdle else { return false }
      idle.append(kept)
      return true
    }
    if !isKept { ac_convert_free(kept.pointer) }
    guard status >= 0 else {
      throw MediaError(
        .unsupported,
        "libswscale does not convert \(name(AVPixelFormat(rawValue: raw.pointee.format))) to "
          + "\(name(format)).", status: status)
    }
    return target
  }

  private static func name(_ format: AVPixelFormat) -> String {
    av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "\(format.rawValue)"
  }
}
