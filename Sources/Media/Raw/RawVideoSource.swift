import CFFmpeg
import Imaging
import Locking

/// Frames of a YUV4MPEG2 or headerless stream. Reads no byte beyond the frame that is asked for, and
/// knows exactly where a stream was cut off.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
package final class RawVideoSource: FrameSource, @unchecked Sendable {
  package let info: SourceInfo

  private let lock = Locked(())
  private let bytes: ByteInput
  private let options: SourceOptions
  private let isY4M: Bool
  private let layout: SampleLayout
  private let frameByteCount: Int
  private let cut: TimeCut
  /// Frames read, wanted or not.
  private var readCount = 0
  private var deliveredCount = 0
  private var isEnded = false
  private var damaged = 0
  /// Whether the header ends in CR LF, as after a pipe or transfer that takes films for text.
  private let hasWindowsLineEnds: Bool

  /// Opens `path`, `-` being stdin. Headerless if `options.format` is `rawvideo`.
  package convenience init(path: String, options: SourceOptions = SourceOptions()) throws {
    try self.init(
      bytes: ByteInput(path: path, interruption: options.interruption), options: options)
  }

  init(bytes: ByteInput, options: SourceOptions) throws {
    LibraryLog.install()
    self.bytes = bytes
    self.options = options
    isY4M = options.format != "rawvideo"
    let header: Y4MHeader
    if isY4M {
      var line = try Self.readLine(bytes, limit: Y4MHeader.lengthLimit)
      hasWindowsLineEnds = line.utf8.last == 0x0D
      if hasWindowsLineEnds { line = String(line.utf8.dropLast()) ?? line }
      header = try Y4MHeader(line, in: bytes.name)
    } else {
      hasWindowsLineEnds = false
      header = try Self.header(options.rawVideo, in: bytes.name)
    }
    layout = try SampleLayout(av_get_pix_fmt(header.pixelFormat), in: bytes.name)
    let size =
      max(header.width, header.height) > Int(UInt16.max)
      ? -1
      : av_image_get_buffer_size(
        layout.pixelFormat, Int32(header.width), Int32(header.height), 1)
    guard size > 0, Int(size) <= PictureSplitter.largestPicture else {
      throw MediaError(
        .unsupported,
        "\(bytes.name) has frames of \(header.width)×\(header.height), which is too large: the limit is "
          + "\(PictureSplitter.largestPicture >> 20) MiB per frame.")
    }
    frameByteCount = Int(size)
    let rate = header.frameRate ?? Rational(25, 1)
    cut = try TimeCut(options, start: 0, rate: rate, isConstant: true)
    var color = ColorDescription(range: header.range, chromaLocation: header.chromaLocation)
    color.settle(for: layout)
    var info = SourceInfo(
      width: header.width, height: header.height, format: layout.format, color: color,
      timeBase: Rational(rate.denominator, rate.numerator), frameRate: rate,
      containerName: isY4M ? "y4m" : "rawvideo")
    info.sampleAspectRatio = header.sampleAspectRatio
    info.fieldOrder = header.fieldOrder
    info.setClock(of: cut)
    info.hasConstantRate = true
    info.isSeekable = bytes.isSeekable
    info.isPipe = !bytes.isSeekable
    if let total = bytes.byteCount {
      let perFrame = frameByteCount + (isY4M ? 6 : 0)
      let count = Int(total - bytes.position) / perFrame
      info.duration = cut.duration(of: Double(count) / rate.value)
      info.estimatedFrameCount = info.duration.map {
        min(Int(($0 * rate.value).rounded()), options.frameLimit ?? Int.max)
      }
    }
    self.info = info
  }

  private static func header(_ raw: SourceOptions.RawVideo?, in file: String) throws -> Y4MHeader {
    guard let raw else {
      throw MediaError(
        .usage, "Headerless video such as \(file) needs a size, a pixel format and a frame rate.")
    }
    guard raw.width > 0, raw.height > 0, raw.frameRate.value > 0 else {
      throw MediaError(
        .usage,
        "\(raw.width)×\(raw.height) at \(raw.frameRate) frames per second is not a valid video format."
      )
    }
    guard av_get_pix_fmt(raw.pixelFormat) != AV_PIX_FMT_NONE else {
      throw MediaError(.usage, "FFmpeg has no pixel format named \(raw.pixelFormat).")
    }
    var header = Y4MHeader()
    header.width = raw.width
    header.height = raw.height
    header.frameRate = raw.frameRate
    header.pixelFormat = raw.pixelFormat
    return header
  }

  /// Text up to the end of the line, which is taken too.
  private static func readLine(_ bytes: ByteInput, limit: Int) throws -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < limit {
      let taken = try withUnsafeMutableBytes(of: &byte) { buffer in
        try buffer.baseAddress.map { try bytes.read(into: $0, count: 1) } ?? 0
      }
      if taken == 0 || byte == 0x0A { break }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }

  package var damagedFrameCount: Int { lock.withLock { _ in damaged } }

  package func next() throws -> SourceElement? {
    try lock.withLock { _ in
      while !isEnded {
        if deliveredCount == options.frameLimit { break }
        let index = readCount
        let place = cut.place(of: Double(index) * info.timeBase.value, number: index)
        if place == .after { break }
        guard let frame = try readFrame(isWanted: place == .inside) else { break }
        readCount += 1
        guard place == .inside else { continue }
        deliveredCount += 1
        return SourceElement(frame: frame)
      }
      isEnded = true
      return nil
    }
  }

  package func skip(to seconds: Double) throws -> Bool {
    try lock.withLock { _ in
      guard bytes.isSeekable, let end = bytes.byteCount else { return false }
      let target = seconds / info.timeBase.value
      while Double(readCount + 1) <= target {
        let start = bytes.position
        if isY4M {
          guard try readFrameHeader() else { return true }
        }
        guard bytes.position + Int64(frameByteCount) < end else {
          // The last frame, whole or not, is for the reader.
          try bytes.seek(to: start)
          return true
        }
        try bytes.seek(to: bytes.position + Int64(frameByteCount))
        readCount += 1
      }
      return true
    }
  }

  /// The next frame; `nil` at the end.
  private func readFrame(isWanted: Bool) throws -> Frame? {
    if isY4M {
      guard try readFrameHeader() else { return nil }
    }
    let buffer = AlignedBuffer(byteCount: frameByteCount)
    let taken = try bytes.readFully(into: buffer.base, count: frameByteCount)
    if taken == 0 && !isY4M { return try end() }
    guard taken == frameByteCount else {
      throw fail(
        bytes.changeOfSize() ?? truncated(expected: frameByteCount, actual: taken))
    }
    if hasWindowsLineEnds { try checkForText(buffer) }
    let decoded = try DecodedFrame()
    try fill(decoded, from: buffer)
    var picture = try decoded.picture(in: bytes.name, promised: info.format)
    picture.color = info.color
    return Frame(
      index: deliveredCount, picture: picture,
      presentationTime: Int64(readCount), duration: 1,
      sampleAspectRatio: info.sampleAspectRatio, fieldOrder: info.fieldOrder)
  }

  private func truncated(expected: Int, actual: Int) -> MediaError {
    MediaError(
      .truncated,
      "\(bytes.name) ends within frame \(readCount): expected \(counted(expected, "byte")), found \(actual)."
    )
  }

  /// Takes `FRAME` and its parameters; `false` at the end of the stream.
  private func readFrameHeader() throws -> Bool {
    let head = try bytes.peek(6)
    if head.isEmpty {
      _ = try end()
      return false
    }
    let line = try Self.readLine(bytes, limit: Y4MHeader.lengthLimit)
    if ["FRAME", "FRAME\r"].contains(line) && head.count == 6 || line.hasPrefix("FRAME ") {
      return true
    }
    let isCutOff = "FRAME\n".utf8.starts(with: head) && head.count < 6
    let error =
      isCutOff
      ? truncated(expected: frameByteCount + 6, actual: head.count)
      : MediaError(
        .corrupt,
        "Frame \(readCount) of \(bytes.name) does not begin with FRAME, at byte "
          + "\(bytes.position - Int64(line.utf8.count) - 1).")
    throw fail(bytes.changeOfSize() ?? error)
  }

  /// The end of the input, which is no end if the file has another size by now.
  private func end() throws -> Frame? {
    if let error = bytes.changeOfSize() { throw fail(error) }
    return nil
  }

  /// Refuses a frame within which line ends were changed, too: then each line feed follows a carriage
  /// return, and there are more bytes than the frame had, so that the next one does not follow.
  private func checkForText(_ buffer: AlignedBuffer) throws {
    let samples = UnsafeRawBufferPointer(start: buffer.base, count: frameByteCount)
    var (previous, count) = (UInt8(0), 0)
    for sample in samples {
      if sample == 0x0A {
        guard previous == 0x0D else { return }
        count += 1
      }
      previous = sample
    }
    guard count > 0 else { return }
    let following = try bytes.peek(5)
    if following.isEmpty || following.elementsEqual("FRAME".utf8) { return }
    throw fail(
      MediaError(
        .corrupt,
        "\(bytes.name) was transferred as text: every LF became CR LF, which has damaged frame \(readCount); transfer "
          + "it as binary data."))
  }

  /// Damage ends the stream whatever the policy: without a place to go on at, nothing can follow.
  private func fail(_ error: MediaError) -> MediaError {
    isEnded = true
    damaged += 1
    return error
  }

  /// Lets `frame` point into `buffer`, which it keeps.
  private func fill(_ frame: DecodedFrame, from buffer: AlignedBuffer) throws {
    let raw = frame.pointer
    raw.pointee.format = layout.pixelFormat.rawValue
    raw.pointee.width = Int32(info.width)
    raw.pointee.height = Int32(info.height)
    let status = ac_frame_point_into(
      raw, buffer.base, frameByteCount,
      { opaque, _ in
        if let opaque { Unmanaged<AlignedBuffer>.fromOpaque(opaque).release() }
      }, Unmanaged.passRetained(buffer).toOpaque())
    guard status >= 0 else {
      Unmanaged.passUnretained(buffer).release()
      throw MediaError(.internalFault, "A frame cannot be laid out.", status: status)
    }
  }
}
