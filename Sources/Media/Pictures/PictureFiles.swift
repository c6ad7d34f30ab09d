import Imaging

/// The pictures of a list of files, one of each; of a single TIFF file all its pages.
///
/// `@unchecked Sendable`: nothing changes after `init`.
final class PictureFiles: @unchecked Sendable {
  let list: PictureList
  private let interruption: MediaInterruption?
  private let pages: TIFFFile<PictureFile>?

  init(_ list: PictureList, interruption: MediaInterruption?) throws {
    self.list = list
    self.interruption = interruption
    guard list.names.count == 1 else {
      pages = nil
      return
    }
    let file = try PictureFile(path: list.path(0), interruption: interruption)
    let head = try file.bytes(at: 0, count: 18)
    let tiff = PictureKind(firstBytes: head) == .tiff ? try TIFFFile(file) : nil
    pages = tiff.flatMap { $0.pages.count > 1 ? $0 : nil }
  }

  var count: Int { pages?.pages.count ?? list.names.count }

  /// What messages call them all.
  var name: String { list.names.count == 1 ? list.path(0) : list.folder }

  /// The name of the file that picture `index` is alone in; `nil` for one page of several.
  func fileName(_ index: Int) -> String? { pages == nil ? list.names[index] : nil }

  /// Decodes picture `index`.
  func decode(_ index: Int, _ options: SourceOptions) throws -> PictureDecoder.Result {
    if let pages {
      let name = "\(index + 1) of \(pages.source.name)"
      var result = try PictureDecoder.decode(pages, page: index, name: name, options)
      if index == 0, !pages.isWhole {
        result.omission =
          "\(pages.source.name) is damaged: its list of pages ends after \(counted(pages.pages.count, "page"))."
      }
      return result
    }
    let file = try PictureFile(path: list.path(index), interruption: interruption)
    let head = try file.bytes(at: 0, count: 18)
    guard PictureKind(firstBytes: head) == .tiff else {
      return try PictureDecoder.decode(file.contents(), name: file.name, options)
    }
    return try PictureDecoder.decodeFirst(try TIFFFile(file), name: file.name, options)
  }
}

extension PictureDecoder {
  /// Decodes all of `bytes`, strictly first.
  static func decode(
    _ bytes: [UInt8], name: String, _ options: SourceOptions
  ) throws -> Result {
    if PictureKind(firstBytes: bytes) == .tiff {
      return try decodeFirst(try TIFFFile(ByteBlock(name: name, block: bytes)), name: name, options)
    }
    var result = try decode(name: name, options) { try decode(bytes, isStrict: $0, name: name) }
    if let kind = PictureKind(firstBytes: bytes),
      let count = PictureStructure.pictureCount(of: bytes, kind: kind)
    {
      result.omission = omission(count: count, name: name)
    }
    return result
  }

  /// Decodes the first page, and tells of the others.
  static func decodeFirst(
    _ tiff: TIFFFile<some ByteRanges>, name: String, _ options: SourceOptions
  ) throws -> Result {
    var result = try decode(tiff, page: 0, name: name, options)
    result.omission = omission(count: tiff.pages.count, name: name)
    return result
  }

  /// Decodes one page.
  static func decode(
    _ tiff: TIFFFile<some ByteRanges>, page: Int, name: String, _ options: SourceOptions
  ) throws -> Result {
    var result = try decode(name: name, options) {
      try decode(tiff.page(page, isStrict: $0), isStrict: $0, name: name)
    }
    let directory = tiff.pages[page]
    result.metadata = PictureMetadata(page: directory, in: tiff.reader)
    let orientation = directory.number(TIFFTag.orientation).flatMap {
      PictureOrientation(rawValue: $0)
    }
    return result.upright(from: orientation ?? .upright)
  }

  /// Strictly first; what is damaged is decoded as far as it goes if the user wants that. Each
  /// picture is spoken of once.
  static func decode(
    name: String, _ options: SourceOptions, _ body: (_ isStrict: Bool) throws -> Result
  ) throws -> Result {
    do {
      return try body(true)
    } catch let error as MediaError
      where options.onDamage == .continue && [.corrupt, .truncated].contains(error.code)
    {
      guard case .success(let result) = Swift.Result(catching: { try body(false) }) else {
        throw error
      }
      options.report?("\(error.message) The part that can be decoded is used.")
      return result
    }
  }

  /// What a file holds beside the picture that was taken, in a sentence; `nil` for one picture.
  static func omission(count: Int, name: String) -> String? {
    count > 1 ? "\(name) holds \(count) pictures; only the first is used." : nil
  }
}
