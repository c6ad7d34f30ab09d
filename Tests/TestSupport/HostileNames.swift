import Foundation

/// Names of films that do harm where they are taken for more than text: markup, the escape sequence of a terminal, and
/// a byte that is no UTF-8.
package enum HostileNames {
  private static let all: [[UInt8]] = [
    Array("<script>alert(1)<".utf8) + Array("img src=x onerror='x'>\".mkv".utf8),
    Array("caf".utf8) + [0xE9, 0x1B] + Array("[31m.mkv".utf8),
  ]

  /// Gives the film at `path` each of the names in turn, in its folder, and its own again after `body`.
  package static func forEach(of path: String, _ body: () throws -> Void) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    for name in all {
      let bytes = (Array(folder.utf8) + [0x2F] + name + [0]).map { CChar(bitPattern: $0) }
      try check(rename(path, bytes), path)
      try body()
      try check(rename(bytes, path), path)
    }
  }

  private static func check(_ status: CInt, _ path: String) throws {
    guard status == 0 else {
      throw ToolFailure(
        description: "\(path) can't be renamed: \(String(cString: strerror(errno)))")
    }
  }
}
