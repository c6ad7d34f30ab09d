import CFFmpeg
package import Foundation

/// Opens inputs of all kinds.
package enum MediaSource {
  /// Opens a file, `-` (stdin), a folder of pictures, a numbered pattern or a wildcard; what it is
  /// is told by `options.format` or guessed from its first bytes.
  package static func open(
    _ path: String, options: SourceOptions = SourceOptions()
  ) throws -> any FrameSource {
    var options = options
    try InputName.refuseAddress(path)
    switch options.format {
    case "rawvideo": return try RawVideoSource(path: path, options: options)
    case "y4m", "yuv4mpegpipe": return try RawVideoSource(path: path, options: options)
    case "image2pipe":
      return try PictureSource(
        stream: ByteInput(path: path, interruption: options.interruption), options: options)
    case "mkv": options.format = "matroska"
    default: break
    }
    let type = FileSystem.type(of: path)
    if type == S_IFDIR
      || (type == nil && path != "-"
        && (PictureList.isNumbered(path) || PictureList.isWildcard(path)))
    {
      return try PictureSource(path: path, options: options)
    }
    let bytes = try ByteInput(path: path, interruption: options.interruption)
    if options.format == nil {
      let head = try bytes.peek(18)
      if head.isEmpty && !bytes.isSeekable {
        throw MediaError(.notMedia, "\(bytes.name) delivered no data.")
      }
      if let change = TextTransfer.change(of: head) {
        throw MediaError(.corrupt, "\(bytes.name) \(change); transfer it as binary data.")
      }
      if head.starts(with: Y4MHeader.magic.utf8) {
        return try RawVideoSource(bytes: bytes, options: options)
      }
      let ending = PathParts.fileExtension(of: path).lowercased()
      if let kind = PictureKind(firstBytes: head), ending != "apng" {
        return try PictureOpening.open(path, bytes, kind: kind, options: options)
      }
    }
    return try FileSource(bytes: bytes, options: options)
  }

  /// Opens an input and closes it again, so that one that can't be read is refused before it is needed. A PNG is not
  /// decoded for that: its checksums suffice.
  /// - Throws: `MediaError`, as `open` does.
  package static func check(_ path: String) throws {
    if FileSystem.type(of: path) == S_IFREG,
      try PictureStructure.isIntactPNG(PictureFile(path: path, interruption: nil))
    {
      return
    }
    _ = try open(path)
  }

  /// The names of the pictures of a folder, a pattern, a wildcard or a file; empty if there are none.
  package static func pictureNames(of input: String) -> [String] {
    guard case .success(let list) = Result(catching: { try PictureList(input) }) else { return [] }
    return list.names
  }

  /// How many bytes a file lacks by its own account; 0 if it is whole or does not tell.
  /// - Throws: `MediaError`.
  package static func missingByteCount(of path: String) throws -> Int64 {
    try ContainerExtent.missingByteCount(of: ByteInput(path: path, interruption: nil))
  }
}

/// Creates outputs of all kinds.
package enum MediaSink {
  /// Creates a file, `-` (stdout), a folder of pictures or a numbered pattern; what it is is told by
  /// `options.format` or by the name, for a pipe by the source.
  package static func open(
    _ path: String, source: SourceInfo, options: SinkOptions = SinkOptions()
  ) throws -> any FrameSink {
    let (kind, options) = kind(of: path, source: source, options: options)
    return switch kind {
    case .raw: try RawVideoSink(path: path, source: source, options: options)
    case .pictures: try PictureSink(path: path, source: source, options: options)
    case .film: try FileSink(path: path, source: source, options: options)
    }
  }

  /// Creates a sink for segments of an output that `open` creates; they are joined by `restoreSegment`. Of a
  /// film nothing is written but the segments; pictures are written where they belong.
  /// - Throws: `MediaError`, also for outputs that have no segments.
  package static func openSegments(
    of path: String, source: SourceInfo, options: SinkOptions = SinkOptions()
  ) throws -> any SegmentedSink {
    let (kind, options) = kind(of: path, source: source, options: options)
    switch kind {
    case .raw:
      throw MediaError(
        .usage, "Raw frames can't be written in segments; name a film or a folder of pictures.")
    case .pictures: return try PictureSink(path: path, source: source, options: options)
    case .film: return try SegmentSink(path: path, source: source, options: options)
    }
  }

  /// What was given to `SegmentedSink.endSegment`, read without the rest of the segment.
  /// - Throws: `MediaError` if the file is damaged or not whole.
  package static func trailer(ofSegment path: String) throws -> Data {
    try PacketLog.trailer(of: path)
  }

  private enum Kind {
    case raw
    case pictures
    case film
  }

  private static func kind(
    of path: String, source: SourceInfo, options: SinkOptions
  ) -> (Kind, SinkOptions) {
    var options = options
    if path == "-" && options.format == nil { options.format = pipeFormat(like: source) }
    switch options.format {
    case "y4m", "yuv4mpegpipe", "rawvideo": return (.raw, options)
    case "image2pipe": return (.pictures, options)
    case "mkv": options.format = "matroska"
    default: break
    }
    if options.format != nil { return (.film, options) }
    let ending = PathParts.fileExtension(of: path).lowercased()
    if ["y4m", "yuv", "rgb", "raw"].contains(ending) { return (.raw, options) }
    let isPictures =
      FileSystem.isFolder(path) || path.hasSuffix("/")
      // Numbered pictures have the ending of pictures, or none.
      || (PictureList.isNumbered(path) && ending.isEmpty)
      || PictureKind.encoder(forExtension: ending) != nil
      || (ending.isEmpty && source.isFrameFolder)
    return (isPictures ? .pictures : .film, options)
  }

  /// Creates a folder for outputs, if it is not there.
  /// - Throws: `MediaError` if it cannot be created or written.
  package static func createFolder(_ folder: String) throws {
    let folder = folder.isEmpty ? "." : folder
    let reason = FileSystem.makeFolders(folder)
    guard reason == 0 else {
      throw MediaError(
        .cannotCreate, "The folder \(folder) cannot be created; check its name and permissions.",
        underlying: String(cString: strerror(reason)))
    }
    guard access(folder, W_OK) == 0 else {
      throw MediaError(
        .cannotCreate, "The folder \(folder) is not writable; check its permissions.",
        underlying: String(cString: strerror(errno)))
    }
  }

  /// The names under which an output may lie before it is complete: the hidden one while it is written,
  /// and the first of those for a part of it.
  package static func temporaryNames(of path: String) -> (hidden: String, partial: String) {
    let names = OutputNames(path)
    return (names.hidden(1), names.partial(1))
  }

  /// The folder beside an output in which lies what is done of it.
  package static func jobFolderName(of path: String) -> String { OutputNames(path).job }

  /// Whether something is under this name that keeps nothing of what is written to it.
  package static func isDevice(_ path: String) -> Bool {
    FileSystem.type(of: path).map { [S_IFCHR, S_IFBLK].contains($0) } ?? false
  }

  /// - Throws: `MediaError` if `path`, `-` being stdout, is a terminal.
  package static func refuseTerminal(_ path: String) throws { try Terminal.refuse(path) }

  /// What a pipe carries when nobody says: the same as came in, where it can be a pipe.
  private static func pipeFormat(like source: SourceInfo) -> String {
    switch source.containerName {
    case "y4m", "rawvideo", "image2pipe", "nut": source.containerName
    case "folder": "image2pipe"
    case "matroska": "matroska"
    default: "y4m"
    }
  }
}
