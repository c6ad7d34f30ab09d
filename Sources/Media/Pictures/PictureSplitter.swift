/// Cuts a stream of concatenated pictures into pictures. Waits for no byte beyond the end of the
/// picture that is asked for.
struct PictureSplitter: PictureExtent.Reader {
  /// The most bytes that one picture may have: a scan of 16,000 × 11,000 dots in 24 bits. Headers can claim
  /// any size, and a pipe without end would fill all memory.
  static let largestPicture = 512 << 20

  private let input: ByteInput
  private var buffer: [UInt8] = []
  private var position = 0
  /// What follows cannot be told apart any more.
  private var isLost = false

  init(_ input: ByteInput) { self.input = input }

  /// The bytes of the next picture; `nil` at the end. `isWhole` is false if the stream ends within.
  mutating func next(index: Int) throws -> (bytes: [UInt8], isWhole: Bool)? {
    guard !isLost else { return nil }
    buffer.removeFirst(position)
    position = 0
    while buffer.count < 18 {
      guard try fill() else { break }
    }
    guard !buffer.isEmpty else { return nil }
    guard let kind = PictureKind(firstBytes: buffer) else {
      isLost = true
      throw MediaError(
        .corrupt,
        "Picture \(index) of \(input.name) does not begin with the signature of a picture format; reading stops there."
      )
    }
    do {
      let isWhole = try skip(kind)
      return (Array(buffer.prefix(position)), isWhole)
    } catch PictureSplitterError.tooLarge {
      isLost = true
      buffer = []
      position = 0
      throw MediaError(
        .unsupported,
        "Picture \(index) of \(input.name) is larger than \(Self.largestPicture >> 20) MiB according to its header; "
          + "reading stops there. Give pictures of this size as files.")
    }
  }

  /// Reads over one picture. In a file, what has no end of its own ends with the file.
  private mutating func skip(_ kind: PictureKind) throws -> Bool {
    guard input.isSeekable, [.tiff, .jpeg2000, .openEXR].contains(kind) else {
      return try PictureExtent.skip(kind, &self)
    }
    while try fill() { try checkSize(buffer.count) }
    position = buffer.count
    return true
  }

  private func checkSize(_ count: Int) throws {
    guard count <= Self.largestPicture else { throw PictureSplitterError.tooLarge }
  }

  mutating func byte() throws -> UInt8? {
    if position == buffer.count {
      try checkSize(position + 1)
      guard try fill() else { return nil }
    }
    defer { position += 1 }
    return buffer[position]
  }

  mutating func drop(_ count: Int) throws -> Bool {
    guard count <= Self.largestPicture - position else { throw PictureSplitterError.tooLarge }
    while buffer.count - position < count {
      guard try fill() else {
        position = buffer.count
        return false
      }
    }
    position += count
    return true
  }

  private mutating func fill() throws -> Bool {
    var more = [UInt8](repeating: 0, count: 1 << 16)
    let taken = try more.withUnsafeMutableBytes { bytes in
      try bytes.baseAddress.map { try input.read(into: $0, count: bytes.count) } ?? 0
    }
    buffer += more.prefix(taken)
    return taken > 0
  }
}

private enum PictureSplitterError: Error {
  case tooLarge
}
