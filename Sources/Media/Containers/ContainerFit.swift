import CFFmpeg
import Foundation

/// What a container can hold, as its own muxer says.
struct ContainerFit {
  let container: UnsafePointer<AVOutputFormat>

  var name: String { String(cString: container.pointee.name) }

  private var isMatroska: Bool { name == "matroska" }

  /// Whether cover art stays cover art. Others would make a second film of it; FFmpeg does not tell.
  var holdsCoverArt: Bool { isMatroska || name == "mp4" }

  /// Whether the muxer makes a time code track, or a field of its own, from the tag `timecode`.
  var writesTimeCode: Bool { ["mov", "mp4", "mxf", "gxf"].contains(name) }

  /// Whether tags of streams and files are kept, so that a time code is.
  var keepsTags: Bool { isMatroska || ["webm", "nut"].contains(name) }

  /// Whether the container takes a stream of this kind by copying its packets.
  func holds(_ stream: StreamInfo) -> Bool {
    switch stream.kind {
    case .attachment: return isMatroska
    // A time code track is made anew from the tag.
    case .data:
      let id = stream.parameters.pointer.pointee.codec_id
      return !isMatroska && !stream.isTimeCode
        && avformat_query_codec(container, id, FF_COMPLIANCE_NORMAL) != 0
    case .video where stream.isCoverArt && isMatroska: return true
    case .video, .audio, .subtitle: return holds(stream.parameters.pointer, stream.timeBase.av)
    }
  }

  /// Whether the container takes what an encoder makes.
  func holds(_ encoder: AVCodecID) -> Bool {
    avformat_query_codec(container, encoder, FF_COMPLIANCE_NORMAL) != 0
  }

  /// Asks with a header that goes nowhere: the muxer's list of codecs leaves out what it takes by way
  /// of another container's tags, such as A_MS/ACM in Matroska. Some muxers refuse sound alone, so that
  /// it is tried beside a picture too.
  private func holds(
    _ parameters: UnsafePointer<AVCodecParameters>, _ timeBase: AVRational
  ) -> Bool {
    // Some open files of their own as soon as there is a header.
    guard container.pointee.flags & AVFMT_NOFILE == 0 else {
      return avformat_query_codec(container, parameters.pointee.codec_id, FF_COMPLIANCE_NORMAL) != 0
    }
    return takesHeader(parameters, timeBase, besidePicture: false)
      || takesHeader(parameters, timeBase, besidePicture: true)
  }

  private func takesHeader(
    _ parameters: UnsafePointer<AVCodecParameters>, _ timeBase: AVRational, besidePicture: Bool
  ) -> Bool {
    guard let context = avformat_alloc_context() else { return false }
    defer { avformat_free_context(context) }
    context.pointee.oformat = container
    context.pointee.url = av_strdup("")
    if besidePicture {
      guard container.pointee.video_codec != AV_CODEC_ID_NONE,
        let picture = avformat_new_stream(context, nil), let own = picture.pointee.codecpar
      else { return false }
      own.pointee.codec_type = AVMEDIA_TYPE_VIDEO
      own.pointee.codec_id = container.pointee.video_codec
      (own.pointee.width, own.pointee.height) = (720, 576)
      own.pointee.format = AV_PIX_FMT_YUV420P.rawValue
      picture.pointee.time_base = AVRational(num: 1, den: 25)
      picture.pointee.avg_frame_rate = AVRational(num: 25, den: 1)
    }
    guard let stream = avformat_new_stream(context, nil),
      avcodec_parameters_copy(stream.pointee.codecpar, parameters) >= 0,
      avio_open_dyn_buf(&context.pointee.pb) >= 0
    else { return false }
    defer {
      var bytes: UnsafeMutablePointer<UInt8>?
      _ = avio_close_dyn_buf(context.pointee.pb, &bytes)
      context.pointee.pb = nil
      av_free(bytes)
    }
    stream.pointee.codecpar.pointee.codec_tag = tag(of: parameters.pointee)
    stream.pointee.time_base = timeBase
    return avformat_write_header(context, nil) >= 0
  }

  /// The tag of `parameters` if the container knows it, or has no tags of its own; otherwise 0, which
  /// lets the container choose.
  func tag(of parameters: AVCodecParameters) -> UInt32 {
    guard let table = container.pointee.codec_tag else { return parameters.codec_tag }
    if av_codec_get_id(table, parameters.codec_tag) == parameters.codec_id {
      return parameters.codec_tag
    }
    var own: UInt32 = 0
    return av_codec_get_tag2(table, parameters.codec_id, &own) == 0 ? parameters.codec_tag : 0
  }

  // MARK: Remedies

  /// Whether all of a film fits: the video of an encoder, and the copied streams.
  private func holds(_ encoder: AVCodecID, and streams: [StreamInfo]) -> Bool {
    holds(encoder) && streams.allSatisfy { holds($0) || leavesOut($0) }
  }

  /// Data streams, such as a camera's time code track, are no reason to refuse a film; nor is a
  /// cover.
  func leavesOut(_ stream: StreamInfo) -> Bool {
    switch stream.kind {
    case .data: !holds(stream)
    case .video: stream.isCoverArt && !holdsCoverArt
    case .audio, .subtitle, .attachment: false
    }
  }

  /// The name's end that stands for a container which holds all that is asked for; `nil` if none of
  /// the common ones does.
  static func ending(holding encoder: AVCodecID, and streams: [StreamInfo]) -> String? {
    [".mkv", ".mp4", ".mov", ".nut", ".avi"].first { ending in
      guard let found = av_guess_format(nil, "film" + ending, nil) else { return false }
      return ContainerFit(container: found).holds(encoder, and: streams)
    }
  }
}
