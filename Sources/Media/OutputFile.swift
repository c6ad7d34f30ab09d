import CFFmpeg
import Dispatch
import Foundation

/// Bytes on their way into a file or pipe. A file is written under a temporary name in the same
/// folder, `.NAME.partial`, and gets its name when it is complete; what is there under the name
/// already and is no regular file (a device, a named pipe) is written straight.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class OutputFile: @unchecked Sendable {
  /// What messages call it.
  let name: String
  /// Whether it is a regular file.
  let isSeekable: Bool
  private let path: String?
  private let temporaryPath: String?
  private var descriptor: Int32
  private let ownsDescriptor: Bool
  private let options: SinkOptions
  private(set) var position: Int64 = 0
  /// The first failure of the system.
  private(set) var failure: MediaError?

  /// Creates `path`; `-` is stdout. Of `options` counts what concerns the file.
  init(path: String, options: SinkOptions) throws {
    self.options = options
    if path == "-" {
      name = "stdout"
      (self.path, temporaryPath, descriptor, ownsDescriptor) = (nil, nil, 1, false)
      let mode = fcntl(1, F_GETFL)
      guard mode >= 0, mode & O_ACCMODE != O_RDONLY else {
        isSeekable = false
        throw MediaError(
          .cannotCreate, "stdout is closed; send it to a file or a pipe, or name an output file.")
      }
      var status = stat()
      isSeekable = fstat(1, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      return
    }
    name = path
    self.path = path
    ownsDescriptor = true
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists && status.st_mode & S_IFMT == S_IFDIR {
      throw MediaError(.cannotCreate, "\(path) is a folder; give the name of a file.")
    }
    if exists && status.st_mode & S_IFMT != S_IFREG {
      temporaryPath = nil
      isSeekable = false
      descriptor = try Self.openDevice(path, status, options.interruption)
    } else {
      try options.checkPlace(path)
      let target = Self.temporaryPath(for: path)
      try options.protected?.check(target)
      temporaryPath = target
      isSeekable = true
      descriptor = open(target, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      // Some file systems have no locks.
      if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
        close(descriptor)
        throw MediaError(
          .cannotCreate, "Another process is writing \(path); wait for it, or give another name.")
      }
      if descriptor >= 0 { _ = ftruncate(descriptor, 0) }
    }
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw MediaError(
        .cannotCreate, "The output \(path) cannot be created; check its folder and permissions.",
        underlying: reason)
    }
  }

  deinit { discard() }

  /// Opens what is there already and is no regular file. A named pipe waits for its reader, as long as
  /// nobody asks to stop.
  private static func openDevice(
    _ path: String, _ status: stat, _ interruption: Interruption?
  ) throws -> Int32 {
    guard status.st_mode & S_IFMT == S_IFIFO else { return open(path, O_WRONLY | O_CLOEXEC) }
    while true {
      let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor < 0, errno == ENXIO || errno == EINTR else { return descriptor }
      if interruption?.isEndRequested == true {
        throw MediaError(.interrupted, "Stopped: nobody reads \(path).")
      }
      usleep(50_000)
    }
  }

  /// The name of a file while it is written.
  static func temporaryPath(for path: String) -> String {
    let url = URL(fileURLWithPath: path)
    let folder = path.contains("/") ? url.deletingLastPathComponent().path + "/" : ""
    return folder + "." + url.lastPathComponent + ".partial"
  }

  /// Writes all of `count` bytes.
  func write(_ base: UnsafeRawPointer, count: Int) throws {
    if let failure { throw failure }
    var done = 0
    var lastProgress = DispatchTime.now().uptimeNanoseconds
    while done < count {
      if options.interruption?.isRequested == true {
        throw MediaError(.interrupted, "Writing \(name) was interrupted.")
      }
      if !isSeekable, options.interruption?.endsWait(since: lastProgress) == true {
        throw MediaError(.interrupted, "Stopped: the reader of \(name) takes nothing more.")
      }
      var chunk = count - done
      if !isSeekable {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let ready = poll(&waiting, 1, 100)
        if ready == 0 || (ready < 0 && errno == EINTR) { continue }
        // A pipe that is ready takes this much without blocking.
        chunk = min(chunk, 4096)
      }
      let taken = Foundation.write(descriptor, base + done, chunk)
      if taken >= 0 {
        done += taken
        position += Int64(taken)
        if !isSeekable { lastProgress = DispatchTime.now().uptimeNanoseconds }
      } else if errno != EINTR && errno != EAGAIN {
        throw fail(errno, "Writing \(name) failed at byte \(position)")
      }
    }
  }

  func seek(to offset: Int64) throws {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
      throw fail(errno, "Going to byte \(offset) of \(name) failed")
    }
    position = offset
  }

  var byteCount: Int64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Brings all to the disk and gives the file its name. Without `syncs` the disk may take its time.
  func commit(syncs: Bool = true) throws {
    try commit(as: path, check: options.checkPlace, syncs: syncs)
  }

  /// As `commit`, under a name that tells that not all is there: `film.mkv` becomes
  /// `film.partial.mkv`. Returns it; `nil` for what has no name of its own.
  func commitEarly() throws -> String? {
    guard let path, temporaryPath != nil else {
      try commit()
      return nil
    }
    let early = Self.earlyPath(for: path)
    // What an earlier run left there may be replaced, the input may not.
    try commit(as: early, check: { try options.protected?.check($0) }, syncs: true)
    return early
  }

  private static func earlyPath(for path: String) -> String {
    let url = URL(fileURLWithPath: path)
    let folder = path.contains("/") ? url.deletingLastPathComponent().path + "/" : ""
    let ending = url.pathExtension
    return folder + url.deletingPathExtension().lastPathComponent + ".partial"
      + (ending.isEmpty ? "" : "." + ending)
  }

  /// After a failure: leaves what was written under the name that `commitEarly` gives, or, where even
  /// that fails, under its temporary one. Returns the name; `nil` for what has none of its own.
  func salvage() -> String? {
    guard let path, let temporaryPath, descriptor >= 0 else {
      discard()
      return nil
    }
    // As far as it goes: the failure may be the disk's.
    _ = fsync(descriptor)
    close(descriptor)
    descriptor = -1
    let early = Self.earlyPath(for: path)
    guard options.protected?.contain(early) != true, rename(temporaryPath, early) == 0 else {
      return temporaryPath
    }
    return early
  }

  /// `check` is asked last, when all else is done.
  private func commit(as path: String?, check: (String) throws -> Void, syncs: Bool) throws {
    guard ownsDescriptor, descriptor >= 0 else { return }
    if let temporaryPath, let path {
      if syncs && fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS {
        throw fail(errno, "Bringing \(name) to the disk failed")
      }
      try check(path)
      guard rename(temporaryPath, path) == 0 else {
        throw fail(errno, "Giving \(path) its name failed")
      }
      if syncs { syncFolder(of: path) }
    }
    let status = close(descriptor)
    descriptor = -1
    if status != 0 { throw fail(errno, "Closing \(name) failed") }
  }

  /// Not all file systems know how; the file itself is safe.
  private func syncFolder(of path: String) {
    let folder = open(
      path.contains("/") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : ".",
      O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    _ = fsync(folder)
    close(folder)
  }

  /// Closes and removes what was written, unless it was committed.
  func discard() {
    guard ownsDescriptor, descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    if let temporaryPath { unlink(temporaryPath) }
  }

  private func fail(_ code: Int32, _ what: String) -> MediaError {
    let remedy: String
    switch code {
    case ENOSPC, EDQUOT: remedy = "; make room and start again."
    case EPIPE: remedy = ": the reader closed the pipe."
    default: remedy = "."
    }
    let error = MediaError(.io, what + remedy, underlying: String(cString: strerror(code)))
    failure = failure ?? error
    return error
  }
}

