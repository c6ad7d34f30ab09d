package import Foundation

/// Files that are written or read at once: what goes beside a film, or in place of one.
package enum WholeFile {
  /// What a file holds.
  /// - Parameter mayBeEmpty: whether a file of no bytes is right.
  /// - Throws: `MediaError`.
  package static func read(_ path: String, mayBeEmpty: Bool = false) throws -> Data {
    Data(
      try PictureFile(path: path, interruption: nil, mayBeEmpty: mayBeEmpty).contents())
  }

  /// Writes a file that is there whole or not at all; `-` is stdout.
  /// - Parameter options: what may be replaced; nothing else counts.
  /// - Throws: `MediaError`.
  package static func write(_ bytes: Data, to path: String, options: SinkOptions) throws {
    try write(to: path, options: options) { append in try append(bytes) }
  }

  /// Writes a file piece by piece that is there whole or not at all; `-` is stdout.
  /// - Parameters:
  ///   - options: what may be replaced; nothing else counts.
  ///   - body: is given what appends bytes, to be called serially; if it throws, there is no file.
  /// - Throws: `MediaError`, and what `body` throws.
  package static func write(
    to path: String, options: SinkOptions,
    _ body: (@escaping @Sendable (Data) throws -> Void) throws -> Void
  ) throws {
    var options = options
    options.leftovers = .leave
    let file = try OutputFile(path: path, options: options, refusesTerminals: false)
    do {
      try body { bytes in
        try bytes.withUnsafeBytes { buffer in
          if let base = buffer.baseAddress { try file.write(base, count: buffer.count) }
        }
        try file.checkPlace()
      }
      try file.commit()
    } catch {
      file.discard()
      throw error
    }
  }
}
