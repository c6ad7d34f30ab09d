import AutochromeKit
import Imaging
import Locking
import Media

/// Frames of the program's own as a source of the pipeline.
final class SourceAdapter: Media.FrameSource {
  let info: SourceInfo
  private let source: any FrameSource
  private let count = Locked(0)

  init(_ source: any FrameSource) throws {
    self.source = source
    var info = try source.format.sourceInfo()
    info.estimatedFrameCount = source.frameCount
    self.info = info
  }

  func next() throws -> SourceElement? {
    guard let frame = try named("source", { try source.nextFrame() }) else { return nil }
    let index = count.withLock { count in
      defer { count += 1 }
      return count
    }
    let picture = frame.picture
    guard (picture.width, picture.height, picture.format) == (info.width, info.height, info.format)
    else {
      throw AutochromeKit.AutochromeError(
        .badData,
        "Frame \(index) of the frame source is \(picture.format) of \(picture.width)×\(picture.height), expected "
          + "\(info.format) of \(info.width)×\(info.height).")
    }
    return SourceElement(
      frame: Frame(
        index: index, picture: picture, presentationTime: Int64(frame.time), duration: 1))
  }

  var damagedFrameCount: Int { 0 }
  var damageReport: String? { nil }
}

/// A taker of frames in the program itself as a sink of the pipeline.
final class SinkAdapter: Media.FrameSink {
  let notes: [String]
  private let sink: any FrameSink
  private let format: OutputFormat
  private let timeBase: Rational
  private let frameTime: Double
  private let count = Locked(0)

  init(_ sink: any FrameSink, source: SourceInfo) throws {
    self.sink = sink
    format = try OutputFormat.ofFrames(source, as: sink.pixelFormat?.layout)
    notes = format.notes
    timeBase = source.timeBase
    frameTime = source.frameRate.map { 1 / $0.value } ?? source.timeBase.value
  }

  func outputFormat(for frame: Frame) -> OutputFormat { format }

  func write(_ element: SourceElement) throws {
    guard let frame = element.frame else { return }
    count.withLock { $0 += 1 }
    let time = Int((Double(frame.presentationTime) * timeBase.value / frameTime).rounded())
    try named("sink") { try sink.write(VideoFrame(frame.picture, time: time)) }
  }

  func finish() throws { try end(isComplete: true) }

  func finishEarly() throws -> String? {
    try end(isComplete: false)
    return nil
  }

  private func end(isComplete: Bool) throws {
    guard count.withLock({ $0 }) > 0 else {
      throw MediaError(.noFrames, "The frame source delivered no frames.")
    }
    try named("sink") { try sink.finish(isComplete: isComplete) }
  }

  func discard() { sink.discard() }
}

/// Runs code of the program that uses the library, and names it where it fails.
private func named<Value>(
  _ end: String, _ body: () throws -> Value
) throws(AutochromeKit.AutochromeError) -> Value {
  do { return try body() } catch {
    throw AutochromeKit.AutochromeError(
      .ioError, "The frame \(end) failed: \(error).", cause: error)
  }
}
