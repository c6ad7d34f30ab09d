import CFFmpeg
import Foundation

/// Tells whether files are those of an earlier run, by SHA-256 over their sizes and contents.
package enum Fingerprint {
  /// Of a large file, so many pieces of `piece` bytes are looked at, spread evenly, the first and the last
  /// among them: enough to tell one film from another without reading hours of it.
  private static let pieces: Int64 = 64
  private static let piece: Int64 = 1 << 16
  /// Of many files, the contents of so many are looked at; of the others, names and sizes.
  private static let files = 16

  /// Of one file.
  /// - Throws: `MediaError` if it can't be read.
  package static func of(_ path: String) throws -> String {
    var hash = try SHA256Sum()
    try add(path, to: &hash)
    return hash.text
  }

  /// Of the files `names` in `folder`, in this order.
  /// - Throws: `MediaError` if one of them can't be read.
  package static func of(_ names: [String], in folder: String) throws -> String {
    var hash = try SHA256Sum()
    for (index, name) in names.enumerated() {
      hash.add(Array(name.utf8) + [0])
      let path = PathParts.join(folder, name)
      if index % max(1, names.count / files) == 0 {
        try add(path, to: &hash)
      } else {
        hash.add(FileSystem.status(path).map { Int64($0.st_size) } ?? -1)
      }
    }
    return hash.text
  }

  /// The SHA-256 sum of bytes, as `sha256sum` prints it.
  /// - Throws: `MediaError` if there is no memory for it.
  package static func of(bytes: [UInt8]) throws -> String {
    var hash = try SHA256Sum()
    hash.add(bytes)
    return hash.text
  }

  /// The 32 bytes of the SHA-256 sum of bytes.
  /// - Throws: `MediaError` if there is no memory for it.
  package static func sum(of bytes: [UInt8]) throws -> [UInt8] {
    var hash = try SHA256Sum()
    hash.add(bytes)
    return hash.bytes
  }

  /// The SHA-256 sum of all bytes of a file, as `sha256sum` prints it.
  /// - Throws: `MediaError` if it can't be read.
  package static func ofAllBytes(of path: String) throws -> String {
    var hash = try SHA256Sum()
    let bytes = try ByteInput(path: path, interruption: nil)
    var buffer = [UInt8](repeating: 0, count: Int(piece))
    while true {
      let taken = try buffer.withUnsafeMutableBytes { buffer in
        try buffer.baseAddress.map { try bytes.readFully(into: $0, count: buffer.count) } ?? 0
      }
      guard taken > 0 else { return hash.text }
      hash.add(Array(buffer[..<taken]))
    }
  }

  private static func add(_ path: String, to hash: inout SHA256Sum) throws {
    let bytes = try ByteInput(path: path, interruption: nil)
    let size = bytes.byteCount ?? 0
    hash.add(size)
    var buffer = [UInt8](repeating: 0, count: Int(piece))
    let isSmall = size <= pieces * piece
    for number in 0..<(isSmall ? (size + piece - 1) / piece : pieces) {
      // Of a large file, the last piece ends with it.
      try bytes.seek(to: isSmall ? number * piece : (size - piece) / (pieces - 1) * number)
      let taken = try buffer.withUnsafeMutableBytes { buffer in
        try buffer.baseAddress.map { try bytes.readFully(into: $0, count: buffer.count) } ?? 0
      }
      hash.add(Array(buffer[..<taken]))
    }
  }
}

/// A SHA-256 sum in the making (FIPS 180-4).
package struct SHA256Sum {
  private final class State {
    let pointer: OpaquePointer

    init() throws {
      guard let pointer = av_sha_alloc() else { throw MediaError.outOfMemory }
      self.pointer = pointer
      av_sha_init(pointer, 256)
    }

    deinit { av_free(UnsafeMutableRawPointer(pointer)) }
  }

  private let state: State

  /// Of nothing yet.
  /// - Throws: `MediaError` if there is no memory for it.
  package init() throws { state = try State() }

  /// Adds bytes.
  package mutating func add(_ bytes: [UInt8]) { av_sha_update(state.pointer, bytes, bytes.count) }

  mutating func add(_ number: Int64) {
    add(withUnsafeBytes(of: number.littleEndian) { Array($0) })
  }

  /// Nothing may be added afterwards.
  var bytes: [UInt8] {
    var sum = [UInt8](repeating: 0, count: 32)
    av_sha_final(state.pointer, &sum)
    return sum
  }

  /// The same in hexadecimal digits.
  package var text: String { bytes.map { String(format: "%02x", $0) }.joined() }
}
