import CFFmpeg
package import Foundation
package import Imaging
import Locking

/// Writes each frame as a picture: into a folder, by a numbered pattern, as the one file, or one
/// after the other into a pipe.
///
/// In a folder, pictures keep the names of the files that they came from, with the extension of the
/// encoder; frames of a video are numbered from `000001` on. Each file is written under a temporary
/// name and renamed when it is complete, so that all files there are whole. Copied packets are left
/// out: pictures hold no sound.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
package final class PictureSink: SegmentedSink, @unchecked Sendable {
  private enum Target {
    case folder(String)
    case pattern(PictureList.Pattern)
    case file(String)
    case pipe(OutputFile)
  }

  /// What an encoder was made for.
  private struct Key: Hashable {
    var encoder: String
    var output: OutputFormat
    var width: Int
    var height: Int
    var sampleAspectRatio: Rational
  }

  package let notes: [String]

  private let lock = Locked(())
  private let target: Target
  private let options: SinkOptions
  /// Half a picture of a killed run is of no use: it is written anew, and where the run is known to be one of
  /// this job, it goes.
  private var fileOptions: SinkOptions
  private let timeBase: Rational
  private let fallbackEncoder: String
  private var encoder: (key: Key, encoder: any PictureEncoding)?
  private var written = 0
  /// Where the segment at hand will be noted.
  private var segmentPath: String?
  /// Whether pictures of the segment may be there that an earlier run wrote before it ended.
  private var mayBeThere = false

  /// Creates the output. `path` is `-`, a folder, a pattern such as `out/%06d.png`, or the name of
  /// one picture.
  package init(path: String, source: SourceInfo, options: SinkOptions = SinkOptions()) throws {
    LibraryLog.install()
    self.options = options
    fileOptions = options
    fileOptions.leftovers = .leave
    timeBase = source.timeBase
    let byName: String?
    let ending = PathParts.fileExtension(of: path)
    if path == "-" {
      target = .pipe(try OutputFile(path: path, options: options))
      byName = PictureKind.encoder(forCodec: source.codecName)
    } else if let pattern = PictureList.Pattern(path) {
      target = .pattern(pattern)
      byName = PictureKind.encoder(forExtension: pattern.fileExtension)
    } else if let encoder = PictureKind.encoder(forExtension: ending) {
      if source.isFrameFolder, let count = source.estimatedFrameCount, count > 1 {
        throw MediaError(
          .usage,
          "\(path) holds one picture, but the input has \(count); give a folder or a pattern such as %06d.png, or "
            + "colorize only the first with --frames 1.")
      }
      target = .file(path)
      byName = encoder
      if !options.keepsPictures { try options.checkPlace(path) }
    } else {
      target = .folder(path)
      byName = source.isFrameFolder ? PictureKind.encoder(forCodec: source.codecName) : nil
    }
    fallbackEncoder = byName ?? "png"
    let chosen = options.encoder ?? fallbackEncoder
    notes =
      source.notesOfStreamsLeftOut(by: "pictures")
      + (source.pictureMetadata?.notesOfWhatIsLeftOut(by: chosen) ?? [])
    // An encoder that is missing, not for pictures, or without the pixel format is told now, before
    // anything is made.
    _ = try OutputFormat.findEncoder(chosen)
    guard [.pictureRGB, .pictureYUV].contains(EncoderTraits.of(chosen).family) else {
      throw MediaError(
        .encoderRefuses,
        "\(chosen) can't write picture files; choose png, tiff, mjpeg, ppm, bmp, dpx or exr.")
    }
    if options.pixelFormat != nil {
      _ = try OutputFormat.choose(
        source: source.format, color: source.color, width: source.width, height: source.height,
        encoder: chosen, requested: options.pixelFormat)
    }
    switch target {
    case .pattern(let pattern):
      try MediaSink.createFolder(pattern.folder.isEmpty ? "." : pattern.folder)
    case .folder(let folder): try MediaSink.createFolder(folder)
    case .file, .pipe: break
    }
  }

  /// The encoder for a frame: the one asked for, or by the output's name, or as the source was.
  private func encoderName(for frame: Frame) -> String {
    if let name = options.encoder { return name }
    if case .folder = target, let source = frame.fileName {
      return PictureKind.encoder(forExtension: PathParts.fileExtension(of: source))
        ?? fallbackEncoder
    }
    return fallbackEncoder
  }

  package func outputFormat(for frame: Frame) throws -> OutputFormat {
    try OutputFormat.choose(
      source: frame.picture.format, color: frame.picture.color, width: frame.picture.width,
      height: frame.picture.height, encoder: encoderName(for: frame),
      requested: options.pixelFormat)
  }

  package func write(_ element: SourceElement) throws {
    guard let frame = element.frame else { return }
    try lock.withLock { _ in
      let picture = frame.picture
      let name = encoderName(for: frame)
      let output = try OutputFormat.choose(
        source: picture.format, color: picture.color, width: picture.width, height: picture.height,
        encoder: name, requested: options.pixelFormat)
      let key = Key(
        encoder: name, output: output, width: picture.width, height: picture.height,
        sampleAspectRatio: frame.sampleAspectRatio)
      let encoder = try encoder(for: key)
      switch target {
      case .pipe(let file):
        try write(bytes(of: frame, encoder), into: file)
      case .file(let path):
        guard written == 0 else {
          throw MediaError(
            .usage,
            "\(path) holds only one picture; for more, give a folder or a pattern such as %06d.png."
          )
        }
        try writeFile(frame, encoder, path)
      case .folder(let folder):
        try writeFile(frame, encoder, folder + "/" + fileName(of: frame, encoder: name))
      case .pattern(let pattern):
        let number = frame.fileName.flatMap { PictureList.number(in: $0) } ?? frame.index + 1
        let folder = pattern.folder.isEmpty ? "" : pattern.folder + "/"
        try writeFile(frame, encoder, folder + pattern.name(number))
      }
      written += 1
    }
  }

  private func fileName(of frame: Frame, encoder: String) -> String {
    guard let name = frame.fileName else {
      return String(format: "%06d.", frame.index + 1)
        + PictureKind.fileExtension(ofEncoder: encoder)
    }
    if encoder == PictureKind.encoder(forExtension: PathParts.fileExtension(of: name)),
      encoder != "ppm"
    {
      return name
    }
    return PathParts.stem(of: name) + "." + PictureKind.fileExtension(ofEncoder: encoder)
  }

  private func encoder(for key: Key) throws -> any PictureEncoding {
    if let encoder, encoder.key == key { return encoder.encoder }
    let made = try makeEncoder(for: key)
    encoder = (key, made)
    return made
  }

  private func makeEncoder(for key: Key) throws -> any PictureEncoding {
    if key.encoder == EXREncoder.name {
      return try EXREncoder(
        key.output, width: key.width, height: key.height,
        sampleAspectRatio: key.sampleAspectRatio)
    }
    var options = options
    options.threads = 1
    return try VideoEncoder(
      key.encoder, output: key.output,
      stream: VideoEncoder.Stream(
        width: key.width, height: key.height, timeBase: timeBase,
        sampleAspectRatio: key.sampleAspectRatio),
      options: options)
  }

  private func writeFile(_ frame: Frame, _ encoder: any PictureEncoding, _ path: String) throws {
    if options.keepsPictures, FileSystem.isTaken(path) { return }
    let bytes = try bytes(of: frame, encoder)
    if mayBeThere, !options.overwrite, let size = FileSystem.status(path)?.st_size {
      // A power cut may have left the name alone.
      if size == 0 {
        FileSystem.remove(path)
      } else if try PictureFile(path: path, interruption: options.interruption).contents() == bytes
      {
        return
      }
    }
    let file: OutputFile
    do {
      file = try OutputFile(path: path, options: fileOptions)
    } catch let error as MediaError where error.code == .cannotCreate && written > 0 {
      throw error.afterOthers(path)
    }
    try write(bytes, into: file)
    try file.commit(syncs: false)
  }

  private func bytes(of frame: Frame, _ encoder: any PictureEncoding) throws -> [UInt8] {
    let bytes = try encoder.picture(of: frame)
    return frame.metadata?.added(to: bytes, encoder: encoder.name) ?? bytes
  }

  private func write(_ bytes: [UInt8], into file: OutputFile) throws {
    try bytes.withUnsafeBytes { buffer in
      if let base = buffer.baseAddress { try file.write(base, count: buffer.count) }
    }
  }

  // MARK: Segments

  /// Pictures lie where another run finds them, each in its file; a single one is not worth it.
  package var canKeepSegments: Bool {
    switch target {
    case .folder, .pattern: true
    case .file, .pipe: false
    }
  }

  package var keepsFramesApart: Bool { true }

  package func beginSegment(keptAs path: String, isBegun: Bool) throws {
    lock.withLock { _ in
      (segmentPath, mayBeThere) = (path, isBegun)
      fileOptions.leftovers = isBegun ? .remove : .leave
    }
  }

  /// The pictures are their own record: the segment's file holds the trailer alone.
  package func endSegment(trailer: Data) throws {
    try finish()
    try lock.withLock { _ in
      guard let segmentPath else { return }
      try PacketLogWriter(path: segmentPath, interruption: options.interruption)
        .finish(trailer: trailer)
    }
  }

  package func restoreSegment(_ path: String) throws -> RestoredSegment {
    try lock.withLock { _ in
      let reader = try PacketLogReader(path: path, interruption: options.interruption)
      return RestoredSegment(trailer: try reader.forEach { _ in }, packetCount: 0)
    }
  }

  package func takePackets(ofSegment path: String) {}

  // MARK: Ending

  /// Brings the pictures to the disk.
  package func finish() throws {
    try lock.withLock { _ in
      let folder: String
      switch target {
      case .pipe: return
      case .folder(let path): folder = path
      case .pattern(let pattern): folder = pattern.folder
      case .file(let path): folder = PathParts.folder(of: path)
      }
      let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      let status = ac_sync_file_system(descriptor)
      let reason = errno
      close(descriptor)
      guard status == 0 else {
        throw MediaError(
          .io, "Flushing the pictures in \(folder) to disk failed.",
          underlying: String(cString: strerror(reason)))
      }
    }
  }

  /// Leaves the pictures that are complete: each is whole.
  package func finishEarly() throws -> String? {
    try finish()
    return nil
  }

  /// The folder, if it is there still and holds pictures that were written.
  package func salvage() -> String? {
    lock.withLock { _ in
      let folder: String
      switch target {
      case .pipe, .file: return nil
      case .folder(let path): folder = path
      case .pattern(let pattern): folder = pattern.folder.isEmpty ? "." : pattern.folder
      }
      return written > 0 && FileSystem.isTaken(folder) ? folder : nil
    }
  }

  package func discard() {}
}

/// Encodes one picture after the other, each into a file of its own.
protocol PictureEncoding: AnyObject {
  /// FFmpeg's name of the encoder.
  var name: String { get }
  /// The file that holds the picture of `frame`.
  func picture(of frame: Frame) throws -> [UInt8]
}

extension VideoEncoder: PictureEncoding {
  func picture(of frame: Frame) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try encode(frame) { packet in
      guard let data = packet.pointee.data else { return }
      bytes += UnsafeBufferPointer(start: data, count: Int(packet.pointee.size))
    }
    guard !bytes.isEmpty else {
      throw MediaError(.internalFault, "\(name) produced no picture for frame \(frame.index).")
    }
    return bytes
  }
}
