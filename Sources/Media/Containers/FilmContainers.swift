import CFFmpeg

/// The containers in which films are written.
///
/// Others of FFmpeg open files, sockets or devices of their own, by names that they make up (hls, dash,
/// segment, tee, rtsp, image2 …), where nothing keeps them from replacing what is there; or they hold no
/// film. So this is a list of what is allowed: what FFmpeg may add is refused until it is looked at.
enum FilmContainers {
  /// FFmpeg's short names. Each writes to the one file that it is given.
  private static let names: Set<String> = [
    "matroska", "webm", "mp4", "mov", "ipod", "psp", "3gp", "3g2", "f4v", "ismv", "avif", "avi",
    "nut",
    "mpegts", "mpeg", "vob", "dvd", "svcd", "vcd", "mpeg1video", "mpeg2video", "flv", "asf",
    "asf_stream", "ogg", "ogv", "mxf", "mxf_d10", "mxf_opatom", "gxf", "wtv", "dv", "rm", "swf",
    "ivf",
    "h264", "hevc", "vvc", "obu", "m4v", "h261", "h263", "vc1", "vc1test", "dirac", "mjpeg",
    "mpjpeg",
    "gif", "apng",
  ]

  /// - Throws: `MediaError` if `container` does not write all into the one file that it is given.
  static func check(_ container: UnsafePointer<AVOutputFormat>, output: String) throws {
    let name = String(cString: container.pointee.name)
    guard names.contains(name), container.pointee.flags & AVFMT_NOFILE == 0 else {
      throw MediaError(
        .usage,
        "Films cannot be written in the format \(name) of \(output): it creates additional files, or cannot hold a "
          + "film. Write .mkv, .mp4, .mov, .webm, .avi, .ts, .mxf or .nut, and convert the result with ffmpeg."
      )
    }
  }

  /// Refuses what a container wants to open beside the file that it is given.
  static let openNothing:
    @convention(c) (
      UnsafeMutablePointer<AVFormatContext>?,
      UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>?,
      UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32 = { _, _, _, _, _ in ac_averror(EPERM) }
}
