import CFFmpeg
package import Imaging
import Locking

/// Writes frames as a YUV4MPEG2 or headerless stream. Depth and luma stay as they are. Neither form
/// holds time stamps or other streams, so that copied packets are left out.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
package final class RawVideoSink: FrameSink, @unchecked Sendable {
  /// The form of all pictures.
  package let outputFormat: OutputFormat
  package let notes: [String]

  private let lock = Locked(())
  private let file: OutputFile
  private let maker: EncoderFrameMaker
  private let isY4M: Bool
  private let width: Int
  private let height: Int
  private let buffer: AlignedBuffer
  /// Bytes of the header and of whole frames.
  private var wholeByteCount: Int64?

  /// Creates the output `path`, `-` being stdout, and writes the header.
  ///
  /// Headerless if `options.format` is `rawvideo` or the name ends in `.yuv`, `.rgb` or `.raw`.
  package init(path: String, source: SourceInfo, options: SinkOptions = SinkOptions()) throws {
    LibraryLog.install()
    isY4M =
      options.format.map { $0 != "rawvideo" }
      ?? ![".yuv", ".rgb", ".raw"].contains { path.lowercased().hasSuffix($0) }
    if let option = options.encoderOptions.keys.min() {
      throw MediaError(
        .usage,
        "\(isY4M ? "y4m" : "Raw video") is not encoded, so the encoder option \(option) has no effect; leave it out."
      )
    }
    outputFormat = try OutputFormat.choose(
      source: source.format, color: source.color, width: source.width, height: source.height,
      traits: .raw(isY4M ? "y4m" : "rawvideo"), candidates: Self.candidates(isY4M: isY4M),
      requested: options.pixelFormat)
    maker = try EncoderFrameMaker(outputFormat)
    (width, height) = (source.width, source.height)
    let size = av_image_get_buffer_size(
      maker.layout.pixelFormat, Int32(width), Int32(height), 1)
    guard size > 0 else {
      throw MediaError(.unsupported, "Frames of \(width)×\(height) are too large for \(path).")
    }
    buffer = AlignedBuffer(byteCount: Int(size))
    file = try OutputFile(path: path, options: options)
    notes =
      file.notes + outputFormat.notes
      + source.notesOfStreamsLeftOut(by: isY4M ? "y4m" : "raw video")
    guard isY4M else { return }
    var header = Y4MHeader()
    header.width = width
    header.height = height
    header.frameRate = source.frameRate
    header.sampleAspectRatio = source.sampleAspectRatio
    header.fieldOrder = source.fieldOrder
    header.pixelFormat = outputFormat.encoderPixelFormat
    header.range = outputFormat.color.range
    header.chromaLocation = outputFormat.color.chromaLocation
    try write(header.line)
  }

  /// What the stream can hold, as FFmpeg's pixel formats.
  private static func candidates(isY4M: Bool) -> [SampleLayout] {
    if isY4M {
      var names: [String] = []
      for space in Y4MHeader.colorSpaces where !names.contains(space.pixelFormat) {
        names.append(space.pixelFormat)
      }
      return names.compactMap { OutputFormat.colorLayout(av_get_pix_fmt($0)) }
    }
    return OutputFormat.allColorLayouts
  }

  package func outputFormat(for frame: Frame) -> OutputFormat { outputFormat }

  package func write(_ element: SourceElement) throws {
    guard let frame = element.frame else { return }
    try lock.withLock { _ in
      try file.checkPlace()
      let picture = frame.picture
      guard (picture.width, picture.height) == (width, height) else {
        throw MediaError(
          .unsupported,
          "Frame \(frame.index) is \(picture.width)×\(picture.height), but \(file.name) holds frames "
            + "of \(width)×\(height) only.")
      }
      let raw = try maker.frame(picture, named: "Frame \(frame.index)")
      let count = ac_frame_pack(raw.pointer, buffer.base, Int32(buffer.byteCount))
      guard count == buffer.byteCount else {
        throw MediaError(.internalFault, "Frame \(frame.index) cannot be packed.", status: count)
      }
      if isY4M { try write("FRAME\n") }
      try file.write(buffer.base, count: buffer.byteCount)
      wholeByteCount = file.position
    }
  }

  package func finish() throws { try lock.withLock { _ in try file.commit() } }
  package func finishEarly() throws -> String? { try lock.withLock { _ in try file.commitEarly() } }
  /// What was written of a frame that did not fit is cut off; no frame, no file.
  package func salvage() -> String? {
    lock.withLock { _ in
      guard let wholeByteCount else {
        file.discard()
        return nil
      }
      return file.salvage(keeping: wholeByteCount)
    }
  }
  package func discard() { lock.withLock { _ in file.discard() } }

  private func write(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { try file.write(base, count: bytes.count) }
    }
  }
}
