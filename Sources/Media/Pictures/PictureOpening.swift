/// Opens a file that begins as a picture. It may hold one, several that follow each other, pages, or
/// an animation.
enum PictureOpening {
  /// - Parameters:
  ///   - path: The file's name.
  ///   - bytes: The file or pipe, from whose start nothing has been taken.
  ///   - kind: What it begins as.
  static func open(
    _ path: String, _ bytes: ByteInput, kind: PictureKind, options: SourceOptions
  ) throws -> any FrameSource {
    var options = options
    let ending = PathParts.fileExtension(of: path).lowercased()
    if kind == .gif { return try FileSource(bytes: bytes, options: options) }
    guard bytes.isSeekable, path != "-" else {
      return try PictureSource(stream: bytes, options: options)
    }
    let file = try PictureFile(path: path, interruption: options.interruption)
    if kind == .png, PictureStructure.framesOfPNG(file) > 1 {
      options.format = "apng"
      return try FileSource(bytes: bytes, options: options)
    }
    if ["mjpg", "mjpeg"].contains(ending) {
      return try PictureSource(stream: bytes, options: options)
    }
    let isFollowed = try isFollowedByAnother(bytes, kind: kind)
    return isFollowed
      ? try PictureSource(stream: bytes, options: options)
      : try PictureSource(path: path, options: options)
  }

  /// Whether right after the first picture another of its kind begins. Leaves `bytes` at the start.
  private static func isFollowedByAnother(_ bytes: ByteInput, kind: PictureKind) throws -> Bool {
    guard [.png, .jpeg, .pnm, .dpx, .bmp, .webp].contains(kind) else { return false }
    try bytes.seek(to: 0)
    var splitter = PictureSplitter(bytes)
    // Where the end can't be found, the decoder will tell why.
    let first = Result { try splitter.next(index: 0) }
    guard case .success(let (picture, isWhole)?) = first, isWhole else {
      try bytes.seek(to: 0)
      return false
    }
    try bytes.seek(to: Int64(picture.count))
    let next = PictureKind(firstBytes: try bytes.peek(18))
    try bytes.seek(to: 0)
    // The second picture of a camera's file (CIPA DC-007) is another form of the first, or a part.
    let listsOthers = kind == .jpeg && PictureStructure.listsOthers(picture)
    return next == kind && !listsOthers
  }
}
