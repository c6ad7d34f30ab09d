/// Frames of the program's own, in place of a file.
public protocol FrameSource: AnyObject, Sendable {
  /// What all frames have in common.
  var format: VideoFormat { get }

  /// How many frames there are; nil if that is not known. Only the progress depends on it.
  var frameCount: Int? { get }

  /// The next frame in the order of presentation; nil at the end. Called by one thread at a time, and only as fast as
  /// frames are colorized.
  /// - Throws: any error. The job then fails with ``AutochromeError/Code/io`` and this error as its cause.
  func nextFrame() throws -> VideoFrame?
}

extension FrameSource {
  public var frameCount: Int? { nil }
}

/// What takes the colorized frames, in place of a file.
public protocol FrameSink: AnyObject, Sendable {
  /// The form in which frames are wanted; nil for what holds the source best: Y′CbCr keeps its subsampling, gray becomes
  /// 4:2:0. Its depth is at least the source's.
  var pixelFormat: PixelFormat? { get }

  /// Takes the next frame, in the order of the source. Called by one thread at a time; the job waits until it returns.
  /// - Throws: any error. The job then fails with ``AutochromeError/Code/io`` and this error as its cause.
  func write(_ frame: VideoFrame) throws

  /// All frames have been written.
  /// - Parameter isComplete: false if the job was stopped before the end of its input.
  func finish(isComplete: Bool) throws

  /// The job failed; no more frames come.
  func discard()
}

extension FrameSink {
  public var pixelFormat: PixelFormat? { nil }
  public func finish(isComplete: Bool) throws {}
  public func discard() {}
}
