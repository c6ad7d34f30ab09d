import CFFmpeg
import Foundation

/// Bytes of a file or pipe, with a place to look ahead. Waits in slices of 100 ms, so that an
/// interruption is seen.
///
/// `@unchecked Sendable`: used by one source, which is called serially.
final class ByteInput: @unchecked Sendable {
  /// What messages call it.
  let name: String
  /// Whether it is a regular file.
  let isSeekable: Bool
  /// Size of a regular file, in bytes.
  let byteCount: Int64?
  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private let interruption: MediaInterruption?
  private var ahead: [UInt8] = []
  /// Place of the next byte that `read` gives.
  private(set) var position: Int64 = 0
  /// Looks at what is read, where the container is of a kind that can be followed.
  private(set) var structure: (any ContainerStructure)?
  /// The first failure of the system, kept because FFmpeg passes it on as a mere number.
  private(set) var failure: MediaError?

  /// Opens `path`; `-` is stdin.
  init(path: String, interruption: MediaInterruption?) throws {
    self.interruption = interruption
    if path == "-" {
      name = "stdin"
      descriptor = 0
      ownsDescriptor = false
      let mode = fcntl(0, F_GETFL)
      guard mode >= 0, mode & O_ACCMODE != O_WRONLY else {
        throw MediaError(
          .noSuchFile, "stdin is closed; pipe the film in, or name a file.")
      }
    } else {
      name = path
      // A named pipe is not waited for here, where nothing could end the wait.
      descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      ownsDescriptor = true
      if descriptor < 0 {
        let reason = errno
        throw MediaError(
          .noSuchFile,
          reason == ENOENT
            ? "The input \(path) does not exist."
            : "The input \(path) cannot be opened; check its permissions.",
          underlying: String(cString: strerror(reason)))
      }
    }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    isSeekable = isRegular
    byteCount = isRegular ? Int64(status.st_size) : nil
    if isRegular { position = Int64(lseek(descriptor, 0, SEEK_CUR)) }
  }

  deinit {
    if ownsDescriptor && descriptor >= 0 { close(descriptor) }
  }

  /// Reads at least one and at most `count` bytes; 0 at the end.
  func read(into base: UnsafeMutableRawPointer, count: Int) throws -> Int {
    var taken = min(count, ahead.count)
    if taken > 0 {
      ahead.withUnsafeBytes { bytes in
        if let start = bytes.baseAddress { base.copyMemory(from: start, byteCount: taken) }
      }
      ahead.removeFirst(taken)
    } else {
      taken = try readDescriptor(into: base, count: count)
    }
    structure?.follow(UnsafeRawBufferPointer(start: base, count: taken), at: position)
    position += Int64(taken)
    return taken
  }

  /// Reads until `count` bytes are there or the input ends; returns how many there are.
  func readFully(into base: UnsafeMutableRawPointer, count: Int) throws -> Int {
    var total = 0
    while total < count {
      let taken = try read(into: base + total, count: count - total)
      if taken == 0 { break }
      total += taken
    }
    return total
  }

  /// The next `count` bytes, fewer at the end, without taking them.
  func peek(_ count: Int) throws -> [UInt8] {
    while ahead.count < count {
      let missing = count - ahead.count
      var more = [UInt8](repeating: 0, count: missing)
      let taken = try more.withUnsafeMutableBytes { bytes in
        try bytes.baseAddress.map { try readDescriptor(into: $0, count: missing) } ?? 0
      }
      if taken == 0 { break }
      ahead += more.prefix(taken)
    }
    return Array(ahead.prefix(count))
  }

  /// From here on looks at the structure of what is read, if it begins as a container that can be
  /// followed.
  func watchStructure() throws {
    guard position == 0 else { return }
    let head = try peek(4)
    if head == MatroskaStructure.magic {
      structure = MatroskaStructure()
    } else if head == OggStructure.magic {
      structure = OggStructure()
    } else if head.first == 0x47,
      TransportStructure.begins(try peek(2 * TransportStructure.packetByteCount + 1))
    {
      structure = TransportStructure()
    }
  }

