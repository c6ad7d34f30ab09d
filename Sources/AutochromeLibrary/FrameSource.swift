/// Frames from your program, instead of a file.
public protocol FrameSource: AnyObject, Sendable {
  /// What all frames have in common.
  var format: VideoFormat { get }

  /// The number of frames; nil if unknown. It is used only for the progress.
  var frameCount: Int? { get }

  /// The next frame in presentation order; nil at the end. Called by one thread at a time, and only as fast as
  /// frames are colorized.
  /// - Throws: any error. The job then fails with ``AutochromeError/Code/io`` and this error as its cause.
  func nextFrame() throws -> VideoFrame?
}

extension FrameSource {
  public var frameCount: Int? { nil }
}

/// A receiver of colorized frames in your program, instead of a file.
public protocol FrameSink: AnyObject, Sendable {
  /// The pixel format of the frames; nil for the one that holds the source best: Y′CbCr keeps its subsampling, gray
  /// becomes 4:2:0. Its bit depth must be at least the source's.
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
