import Foundation

/// What tells a file from all others, whatever names it has.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  /// `nil` for folders and devices: what goes to `/dev/null` replaces nothing.
  private init?(_ status: stat) {
    guard [S_IFREG, S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else { return nil }
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }

  /// That of an open file.
  private init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// That of the file at `path`, links followed; `nil` if there is none.
  package init?(path: String) {
    guard let status = FileSystem.status(path) else { return nil }
    self.init(status)
  }

  /// That of what is written to `path`, `-` being stdout.
  package init?(output path: String) {
    if path == "-" { self.init(descriptor: 1) } else { self.init(path: path) }
  }

  /// Those of an input: a file, `-` for stdin, or the pictures of a folder, a pattern or a wildcard.
  package static func all(of input: String) -> [FileIdentity] {
    if input == "-" { return FileIdentity(descriptor: 0).map { [$0] } ?? [] }
    if let identity = FileIdentity(path: input) { return [identity] }
    // What can't be listed can't be replaced either.
    guard case .success(let list) = Result(catching: { try PictureList(input) }) else { return [] }
    return list.names.indices.compactMap { FileIdentity(path: list.path($0)) }
  }
}
