/// Recognizes what a transfer or pipe that takes films for text has done to the first bytes of one.
enum TextTransfer {
  /// What was changed, to follow the name of the input; `nil` if nothing is seen.
  static func change(of head: [UInt8]) -> String? {
    // ISO/IEC 15948 §5.2: PNG's signature holds CR LF and LF for this very purpose.
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47]
    if head.starts(with: png) {
      let rest = Array(head.dropFirst(4))
      if rest.starts(with: [0x0A, 0x1A, 0x0A]) {
        return "is a PNG picture that was transferred as text: its carriage returns are missing"
      }
      if rest.starts(with: [0x0D, 0x0D, 0x0A]) || rest.starts(with: [0x0D, 0x0A, 0x1A, 0x0D]) {
        return "is a PNG picture that was transferred as text: carriage returns were added to it"
      }
    }
    // Windows PowerShell writes what passes through `>` or `|` anew, as UTF-16 or UTF-8 with a mark.
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      let characters = head.dropFirst(2).enumerated()
      let isWide =
        head.count >= 6 && characters.count(where: { $0.element == 0 }) >= (head.count - 2) / 3
      if isWide { return "was converted to UTF-16 text by a shell" }
    }
    if head.starts(with: [0xEF, 0xBB, 0xBF]), head.dropFirst(3).starts(with: "YUV4MPEG2".utf8) {
      return "was converted to text by a shell: a byte order mark precedes its header"
    }
    return nil
  }
}
