import Foundation

/// Bytes that are read by their place.
protocol ByteRanges {
  /// What messages call them.
  var name: String { get }
  var byteCount: Int { get }
  /// The bytes from `offset` on; fewer than `count` at the end.
  func bytes(at offset: Int, count: Int) throws -> [UInt8]
}

/// Bytes in memory.
struct ByteBlock: ByteRanges {
  let name: String
  let block: [UInt8]

  var byteCount: Int { block.count }

  func bytes(at offset: Int, count: Int) -> [UInt8] {
    guard offset >= 0, count > 0, offset < block.count else { return [] }
    return Array(block[offset..<(offset + min(count, block.count - offset))])
  }
}

/// A picture file that is open for reading.
final class PictureFile: ByteRanges {
  let name: String
  let byteCount: Int
  private let descriptor: Int32
  private let interruption: MediaInterruption?

  /// - Throws: `.noSuchFile` where nothing can be opened, `.notMedia` where it is no regular file or
  ///   empty without leave.
  init(path: String, interruption: MediaInterruption?, mayBeEmpty: Bool = false) throws {
    name = path
    self.interruption = interruption
    // A pipe under the name of a picture would wait for a writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.openFailure(path, reason: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw MediaError(.notMedia, "\(path) is not a regular file; expected a picture.")
    }
    guard status.st_size > 0 || mayBeEmpty else {
      close(descriptor)
      throw MediaError(.notMedia, "The picture \(path) is empty: the file has 0 bytes.")
    }
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  private static func openFailure(_ path: String, reason: Int32) -> MediaError {
    var status = stat()
    let isLink = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    let message =
      switch reason {
      case ENOENT where isLink: "\(path) is a symbolic link to a file that does not exist."
      case ENOENT: "The input \(path) does not exist."
      default: "The input \(path) cannot be opened; check its permissions."
      }
    return MediaError(.noSuchFile, message, underlying: String(cString: strerror(reason)))
  }

  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    guard offset >= 0, count > 0, offset < byteCount else { return [] }
    let wanted = min(count, byteCount - offset)
    var failure: Int32 = 0
    let result = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted, let base = buffer.baseAddress {
        if interruption?.isRequested == true {
          failure = EINTR
          return
        }
        // In parts, so that an interruption is seen.
        let taken = pread(
          descriptor, base + filled, min(wanted - filled, 1 << 23), off_t(offset + filled))
        if taken == 0 { return }
        if taken > 0 {
          filled += taken
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    if interruption?.isRequested == true {
      throw MediaError(.interrupted, "Reading \(name) was interrupted.")
    }
    guard failure == 0 else {
      throw MediaError(
        .io, "Reading \(name) failed at byte \(offset + result.count).",
        underlying: String(cString: strerror(failure)))
    }
    return result
  }

  /// All of the file.
  func contents() throws -> [UInt8] {
    guard byteCount <= PictureDecoder.mostBytes else {
      throw MediaError(
        .unsupported, "The picture \(name) has \(byteCount) bytes; the limit is 2 GiB.")
    }
    return try bytes(at: 0, count: byteCount)
  }
}
