import CFFmpeg
import Foundation
import Imaging

/// How the picture of a film is encoded: all that is fixed before any frame is made, and the same in every
/// segment.
struct FilmEncoding {
  let container: UnsafePointer<AVOutputFormat>
  /// FFmpeg's name of the encoder.
  let encoderName: String
  /// The form of all pictures.
  let outputFormat: OutputFormat
  let width: Int
  let height: Int
  private let stream: VideoEncoder.Stream
  private let options: SinkOptions

  /// - Parameter path: of the film, whose name tells the container.
  /// - Throws: `MediaError` if container and encoder don't go with each other or with the source.
  init(path: String, source: SourceInfo, options: SinkOptions) throws {
    LibraryLog.install()
    self.options = options
    (width, height) = (source.width, source.height)
    container = try Muxer.container(for: path, options: options)
    encoderName = options.encoder ?? Muxer.defaultEncoder(of: container)
    outputFormat = try OutputFormat.choose(
      source: source.format, color: source.color, width: source.width, height: source.height,
      encoder: encoderName, requested: options.pixelFormat)
    try ContainerFit(container: container).check(
      encoder: encoderName, audioEncoder: options.audioEncoder, source: source, output: path)
    stream = VideoEncoder.Stream(
      width: source.width, height: source.height, timeBase: source.timeBase,
      frameRate: source.frameRate, sampleAspectRatio: source.sampleAspectRatio,
      fieldOrder: source.fieldOrder,
      globalHeader: container.pointee.flags & AVFMT_GLOBALHEADER != 0)
  }

  func makeEncoder() throws -> VideoEncoder {
    try VideoEncoder(encoderName, output: outputFormat, stream: stream, options: options)
  }

  /// - Throws: `MediaError` if the frame is of another size than the film.
  func check(_ frame: Frame, of name: String) throws {
    guard frame.picture.width == width, frame.picture.height == height else {
      throw MediaError(
        .unsupported,
        "Frame \(frame.index)\(frame.fileName.map { " (\($0))" } ?? "") is "
          + "\(frame.picture.width)×\(frame.picture.height), but \(name) holds \(width)×\(height); write pictures of "
          + "mixed sizes into a folder.")
    }
  }
}

/// Encodes the picture of a film segment by segment: the encoder begins each as if it were the first, so that
/// none depends on another. What it gives is kept in a `PacketLog` where one is wanted.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class FilmEncoder: @unchecked Sendable {
  let encoding: FilmEncoding
  /// What the encoder gives.
  let stream: EncodedStream
  private let options: SinkOptions
  /// Made with the first frame of a segment, unless that of the one before is as good as new.
  private var encoder: VideoEncoder?
  private var log: PacketLogWriter?
  private(set) var frameCount = 0

  /// - Throws: `MediaError` if the encoder refuses the settings.
  init(_ encoding: FilmEncoding, options: SinkOptions) throws {
    self.encoding = encoding
    self.options = options
    let first = try encoding.makeEncoder()
    stream = try first.stream()
    encoder = first
  }

  /// Takes note of frames that an earlier run encoded.
  func restored(_ count: Int) { frameCount += count }

  func beginSegment(keptAs path: String) throws {
    do {
      log = try PacketLogWriter(path: path, interruption: options.interruption)
    } catch let error as MediaError where error.code == .cannotCreate && frameCount > 0 {
      throw error.afterOthers(path)
    }
  }

  func endSegment(trailer: Data, _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void) throws {
    // A new one is dear: that of FFV1 clears 300 MB at 1080p.
    if encoder?.isAsNew != true { try finish(take) }
    try log?.finish(trailer: trailer)
    log = nil
  }

  func copy(_ packet: CopiedPacket) throws {
    try log?.add(packet.pointer, as: .copied, timeBase: packet.timeBase)
  }

  func encode(_ frame: Frame, _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void) throws {
    let encoder = try encoder ?? nextEncoder()
    try log?.addShown(frame.presentationTime)
    try encode(frame, with: encoder, take)
    frameCount += 1
  }

  /// Gives what the encoder holds back, and ends it.
  func finish(_ take: (UnsafeMutablePointer<AVPacket>) throws -> Void) throws {
    guard let encoder else { return }
    self.encoder = nil
    try encode(nil, with: encoder, take)
  }

  /// Drops a segment that was not ended.
  func discardSegment() {
    log?.discard()
    log = nil
  }

  private func encode(
    _ frame: Frame?, with encoder: VideoEncoder,
    _ take: (UnsafeMutablePointer<AVPacket>) throws -> Void
  ) throws {
    try encoder.encode(frame) { packet in
      try log?.add(packet, as: .encoded, timeBase: stream.timeBase)
      try take(packet)
    }
  }

  private func nextEncoder() throws -> VideoEncoder {
    let next = try encoding.makeEncoder()
    guard try next.stream().parameters.extradata == stream.parameters.extradata else {
      throw MediaError(
        .internalFault,
        "\(encoding.encoderName) wrote different codec parameters (extradata) for the second segment than for the "
          + "first, so the segments can't be joined into one film.")
    }
    encoder = next
    return next
  }
}
