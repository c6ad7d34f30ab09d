package import Foundation

/// Files that are written at once: what goes beside a film, or in place of one.
package enum WholeFile {
  /// Writes a file that is there whole or not at all; `-` is stdout.
  /// - Parameter options: what may be replaced; nothing else counts.
  /// - Throws: `MediaError`.
  package static func write(_ bytes: Data, to path: String, options: SinkOptions) throws {
    let file = try OutputFile(
      path: path, options: options, keepsLeftovers: false, refusesTerminals: false)
    do {
      try bytes.withUnsafeBytes { buffer in
        if let base = buffer.baseAddress { try file.write(base, count: buffer.count) }
      }
      try file.commit()
    } catch {
      file.discard()
      throw error
    }
  }
}
