package import Foundation
import Testing

/// A folder that is removed with it.
package final class TemporaryFolder: Sendable {
  package let url: URL

  package init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "autochrome-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(at: url) } catch { print("left behind: \(path)") }
  }

  package var path: String { url.path }

  /// The path of what need not be there yet; a slash at its end stays.
  package func file(_ name: String) -> String { path + "/" + name }

  /// The names in it, sorted.
  package var names: [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      Issue.record(error, "\(path) can't be listed")
      return []
    }
  }
}
