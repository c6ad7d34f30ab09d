import Foundation

/// A file in memory that readers open by its path; it vanishes with the process.
final class ScratchFile {
  private let descriptor: Int32
  private var path: String { "/proc/self/fd/\(descriptor)" }

  /// - Throws: `POSIXError` if the system has no memory or descriptor left.
  private init(_ bytes: [UInt8]) throws {
    let name = "/autochrome-\(UUID().uuidString)"
    descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { throw Self.failure }
    shm_unlink(name)
    guard write(descriptor, bytes, bytes.count) == bytes.count, lseek(descriptor, 0, SEEK_SET) == 0
    else { throw Self.failure }
  }

  private static var failure: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

  deinit { close(descriptor) }

  /// Gives `body` the path of a file that holds the bytes, which is there until it returns.
  static func with(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let file = try ScratchFile(bytes)
    try withExtendedLifetime(file) { try body(file.path) }
  }
}
