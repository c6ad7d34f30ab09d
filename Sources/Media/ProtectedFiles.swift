import Foundation
import Locking

/// The files of an input, which no output may replace: neither under their names nor through a link.
public final class ProtectedFiles: Sendable {
  private struct Identity: Hashable {
    var device: UInt64
    var number: UInt64

    /// `nil` for what is no regular file.
    init?(_ status: stat) {
      guard status.st_mode & S_IFMT == S_IFREG else { return nil }
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
    }

    init?(path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      self.init(status)
    }
  }

  private let input: String
  private let files = Locked<Set<Identity>?>(nil)

  /// - Parameter input: as `MediaSource.open` takes it: a file, `-`, a folder, a pattern or a
  ///   wildcard.
  public init(input: String) { self.input = input }

  /// Whether `path` is one of them. They are looked up once, and only if something is there.
  func contain(_ path: String) -> Bool {
    guard let identity = Identity(path: path) else { return false }
    return files.withLock { files in
      let known = files ?? find()
      files = known
      return known.contains(identity)
    }
  }

  /// - Throws: `MediaError` if `path` is one of them.
  public func check(_ path: String) throws {
    guard contain(path) else { return }
    throw MediaError(
      .usage, "\(path) is the input itself, which is never replaced; name another output.")
  }

  private func find() -> Set<Identity> {
    if input == "-" {
      var status = stat()
      guard fstat(0, &status) == 0, let identity = Identity(status) else { return [] }
      return [identity]
    }
    if let identity = Identity(path: input) { return [identity] }
    // What can't be listed any more can't be replaced either.
    guard case .success(let list) = Result(catching: { try PictureList(input) }) else { return [] }
    return Set(list.names.indices.compactMap { Identity(path: list.path($0)) })
  }
}
