import CFFmpeg
import Imaging

extension SourceInfo {
  /// What a container tells of the video stream `videoIndex` and of the others, before a frame is
  /// decoded.
  init(
    describing demuxer: Demuxer, videoIndex: Int, codecName: String, streams: [StreamInfo]
  ) throws {
    let stream = demuxer.stream(videoIndex)
    let rate = av_guess_frame_rate(demuxer.pointer, stream, nil)
    let parameters = stream.pointee.codecpar.pointee
    self.init(
      width: Int(parameters.width), height: Int(parameters.height), format: .gray(8),
      color: ColorDescription(), timeBase: Rational(stream.pointee.time_base),
      frameRate: rate.num > 0 ? Rational(rate) : nil, containerName: demuxer.formatName,
      codecName: codecName)
    self.streams = streams
    if parameters.format >= 0 {
      let layout = try SampleLayout(
        AVPixelFormat(rawValue: parameters.format), in: demuxer.bytes.name)
      format = layout.format
      color = ColorDescription(
        primaries: parameters.color_primaries, transfer: parameters.color_trc,
        matrix: parameters.color_space, range: parameters.color_range,
        location: parameters.chroma_location, layout: layout)
    }
    videoStreamIndex = videoIndex
    isSeekable = demuxer.bytes.isSeekable
    isPipe = !demuxer.bytes.isSeekable
    metadata = Demuxer.entries(demuxer.pointer.pointee.metadata)
    firstTimecode = Timecode(of: metadata + streams.flatMap(\.metadata))
    let matrix = videoStream?.sideData.first {
      $0.type == AV_PKT_DATA_DISPLAYMATRIX.rawValue && $0.bytes.count >= 36
    }
    if let matrix {
      let counterclockwise = matrix.bytes.withUnsafeBytes { bytes in
        bytes.bindMemory(to: Int32.self).baseAddress.map { av_display_rotation_get($0) } ?? 0
      }
      let clockwise = (360 - counterclockwise).truncatingRemainder(dividingBy: 360)
      if clockwise != 0 { rotationDegrees = clockwise }
    }
  }

  /// What the file tells of its length, once it is known where the wanted part begins.
  mutating func limit(to cut: TimeCut, of demuxer: Demuxer, options: SourceOptions) {
    let stream = demuxer.stream(videoStreamIndex)
    chapters = demuxer.chapters.compactMap(cut.part)
    setClock(of: cut)
    let whole =
      stream.pointee.duration.knownTime.map { Double($0) * timeBase.value }
      ?? demuxer.pointer.pointee.duration.knownTime.map { Double($0) / Double(AV_TIME_BASE) }
    duration = whole.map { cut.duration(of: $0) }
    if stream.pointee.nb_frames > 0 && options.from == nil && options.to == nil {
      estimatedFrameCount = Int(stream.pointee.nb_frames)
    } else if let duration, let rate = frameRate {
      estimatedFrameCount = Int((duration * rate.value).rounded())
    }
    if let limit = options.frameLimit {
      estimatedFrameCount = min(estimatedFrameCount ?? limit, limit)
    }
  }
}
