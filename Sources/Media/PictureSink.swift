import CFFmpeg
import Foundation
public import Imaging
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
public final class PictureSink: FrameSink, @unchecked Sendable {
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

  public let notes: [String]

  private let lock = Locked(())
  private let target: Target
  private let options: SinkOptions
  private let timeBase: Rational
  private let fallbackEncoder: String
  private var encoder: (key: Key, encoder: VideoEncoder)?
  private var written = 0

  /// Creates the output. `path` is `-`, a folder, a pattern such as `out/%06d.png`, or the name of
  /// one picture.
  public init(path: String, source: SourceInfo, options: SinkOptions = SinkOptions()) throws {
    LibraryLog.install()
    self.options = options
    timeBase = source.timeBase
    notes = source.notesOfStreamsLeftOut(by: "pictures")
    let byName: String?
    let ending = (path as NSString).pathExtension
    if path == "-" {
      target = .pipe(try OutputFile(path: path, options: options))
      byName = PictureKind.encoder(forCodec: source.codecName)
    } else if let pattern = PictureList.Pattern(path) {
      target = .pattern(pattern)
      byName = PictureKind.encoder(forExtension: pattern.fileExtension)
      try MediaSink.createFolder(pattern.folder.isEmpty ? "." : pattern.folder)
    } else if let encoder = PictureKind.encoder(forExtension: ending) {
      target = .file(path)
      byName = encoder
      if !options.keepsPictures { try options.checkPlace(path) }
    } else {
      target = .folder(path)
      byName = nil
      try MediaSink.createFolder(path)
    }
    fallbackEncoder = byName ?? "png"
    // An encoder that is missing, or not for pictures, is told now.
    let chosen = options.encoder ?? fallbackEncoder
    _ = try OutputFormat.findEncoder(chosen)
    guard [.pictureRGB, .pictureYUV].contains(EncoderTraits.of(chosen).family) else {
      throw MediaError(
        .encoderRefuses,
        "\(chosen) writes no picture files; take png, tiff, mjpeg, ppm, bmp or dpx.")
    }
  }

  /// The encoder for a frame: the one asked for, or by the output's name, or as the source was.
  private func encoderName(for frame: Frame) -> String {
    if let name = options.encoder { return name }
    if case .folder = target, let source = frame.fileName {
      return PictureKind.encoder(forExtension: (source as NSString).pathExtension)
        ?? fallbackEncoder
    }
    return fallbackEncoder
  }

  public func outputFormat(for frame: Frame) throws -> OutputFormat {
    try OutputFormat.choose(
      source: frame.picture.format, color: frame.picture.color, width: frame.picture.width,
      height: frame.picture.height, encoder: encoderName(for: frame),
      requested: options.pixelFormat)
  }

  public func write(_ element: SourceElement) throws {
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
        try encode(frame, encoder, into: file)
      case .file(let path):
        guard written == 0 else {
          throw MediaError(
            .usage,
            "\(path) holds one picture; give a folder or a pattern such as %06d.png for more.")
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
    guard let name = frame.fileName as NSString? else {
      let number = String(frame.index + 1)
      return String(repeating: "0", count: max(0, 6 - number.count)) + number + "."
        + PictureKind.fileExtension(ofEncoder: encoder)
    }
    if encoder == PictureKind.encoder(forExtension: name.pathExtension), encoder != "ppm" {
      return name as String
    }
    return name.deletingPathExtension + "." + PictureKind.fileExtension(ofEncoder: encoder)
  }

  private func encoder(for key: Key) throws -> VideoEncoder {
    if let encoder, encoder.key == key { return encoder.encoder }
    var options = options
    options.threads = 1
    let made = try VideoEncoder(
      key.encoder, output: key.output,
      stream: VideoEncoder.Stream(
        width: key.width, height: key.height, timeBase: timeBase,
        sampleAspectRatio: key.sampleAspectRatio),
      options: options)
    encoder = (key, made)
    return made
  }

  private func writeFile(_ frame: Frame, _ encoder: VideoEncoder, _ path: String) throws {
    if options.keepsPictures, FileSystem.isTaken(path) { return }
    let file: OutputFile
    do {
      // Half a picture of a killed run is of no use: this one is written anew.
      file = try OutputFile(path: path, options: options, keepsLeftovers: false)
    } catch let error as MediaError where error.code == .cannotCreate && written > 0 {
      throw MediaError(
        .io, "\(path) can't be written: its folder was removed, moved or locked meanwhile.",
        underlying: error.underlying)
    }
    try encode(frame, encoder, into: file)
    try file.commit(syncs: false)
  }

  private func encode(_ frame: Frame, _ encoder: VideoEncoder, into file: OutputFile) throws {
    var isWritten = false
    try encoder.encode(frame) { packet in
      isWritten = true
      if let data = packet.pointee.data { try file.write(data, count: Int(packet.pointee.size)) }
    }
    guard isWritten else {
      throw MediaError(.internalFault, "\(encoder.name) gave no picture for frame \(frame.index).")
    }
  }

  /// Brings the pictures to the disk.
  public func finish() throws {
    try lock.withLock { _ in
      let folder: String
      switch target {
      case .pipe: return
      case .folder(let path): folder = path
      case .pattern(let pattern): folder = pattern.folder
      case .file(let path): folder = (path as NSString).deletingLastPathComponent
      }
      let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      let status = ac_sync_file_system(descriptor)
      let reason = errno
      close(descriptor)
      guard status == 0 else {
        throw MediaError(
          .io, "Bringing the pictures in \(folder) to the disk failed.",
          underlying: String(cString: strerror(reason)))
      }
    }
  }

  /// Leaves the pictures that are complete: each is whole.
  public func finishEarly() throws -> String? {
    try finish()
    return nil
  }

  /// The folder, if it is there still and holds pictures that were written.
  public func salvage() -> String? {
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

  public func discard() {}
}
