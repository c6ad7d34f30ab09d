import CFFmpeg
import Imaging

/// Owns a frame of FFmpeg; planes point into it.
///
/// `@unchecked Sendable`: nobody writes it once planes point into it.
final class DecodedFrame: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<AVFrame>

  init() throws {
    guard let frame = av_frame_alloc() else { throw MediaError.outOfMemory }
    pointer = frame
  }

  /// A frame with memory of its own, whose content is undefined.
  convenience init(format: AVPixelFormat, width: Int, height: Int) throws {
    try self.init()
    pointer.pointee.format = format.rawValue
    pointer.pointee.width = Int32(width)
    pointer.pointee.height = Int32(height)
    guard av_frame_get_buffer(pointer, 0) >= 0 else { throw MediaError.outOfMemory }
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVFrame>? = pointer
    av_frame_free(&doomed)
  }

  /// The first row of a plane, and the distance of rows in bytes.
  func row(_ plane: Int) throws -> (base: UnsafeMutablePointer<UInt8>, stride: Int) {
    guard let base = ac_frame_plane(pointer, Int32(plane)) else {
      throw MediaError(.corrupt, "A decoded frame lacks plane \(plane).")
    }
    return (base, Int(ac_frame_stride(pointer, Int32(plane))))
  }
}

/// Keeps the buffer alive that a plane of a frame lies in.
///
/// `@unchecked Sendable`: FFmpeg counts references atomically.
final class BufferReference: @unchecked Sendable {
  private var reference: UnsafeMutablePointer<AVBufferRef>?

  /// nil where the plane lies in no counted buffer.
  init?(of frame: UnsafeMutablePointer<AVFrame>, plane: Int) {
    guard let buffer = av_frame_get_plane_buffer(frame, Int32(plane)),
      let reference = av_buffer_ref(buffer)
    else { return nil }
    self.reference = reference
  }

  deinit { av_buffer_unref(&reference) }
}