  /// Goes to `offset` of a regular file.
  func seek(to offset: Int64) throws {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw fail(errno) }
    ahead = []
    position = offset
  }

  /// What changed since the file was opened: it has become shorter, or it is still being written.
  /// `nil` if its size is the same, and for what has none.
  func changeOfSize() -> MediaError? {
    var status = stat()
    guard let byteCount, fstat(descriptor, &status) == 0 else { return nil }
    let now = Int64(status.st_size)
    if now < byteCount {
      return MediaError(
        .truncated,
        "\(name) shrank while it was being read, from \(counted(byteCount, "byte")) to \(now); get a complete copy."
      )
    }
    if now > byteCount {
      return MediaError(
        .truncated,
        "\(name) is still being written: it has grown from \(counted(byteCount, "byte")) to \(now) since it was "
          + "opened; try again when it is complete.")
    }
    return nil
  }

  private func readDescriptor(into base: UnsafeMutableRawPointer, count: Int) throws -> Int {
    while true {
      if interruption?.isEndRequested == true {
        throw MediaError(.interrupted, "Reading \(name) was interrupted.")
      }
      if !isSeekable {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&waiting, 1, 100)
        if ready == 0 || (ready < 0 && errno == EINTR) { continue }
      }
      let taken = Foundation.read(descriptor, base, count)
      if taken >= 0 { return taken }
      if errno != EINTR && errno != EAGAIN { throw fail(errno) }
    }
  }

  private func fail(_ code: Int32) -> MediaError {
    let error = MediaError(
      .io, "Reading \(name) failed at byte \(position).",
      underlying: String(cString: strerror(code)))
    failure = failure ?? error
    return error
  }
}

// MARK: -

/// FFmpeg's I/O context that reads from a `ByteInput`.
///
/// `@unchecked Sendable`: used by one source, which is called serially.
final class InputContext: @unchecked Sendable {
  let bytes: ByteInput
  let pointer: UnsafeMutablePointer<AVIOContext>

  init(_ bytes: ByteInput) throws {
    self.bytes = bytes
    let opaque = Unmanaged.passUnretained(bytes).toOpaque()
    guard
      let context = ac_io_context(
        bytes.isSeekable ? 1 << 18 : 1 << 16, 0, opaque, Self.read, nil,
        bytes.isSeekable ? Self.seek : nil)
    else { throw MediaError.outOfMemory }
    pointer = context
  }

  deinit { ac_io_context_free(pointer) }

  private static let read:
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
      opaque, buffer, count in
      guard let opaque, let buffer else { return ac_averror(EINVAL) }
      let bytes = Unmanaged<ByteInput>.fromOpaque(opaque).takeUnretainedValue()
      do {
        let taken = try bytes.read(into: buffer, count: Int(count))
        return taken == 0 ? ac_error_eof() : Int32(taken)
      } catch let error as MediaError where error.code == .interrupted {
        return ac_error_exit()
      } catch {
        return ac_averror(EIO)
      }
    }

  private static let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = {
    opaque, offset, whence in
    guard let opaque else { return Int64(ac_averror(EINVAL)) }
    let bytes = Unmanaged<ByteInput>.fromOpaque(opaque).takeUnretainedValue()
    if whence & AVSEEK_SIZE != 0 { return bytes.byteCount ?? Int64(ac_averror(ENOSYS)) }
    let target: Int64
    switch whence & 3 {
    case SEEK_SET: target = offset
    case SEEK_CUR: target = bytes.position + offset
    default: target = (bytes.byteCount ?? 0) + offset
    }
    do {
      try bytes.seek(to: target)
      return target
    } catch {
      return Int64(ac_averror(EIO))
    }
  }
}
