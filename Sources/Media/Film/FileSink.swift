import CFFmpeg
public import Foundation
public import Imaging
import Locking

/// Encodes frames into a video file or pipe, with the copied packets of the other streams.
///
/// All that can be refused is refused on creation, before any frame is made: encoder, container,
/// streams, the output's place.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
public final class FileSink: SegmentedSink, @unchecked Sendable {
  /// The form of all pictures.
  public let outputFormat: OutputFormat
  public let notes: [String]
  /// FFmpeg's name of the encoder.
  public let encoderName: String

  private let lock = Locked(())
  private let file: OutputFile
  private let muxer: Muxer
  private let makeEncoder: () throws -> VideoEncoder
  private let stream: EncodedStream
  private var encoder: VideoEncoder
  private var times: DecodingTimes
  private let options: SinkOptions
  /// The segment that is kept while it is written.
  private var log: PacketLogWriter?
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
    let stream = VideoEncoder.Stream(
      width: source.width, height: source.height, timeBase: source.timeBase,
      frameRate: source.frameRate, sampleAspectRatio: source.sampleAspectRatio,
      fieldOrder: source.fieldOrder,
      globalHeader: container.pointee.flags & AVFMT_GLOBALHEADER != 0)
    makeEncoder = { [encoderName, outputFormat] in
      try VideoEncoder(encoderName, output: outputFormat, stream: stream, options: options)
    }
    encoder = try makeEncoder()
    self.stream = try encoder.stream()
    times = DecodingTimes()
    self.options = options
    file = try OutputFile(path: path, options: options)
    muxer = try Muxer(
      container, file: file, source: source, video: self.stream, options: options)
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
      for packet in element.packets {
        try log?.add(packet.pointer, as: .copied, timeBase: packet.timeBase)
        try muxer.write(packet)
      }
      guard let frame = element.frame else { return }
      guard frame.picture.width == width, frame.picture.height == height else {
        throw MediaError(
          .unsupported,
          "Frame \(frame.index)\(frame.fileName.map { " (\($0))" } ?? "") is "
            + "\(frame.picture.width)×\(frame.picture.height) and \(file.name) holds "
            + "\(width)×\(height); write pictures of mixed sizes into a folder.")
      }
      try encode(frame)
      frameCount += 1
    }
  }

  // MARK: Segments

  public var keepsFramesApart: Bool { false }

  public func beginSegment(keptAs path: String, isBegun: Bool) throws {
    try lock.withLock { _ in
      do {
        log = try PacketLogWriter(path: path, interruption: options.interruption)
      } catch let error as MediaError where error.code == .cannotCreate && frameCount > 0 {
        throw error.afterOthers(path)
      }
    }
  }

  /// The encoder begins anew: what comes after does not depend on what came before.
  public func endSegment(trailer: Data) throws {
    try lock.withLock { _ in
      try encode(nil)
      try log?.finish(trailer: trailer)
      log = nil
      encoder = try makeEncoder()
      times.beginSegment()
      guard try encoder.stream().parameters.extradata == stream.parameters.extradata else {
        throw MediaError(
          .internalFault,
          "\(encoderName) describes its second segment otherwise than its first, so that \(file.name) can't "
            + "hold both.")
      }
    }
  }

  public var canKeepSegments: Bool { file.isTemporary }

  public func restoreSegment(_ path: String) throws -> RestoredSegment {
    try lock.withLock { _ in
      var (shown, decoding): ([Int64], [Int64]) = ([], [])
      var packetCount = 0
      let reader = try PacketLogReader(path: path, interruption: options.interruption)
      let trailer = try reader.forEachPacket { tag, packet, timeBase in
        if tag == .encoded {
          shown.append(packet.pointee.pts)
          decoding.append(packet.pointee.dts)
          try muxer.writeVideo(packet)
        } else {
          packetCount += 1
          try muxer.write(try CopiedPacket(moving: packet, timeBase: timeBase))
        }
      }
      frameCount += shown.count
      times.restore(shown: shown, decoding: decoding)
      return RestoredSegment(trailer: trailer, packetCount: packetCount)
    }
  }

  // MARK: Ending

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
    // A segment that the end of the run cuts short is not one of the film.
    log?.discard()
    log = nil
    guard frameCount > 0 else {
      // FFmpeg's Matroska without a packet cannot be read, not even by FFmpeg.
      file.discard()
      throw MediaError(.noFrames, "The input holds no frame; \(file.name) is not written.")
    }
    try encode(nil)
    try muxer.finish()
  }

  /// A frame, or what the encoder holds back.
  private func encode(_ frame: Frame?) throws {
    if let frame { times.show(frame.presentationTime) }
    try encoder.encode(frame) { packet in
      packet.pointee.dts = times.next(packet.pointee.dts)
      try log?.add(packet, as: .encoded, timeBase: stream.timeBase)
      try muxer.writeVideo(packet)
    }
  }

  public func discard() {
    lock.withLock { _ in
      isEnded = true
      log?.discard()
      file.discard()
    }
  }
}
