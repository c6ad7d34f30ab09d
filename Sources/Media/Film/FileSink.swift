import CFFmpeg
package import Foundation
package import Imaging
import Locking

/// Encodes frames into a video file or pipe, with the copied packets of the other streams.
///
/// All that can be refused is refused on creation, before any frame is made: encoder, container,
/// streams, the output's place.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
package final class FileSink: SegmentedSink, @unchecked Sendable {
  package let notes: [String]
  /// FFmpeg's name of the encoder.
  package var encoderName: String { encoder.encoding.encoderName }
  /// The form of all pictures.
  package var outputFormat: OutputFormat { encoder.encoding.outputFormat }

  private let lock = Locked(())
  private let source: SourceInfo
  private let file: OutputFile
  private let muxer: Muxer
  private let encoder: FilmEncoder
  private var times = DecodingTimes()
  private let interruption: MediaInterruption?
  private var isEnded = false

  /// Creates the output `path`, `-` being stdout, for what `source` describes.
  package init(path: String, source: SourceInfo, options: SinkOptions = SinkOptions()) throws {
    self.source = source
    let encoding = try FilmEncoding(path: path, source: source, options: options)
    encoder = try FilmEncoder(encoding, options: options)
    interruption = options.interruption
    file = try OutputFile(
      path: path, options: options, isReadSoon: Muxer.movesIndex(of: encoding.container))
    muxer = try Muxer(
      encoding.container, file: file, source: source, video: encoder.stream, options: options)
    notes =
      file.notes + encoding.outputFormat.notes + Self.fieldNotes(encoding.encoderName, source)
      + muxer.notes
      + (source.pictureMetadata?.iccProfile == nil
        ? [] : ["The ICC profile of the pictures is left out: a film can't hold it."])
  }

  /// Players that look at the frames, not at what the container says, would leave the combs.
  private static func fieldNotes(_ encoder: String, _ source: SourceInfo) -> [String] {
    guard source.fieldOrder != .progressive, !EncoderTraits.of(encoder).signalsFields else {
      return []
    }
    return [
      "The source is interlaced, but \(encoder) does not write field flags, so players may not deinterlace the output; "
        + "choose libx264, prores_ks or ffv1 to keep the flags."
    ]
  }

  package func outputFormat(for frame: Frame) -> OutputFormat { outputFormat }

  package func write(_ element: SourceElement) throws {
    try lock.withLock { _ in
      try file.checkPlace()
      let element = try element.onOutputClock(of: source)
      for packet in element.packets {
        try encoder.copy(packet)
        try muxer.write(packet)
      }
      guard let frame = element.frame else { return }
      try encoder.encoding.check(frame, of: file.name)
      times.show(frame.presentationTime)
      try encoder.encode(frame, writePicture)
    }
  }

  private func writePicture(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    packet.pointee.dts = times.next(packet.pointee.dts)
    try muxer.writeVideo(packet)
  }

  // MARK: Segments

  package var keepsFramesApart: Bool { false }

  package var canKeepSegments: Bool { file.isTemporary }

  package func beginSegment(keptAs path: String, isBegun: Bool) throws {
    try lock.withLock { _ in try encoder.beginSegment(keptAs: path) }
  }

  package func endSegment(trailer: Data) throws {
    try lock.withLock { _ in
      try encoder.endSegment(trailer: trailer, writePicture)
      times.beginSegment()
    }
  }

  package func restoreSegment(_ path: String) throws -> RestoredSegment {
    try lock.withLock { _ in
      var (frames, packets) = (0, 0)
      let reader = try PacketLogReader(path: path, interruption: interruption)
      let trailer = try reader.forEach { event in
        switch event {
        case .shown(let time):
          frames += 1
          times.show(time)
        case .encoded(let packet, _): try writePicture(packet)
        case .copied(let packet, let timeBase):
          packets += 1
          try muxer.write(try CopiedPacket(moving: packet, timeBase: timeBase))
        }
      }
      encoder.restored(frames)
      times.beginSegment()
      return RestoredSegment(trailer: trailer, packetCount: packets)
    }
  }

  /// A segment that is written goes into the film with its own packets.
  package func takePackets(ofSegment path: String) throws {
    throw MediaError(
      .internalFault, "'\(path)' is a segment of a film whose packets are written as they come.")
  }

  // MARK: Ending

  /// Writes what the encoder holds back and gives the file its name. Throws `.noFrames` if there was
  /// no frame.
  package func finish() throws {
    try lock.withLock { _ in
      guard !isEnded else { return }
      try endStreams()
      try file.commit()
    }
  }

  package func finishEarly() throws -> String? {
    try lock.withLock { _ -> String? in
      guard !isEnded else { return nil }
      try endStreams()
      return try file.commitEarly()
    }
  }

  package func salvage() -> String? {
    lock.withLock { _ in
      guard encoder.frameCount > 0 else {
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
    encoder.discardSegment()
    guard encoder.frameCount > 0 else {
      // FFmpeg's Matroska without a packet cannot be read, not even by FFmpeg.
      file.discard()
      throw MediaError(.noFrames, "The input holds no frames, so \(file.name) was not written.")
    }
    try encoder.finish(writePicture)
    try muxer.finish()
  }

  package func discard() {
    lock.withLock { _ in
      isEnded = true
      encoder.discardSegment()
      file.discard()
    }
  }
}
