import Foundation

/// Holds a file locked, so that one process at a time works on something; the system lets go of it however
/// the process ends.
///
/// `@unchecked Sendable`: nothing changes after `init`.
package final class FileLock: @unchecked Sendable {
  private let descriptor: Int32

  /// - Parameters:
  ///   - path: the file, which is made where it is not there.
  ///   - output: what is worked on, for messages.
  /// - Throws: `MediaError` if another process holds it, or it can't be made.
  package init(_ path: String, of output: String) throws {
    descriptor = FileSystem.open(path, O_RDWR | O_CREAT | O_NOFOLLOW)
    guard descriptor >= 0 else {
      throw MediaError(
        .cannotCreate, "\(path) cannot be created; check its folder and permissions.",
        underlying: String(cString: strerror(errno)))
    }
    // Some file systems have no locks.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw MediaError.isBeingWritten(output)
    }
  }

  deinit { close(descriptor) }
}

extension MediaError {
  /// Of an output that another process has locked.
  static func isBeingWritten(_ output: String) -> MediaError {
    MediaError(
      .cannotCreate,
      "Another process is writing \(output); wait until it has finished, or choose another name.")
  }

  /// Of a file that can't be created though others in its folder could.
  func afterOthers(_ path: String) -> MediaError {
    MediaError(
      .io, "\(path) can't be written: its folder was removed, moved or locked in the meantime.",
      underlying: underlying)
  }
}