/// FFmpeg's I/O context that writes to an `OutputFile`.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class OutputContext: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<AVIOContext>
  private let file: OutputFile

  init(_ file: OutputFile) throws {
    self.file = file
    guard
      let context = ac_io_context(
        1 << 18, 1, Unmanaged.passUnretained(file).toOpaque(), nil, Self.write,
        file.isSeekable ? Self.seek : nil)
    else { throw MediaError.outOfMemory }
    pointer = context
  }

  deinit { ac_io_context_free(pointer) }

  private static let write:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int32) -> Int32 = {
      opaque, buffer, count in
      guard let opaque, let buffer else { return ac_averror(EINVAL) }
      let file = Unmanaged<OutputFile>.fromOpaque(opaque).takeUnretainedValue()
      do {
        try file.write(buffer, count: Int(count))
        return count
      } catch let error as MediaError where error.code == .interrupted {
        return ac_error_exit()
      } catch {
        return ac_averror(EIO)
      }
    }

  private static let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = {
    opaque, offset, whence in
    guard let opaque else { return Int64(ac_averror(EINVAL)) }
    let file = Unmanaged<OutputFile>.fromOpaque(opaque).takeUnretainedValue()
    if whence & AVSEEK_SIZE != 0 { return file.byteCount }
    let target: Int64
    switch whence & 3 {
    case SEEK_SET: target = offset
    case SEEK_CUR: target = file.position + offset
    default: target = file.byteCount + offset
    }
    do {
      try file.seek(to: target)
      return target
    } catch {
      return Int64(ac_averror(EIO))
    }
  }
}
