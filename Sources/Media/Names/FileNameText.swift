/// Names of files as text that keeps every byte. Linux knows names as bytes, which need not be
/// UTF-8; text is. A byte that is no part of valid UTF-8 becomes one of the private characters
/// U+EF80…U+EFFF, and so do the bytes of those characters themselves, so that each name has one
/// text and the text leads back to the name.
package enum FileNameText {
  private static let first: UInt32 = 0xEF80

  /// The text of a name.
  package static func text(of bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: { isPrivate($0) })
    {
      return text
    }
    var scalars = String.UnicodeScalarView()
    var position = 0
    while position < bytes.count {
      let length = lengthOfScalar(bytes[position])
      let end = min(position + length, bytes.count)
      if let text = String(validating: bytes[position..<end], as: UTF8.self),
        let scalar = text.unicodeScalars.first, !isPrivate(scalar)
      {
        scalars.append(contentsOf: text.unicodeScalars)
        position = end
      } else {
        if let scalar = UnicodeScalar(first + UInt32(bytes[position] & 0x7F)) {
          scalars.append(scalar)
        }
        position += 1
      }
    }
    return String(scalars)
  }

  /// The name that a text stands for.
  package static func bytes(of text: String) -> [UInt8] {
    guard text.utf8.contains(0xEE) || text.utf8.contains(0xEF) else { return Array(text.utf8) }
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      if isPrivate(scalar) {
        result.append(UInt8(scalar.value - first) | 0x80)
      } else {
        result += Array(String(scalar).utf8)
      }
    }
    return result
  }

  /// Calls `body` with the name as C has it, ended by a zero.
  package static func withCString<T>(
    _ text: String, _ body: (UnsafePointer<CChar>) throws -> T
  ) rethrows -> T {
    let name = bytes(of: text).map { CChar(bitPattern: $0) } + [0]
    return try name.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return try text.withCString(body) }
      return try body(base)
    }
  }

  private static func isPrivate(_ scalar: UnicodeScalar) -> Bool {
    (first...(first + 0x7F)).contains(scalar.value)
  }

  /// Bytes of the character that begins with `byte`, as far as UTF-8 tells.
  private static func lengthOfScalar(_ byte: UInt8) -> Int {
    switch byte {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }
}
