import CFFmpeg
import Foundation

/// Reads what was written to an output already: a muxer that moves its index to the front opens the
/// output once more by name, which is not its name yet. Nothing else is ever opened.
final class OutputReader {
  private let file: OutputFile
  private var position: Int64 = 0

  private init(_ file: OutputFile) { self.file = file }

  /// Lets the muxer `context` reopen `file`, which must outlive it, and no other file.
  static func serve(_ file: OutputFile, to context: UnsafeMutablePointer<AVFormatContext>) {
    context.pointee.opaque = Unmanaged.passUnretained(file).toOpaque()
    context.pointee.io_open = { context, result, name, flags, _ in
      guard let context, let result, let name, let own = context.pointee.url,
        let opaque = context.pointee.opaque, flags & AVIO_FLAG_WRITE == 0, strcmp(name, own) == 0
      else { return ac_averror(EACCES) }
      let file = Unmanaged<OutputFile>.fromOpaque(opaque).takeUnretainedValue()
      let reader = Unmanaged.passRetained(OutputReader(file))
      guard
        let opened = ac_io_context(
          1 << 16, 0, reader.toOpaque(), OutputReader.read, nil,
          OutputReader.seek)
      else {
        reader.release()
        return ac_averror(ENOMEM)
      }
      result.pointee = opened
      return 0
    }
    context.pointee.io_close2 = { _, opened in
      guard let opened else { return 0 }
      if let reader = opened.pointee.opaque {
        Unmanaged<OutputReader>.fromOpaque(reader).release()
      }
      ac_io_context_free(opened)
      return 0
    }
  }

  private static let read:
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
      opaque, buffer, count in
      guard let opaque, let buffer else { return ac_averror(EINVAL) }
      let reader = Unmanaged<OutputReader>.fromOpaque(opaque).takeUnretainedValue()
      let taken = reader.file.read(into: buffer, count: Int(count), at: reader.position)
      guard taken > 0 else { return taken == 0 ? ac_error_eof() : ac_averror(EIO) }
      reader.position += Int64(taken)
      return Int32(taken)
    }

  private static let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = {
    opaque, offset, whence in
    guard let opaque else { return Int64(ac_averror(EINVAL)) }
    let reader = Unmanaged<OutputReader>.fromOpaque(opaque).takeUnretainedValue()
    if whence & AVSEEK_SIZE != 0 { return reader.file.byteCount }
    switch whence & 3 {
    case SEEK_SET: reader.position = offset
    case SEEK_CUR: reader.position += offset
    default: reader.position = reader.file.byteCount + offset
    }
    return reader.position
  }
}
