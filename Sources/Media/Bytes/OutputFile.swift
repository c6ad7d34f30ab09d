import CFFmpeg
import Dispatch
import Foundation

/// Bytes on their way into a file or pipe. A file is written under a temporary name in the same
/// folder, see `TemporaryFile`, and gets its name when it is complete; what is there under the name
/// already and is no regular file (a device, a named pipe) is written straight.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class OutputFile: @unchecked Sendable {
  /// What messages call it.
  let name: String
  /// Whether it is a regular file.
  let isSeekable: Bool
  /// What the user may want to know of the place, in sentences.
  var notes: [String] { temporary?.notes ?? [] }
  private let temporary: TemporaryFile?
  /// Whether it lies under a temporary name until it is complete.
  var isTemporary: Bool { temporary != nil }
  private var descriptor: Int32
  private let ownsDescriptor: Bool
  private let options: SinkOptions
  private let isReadSoon: Bool
  private(set) var position: Int64 = 0
  /// The first failure of the system.
  private(set) var failure: MediaError?
  private var nextCheck = ContinuousClock.now
  /// What is before is on its way to the disk.
  private var syncBegun: Int64 = 0

  /// So many bytes are sent to the disk at once: none of a film is to be waited for long at its end.
  private static let syncStep: Int64 = 8 << 20

  /// Creates `path`; `-` is stdout. Of `options` counts what concerns the file.
  /// - Parameters:
  ///   - refusesTerminals: whether what is written is nothing for a terminal.
  ///   - isReadSoon: whether what is written had better stay in the system's memory.
  init(
    path: String, options: SinkOptions, refusesTerminals: Bool = true, isReadSoon: Bool = true
  ) throws {
    self.options = options
    self.isReadSoon = isReadSoon
    if refusesTerminals { try Terminal.refuse(path) }
    if path == "-" {
      (name, temporary, descriptor, ownsDescriptor) = ("stdout", nil, 1, false)
      let mode = fcntl(1, F_GETFL)
      guard mode >= 0, mode & O_ACCMODE != O_RDONLY else {
        isSeekable = false
        throw MediaError(
          .cannotCreate,
          "stdout is closed; redirect it to a file or a pipe, or name an output file.")
      }
      var status = stat()
      isSeekable = fstat(1, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      return
    }
    let kind = FileSystem.type(of: path)
    if kind == S_IFDIR {
      throw MediaError(.cannotCreate, "\(path) is a folder; give the name of a file.")
    }
    (name, ownsDescriptor) = (path, true)
    guard let kind, kind != S_IFREG else {
      try options.checkPlace(path)
      try options.protected?.check(OutputNames(path).hidden(1))
      if options.createsFolder { try MediaSink.createFolder(OutputNames(path).folder) }
      let file = try TemporaryFile(for: path, leftovers: options.leftovers)
      (temporary, isSeekable, descriptor) = (file, true, file.descriptor)
      return
    }
    (temporary, isSeekable) = (nil, false)
    descriptor = try Self.openDevice(path, kind: kind, options.interruption)
    guard descriptor >= 0 else {
      throw MediaError(
        .cannotCreate, "The output \(path) cannot be created; check its folder and permissions.",
        underlying: String(cString: strerror(errno)))
    }
  }

  deinit { discard() }

  /// Opens what is there already and is no regular file. A named pipe waits for its reader, as long as
  /// nobody asks to stop.
  private static func openDevice(_ path: String, kind: mode_t, _ interruption: MediaInterruption?)
    throws
    -> Int32
  {
    guard kind == S_IFIFO else { return FileSystem.open(path, O_WRONLY | O_NOCTTY) }
    while true {
      let descriptor = FileSystem.open(path, O_WRONLY | O_NONBLOCK)
      guard descriptor < 0, errno == ENXIO || errno == EINTR else { return descriptor }
      if interruption?.isEndRequested == true {
        throw MediaError(.interrupted, "Stopped: no process opened \(path) for reading.")
      }
      usleep(50_000)
    }
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
        throw MediaError(.interrupted, "Stopped: the reader of \(name) has stopped reading.")
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
    beginSync()
  }

  /// Has the system write to the disk while more is made, and forget what was written if nobody will ask for
  /// it soon. What goes wrong, `commit` notices.
  private func beginSync() {
    guard isTemporary, position - syncBegun >= Self.syncStep else { return }
    _ = ac_begin_sync(descriptor, syncBegun, position - syncBegun)
    if !isReadSoon { _ = posix_fadvise(descriptor, 0, off_t(syncBegun), POSIX_FADV_DONTNEED) }
    syncBegun = position
  }

  func seek(to offset: Int64) throws {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
      throw fail(errno, "Seeking to byte \(offset) of \(name) failed")
    }
    position = offset
  }

  /// Reads what was written, wherever writing goes on. Returns how many bytes came; negative on failure.
  func read(into buffer: UnsafeMutableRawPointer, count: Int, at offset: Int64) -> Int {
    while true {
      let taken = pread(descriptor, buffer, count, off_t(offset))
      if taken >= 0 || errno != EINTR { return taken }
    }
  }

  var byteCount: Int64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Notices, at most a quarter of a second late, when the file has lost its place: what is written
  /// from then on would be for nothing.
  /// - Throws: `MediaError` if it or its folder was removed or moved.
  func checkPlace() throws {
    guard temporary != nil, descriptor >= 0, ContinuousClock.now >= nextCheck else { return }
    nextCheck = .now + .milliseconds(250)
    try checkPlaceNow()
  }

  private func checkPlaceNow() throws {
    guard let temporary, !temporary.isInPlace else { return }
    throw MediaError(
      .io,
      "\(name) can no longer be written: its temporary file or its folder was removed or moved meanwhile."
    )
  }

  /// Brings all to the disk and gives the file its name. Without `syncs` the disk may take its time.
  func commit(syncs: Bool = true) throws {
    guard ownsDescriptor, descriptor >= 0 else { return }
    if let temporary {
      try sync(syncs)
      try checkPlaceNow()
      // Asked last, when all else is done.
      try options.checkPlace(name)
      switch temporary.publish(replacing: options.overwrite) {
      case 0: break
      case EEXIST: throw options.isTaken(name)
      case let code: throw fail(code, "Renaming the finished file to \(name) failed")
      }
      if syncs { syncFolder(of: name) }
    }
    try closeDescriptor()
  }

  /// As `commit`, under a name that tells that not all is there: `film.mkv` becomes
  /// `film.partial.mkv`, or `film.partial-2.mkv` where that is taken. Returns it; `nil` for what has no
  /// name of its own.
  func commitEarly() throws -> String? {
    guard ownsDescriptor, descriptor >= 0, let temporary else {
      try commit()
      return nil
    }
    try sync(true)
    guard let kept = temporary.keepPartial() else {
      try checkPlaceNow()
      throw fail(
        errno, "Renaming the unfinished output, to keep what was written of \(name), failed")
    }
    syncFolder(of: kept)
    try closeDescriptor()
    return kept
  }

  /// After a failure: leaves what was written under the name that `commitEarly` gives, or, where even
  /// that fails, under its temporary one.
  /// - Parameter byteCount: how much of it is of use; `nil` for all.
  /// - Returns: the name; `nil` for what has none of its own, and if nothing could be kept.
  func salvage(keeping byteCount: Int64? = nil) -> String? {
    guard descriptor >= 0, let temporary else {
      discard()
      return nil
    }
    // As far as it goes: the failure may be the disk's.
    if let byteCount { _ = ftruncate(descriptor, off_t(byteCount)) }
    _ = fsync(descriptor)
    let kept = temporary.keepPartial()
    close(descriptor)
    descriptor = -1
    return kept
  }

  private func sync(_ isWanted: Bool) throws {
    if isWanted && fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS {
      throw fail(errno, "Flushing \(name) to disk failed")
    }
  }

  private func closeDescriptor() throws {
    let status = close(descriptor)
    descriptor = -1
    if status != 0 { throw fail(errno, "Closing \(name) failed") }
  }

  /// Not all file systems know how; the file itself is safe.
  private func syncFolder(of path: String) {
    let folder = OutputNames(path).folder
    let opened = FileSystem.open(folder.isEmpty ? "." : folder, O_RDONLY)
    guard opened >= 0 else { return }
    _ = fsync(opened)
    close(opened)
  }

  /// Closes and removes what was written, unless it was committed.
  func discard() {
    guard ownsDescriptor, descriptor >= 0 else { return }
    temporary?.remove()
    close(descriptor)
    descriptor = -1
  }

  private func fail(_ code: Int32, _ what: String) -> MediaError {
    let remedy: String
    switch code {
    case ENOSPC, EDQUOT: remedy = "; free some space and start again."
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
