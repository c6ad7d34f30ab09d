import Foundation
import Locking

/// The files that a command reads, which no output may replace: neither under their names nor through a
/// link.
package final class ProtectedFiles: Sendable {
  private let inputs: [String]
  private let files = Locked<Set<FileIdentity>?>(nil)

  /// - Parameter inputs: each as `MediaSource.open` takes it: a file, `-`, a folder, a pattern or a
  ///   wildcard.
  package init(inputs: [String]) { self.inputs = inputs }

  /// Whether `path` is one of them. They are looked up once, and only if something is there.
  package func contain(_ path: String) -> Bool {
    guard let identity = FileIdentity(path: path) else { return false }
    return files.withLock { files in
      let known = files ?? Set(inputs.flatMap(FileIdentity.all))
      files = known
      return known.contains(identity)
    }
  }

  /// - Throws: `MediaError` if `path` is one of them.
  package func check(_ path: String) throws {
    guard contain(path) else { return }
    throw MediaError(
      .usage, "\(path) is the input itself, which is never overwritten; choose another output.")
  }
}
