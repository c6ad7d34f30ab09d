import CFFmpeg
import Foundation
public import Imaging
import Locking

/// Encodes frames into a video file or pipe, with the copied packets of the other streams.
///
/// All that can be refused is refused on creation, before any frame is made: encoder, container,
/// streams, the output's place.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
public final class FileSink: FrameSink, @unchecked Sendable {
  /// The form of all pictures.
  public let outputFormat: OutputFormat
  public let notes: [String]
  /// FFmpeg's name of the encoder.
  public let encoderName: String

  private let lock = Locked(())
  private let file: OutputFile
  private let muxer: Muxer
  private let encoder: VideoEncoder
  private var isEnded = false
  private let width: Int
  private let height: Int
  private var frameCount = 0

  /// Creates the output `path`, `-` being stdout, for what `source` describes.
  public init(path: String, source: SourceInfo, options: SinkOptions = SinkOptions()) throws {
    LibraryLog.install()
    (width, height) = (source.width, source.height)
    let container = try Muxer.container(for: path, options: options)
    encoderName = options.encoder ?? Muxer.defaultEncoder(of: container)
    outputFormat = try OutputFormat.choose(
      source: source.format, color: source.color, width: source.width, height: source.height,
      encoder: encoderName, requested: options.pixelFormat)
    try ContainerFit(container: container).check(
      encoder: encoderName, audioEncoder: options.audioEncoder, source: source, output: path)
    encoder = try VideoEncoder(
      encoderName, output: outputFormat,
      stream: VideoEncoder.Stream(
        width: source.width, height: source.height, timeBase: source.timeBase,
        frameRate: source.frameRate, sampleAspectRatio: source.sampleAspectRatio,
        fieldOrder: source.fieldOrder,
        globalHeader: container.pointee.flags & AVFMT_GLOBALHEADER != 0),
      options: options)
    file = try OutputFile(path: path, options: options)
    muxer = try Muxer(
      container, file: file, source: source, encoder: encoder, options: options)
    notes =
      file.notes + outputFormat.notes + Self.fieldNotes(encoderName, source) + muxer.notes
      + (source.pictureMetadata?.iccProfile == nil
        ? [] : ["The ICC profile of the pictures is left out: a film can't hold it."])
  }

  /// Players that look at the frames, not at what the container says, would leave the combs.
  private static func fieldNotes(_ encoder: String, _ source: SourceInfo) -> [String] {
    guard source.fieldOrder != .progressive, !EncoderTraits.of(encoder).signalsFields else {
      return []
    }
    return [
      "The source is interlaced and \(encoder) does not flag fields, so that players may not "
        + "deinterlace the output; take libx264, prores_ks or ffv1 to keep the flags."
    ]
  }

  public func outputFormat(for frame: Frame) -> OutputFormat { outputFormat }

  public func write(_ element: SourceElement) throws {
    try lock.withLock { _ in
      try file.checkPlace()
      for packet in element.packets { try muxer.write(packet) }
      guard let frame = element.frame else { return }
      guard frame.picture.width == width, frame.picture.height == height else {
        throw MediaError(
          .unsupported,
          "Frame \(frame.index)\(frame.fileName.map { " (\($0))" } ?? "") is "
            + "\(frame.picture.width)×\(frame.picture.height) and \(file.name) holds "
            + "\(width)×\(height); write pictures of mixed sizes into a folder.")
      }
      try encoder.encode(frame) { try muxer.writeVideo($0) }
      frameCount += 1
    }
  }

  /// Writes what the encoder holds back and gives the file its name. Throws `.noFrames` if there was
  /// no frame.
  public func finish() throws {
    try lock.withLock { _ in
      guard !isEnded else { return }
      try endStreams()
      try file.commit()
    }
  }

  public func finishEarly() throws -> String? {
    try lock.withLock { _ -> String? in
      guard !isEnded else { return nil }
      try endStreams()
      return try file.commitEarly()
    }
  }

  public func salvage() -> String? {
    lock.withLock { _ in
      guard frameCount > 0 else {
        file.discard()
        return nil
      }
      if !isEnded {
        // What fails here is of no weight beside what ended the film: the file lacks its end.
        do { try endStreams() } catch {}
      }
      return file.salvage()
    }
  }

  private func endStreams() throws {
    isEnded = true
    guard frameCount > 0 else {
      // FFmpeg's Matroska without a packet cannot be read, not even by FFmpeg.
      file.discard()
      throw MediaError(.noFrames, "The input holds no frame; \(file.name) is not written.")
    }
    try encoder.encode(nil) { try muxer.writeVideo($0) }
    try muxer.finish()
  }

  public func discard() {
    lock.withLock { _ in
      isEnded = true
      file.discard()
    }
  }
}
