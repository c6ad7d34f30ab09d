import CFFmpeg
package import Imaging

/// What is known of a source before its first frame is asked for.
package struct SourceInfo: Sendable {
  /// Luma width and height; of the first picture, in a folder.
  package var width: Int
  package var height: Int
  package var format: PixelFormat
  package var color: ColorDescription
  /// The unit of `Frame.presentationTime`.
  package var timeBase: Rational
  /// Frames per second; `nil` if unknown. Of variable rate, the average.
  package var frameRate: Rational?
  /// Width ÷ height of one sample; 0/1 if unknown.
  package var sampleAspectRatio = Rational(0, 1)
  package var fieldOrder = FieldOrder.progressive
  /// Clockwise rotation that a player applies; carried, never applied.
  package var rotationDegrees: Double?
  /// From the container or from duration × rate.
  package var estimatedFrameCount: Int?
  /// Seconds.
  package var duration: Double?
  /// What the file's clock shows at its start, in seconds: `SourceOptions.from` counts from there.
  package var startTime = 0.0
  /// What the file's clock shows, in seconds, where the clock of an output shows 0: where the wanted part
  /// begins, if only a part is wanted. Time stamps of frames, packets and chapters are the file's; the sink
  /// subtracts this.
  package var outputOrigin = 0.0
  /// The time code of the first frame of the file, if it tells one.
  package var firstTimecode: Timecode?
  /// How many frames of the file are shown before the first that is delivered; `nil` where they were not
  /// counted (see `SourceOptions.countsFrames`).
  var framesBefore: Int? = 0
  /// Whether each frame has its place on a grid of time, so that its time is its number.
  package internal(set) var hasConstantRate = false
  /// FFmpeg's short name of the container, such as `matroska`; `folder` for pictures.
  package var containerName: String
  /// FFmpeg's name of the video codec, such as `h264`.
  package var codecName: String
  /// All streams of the file, the video stream included, in file order.
  package var streams: [StreamInfo] = []
  /// The index in the file of the stream that the frames come from.
  package var videoStreamIndex = 0
  package var isSeekable = false
  package var isPipe = false
  package var isFrameFolder = false
  /// What the file of the first picture tells beside its samples.
  package var pictureMetadata: PictureMetadata?
  /// Names of the container's tags and their values, in file order.
  package var metadata: [MetadataEntry] = []
  package var chapters: [Chapter] = []

  package init(
    width: Int, height: Int, format: PixelFormat, color: ColorDescription, timeBase: Rational,
    frameRate: Rational? = nil, containerName: String = "memory", codecName: String = "rawvideo"
  ) {
    self.width = width
    self.height = height
    self.format = format
    self.color = color
    self.timeBase = timeBase
    self.frameRate = frameRate
    self.containerName = containerName
    self.codecName = codecName
  }

  /// When a frame is shown, in seconds after the start of the file.
  package func seconds(of frame: Frame) -> Double {
    Double(frame.presentationTime) * timeBase.value - startTime
  }

  /// The number of a frame in the file, from 0; `nil` where they were not counted.
  package func number(of frame: Frame) -> Int? {
    if hasConstantRate, let frameRate {
      return Int((seconds(of: frame) * frameRate.value).rounded())
    }
    return framesBefore.map { $0 + frame.index }
  }

  /// The stream that the frames come from.
  package var videoStream: StreamInfo? { streams.first { $0.index == videoStreamIndex } }

  /// The streams whose packets travel with the frames.
  package var copiedStreams: [StreamInfo] { streams.filter(\.isCopied) }

  /// What the user may want to know where `output` holds pictures alone.
  func notesOfStreamsLeftOut(by output: String) -> [String] {
    copiedStreams.filter { $0.kind != .data }.map {
      "Stream \($0.index) (\($0.kind.rawValue), \($0.codecName)) is left out: \(output) can't hold it."
    }
  }
}

/// One tag of a container or stream.
package struct MetadataEntry: Hashable, Sendable {
  package var key: String
  package var value: String
  package init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// A chapter mark.
package struct Chapter: Hashable, Sendable {
  package var id: Int64
  package var timeBase: Rational
  /// In units of `timeBase`.
  package var start: Int64
  package var end: Int64
  package var metadata: [MetadataEntry]
  package init(
    id: Int64, timeBase: Rational, start: Int64, end: Int64, metadata: [MetadataEntry] = []
  ) {
    self.id = id
    self.timeBase = timeBase
    self.start = start
    self.end = end
    self.metadata = metadata
  }

  package var title: String? { metadata.first { $0.key.lowercased() == "title" }?.value }
}

/// One stream of a file.
package struct StreamInfo: Sendable {
  package enum Kind: String, Hashable, Sendable {
    case video, audio, subtitle, data, attachment
  }

  /// Place in the file.
  package var index: Int
  package var kind: Kind
  /// FFmpeg's name of the codec, such as `aac`.
  package var codecName: String
  package var timeBase: Rational
  package var language: String? { metadata.first { $0.key.lowercased() == "language" }?.value }
  package var title: String? { metadata.first { $0.key.lowercased() == "title" }?.value }
  package var metadata: [MetadataEntry]
  /// FFmpeg's `AV_DISPOSITION_` bits.
  package var disposition: Int32
  /// Whether its packets are copied to the output.
  package var isCopied: Bool
  /// What the container says of the codec, for the sink.
  let parameters: CodecParameters
  var sideData: [StreamSideData]
  /// The file that a picture of cover art is.
  var attachedPicture: [UInt8] = []

  /// Whether it is the cover art of an audio or video file.
  package var isCoverArt: Bool { disposition & AV_DISPOSITION_ATTACHED_PIC != 0 }
  /// Audio: channels; otherwise 0.
  package var channelCount: Int { parameters.channelCount }
  /// Audio: samples per second; otherwise 0.
  package var sampleRate: Int { parameters.sampleRate }
}

/// Side data of a stream, such as the display matrix or the mastering display.
struct StreamSideData: Hashable, Sendable {
  var type: UInt32
  var bytes: [UInt8]
}
