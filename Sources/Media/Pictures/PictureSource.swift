import Foundation
import Imaging
import Locking

/// Frames from picture files: a folder, a numbered pattern, a wildcard, one file, or a pipe of
/// concatenated pictures. Files are opened one at a time, when asked for; each may have a size and
/// format of its own.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
package final class PictureSource: FrameSource, @unchecked Sendable {
  package let info: SourceInfo
  /// Runs of numbers that are missing between numbered names.
  package let gaps: [ClosedRange<Int>]

  private enum Origin {
    case files(PictureFiles)
    case stream(ByteInput)

    /// What messages call it.
    var name: String {
      switch self {
      case .files(let files): files.name
      case .stream(let bytes): bytes.name
      }
    }
  }

  private let lock = Locked(())
  private let origin: Origin
  private let options: SourceOptions
  private let cut: TimeCut
  private var splitter: PictureSplitter?
  /// The first picture, which `info` needed.
  private var first: PictureDecoder.Result?
  private var position = 0
  private var deliveredCount = 0
  private var shortcomings: PictureShortcomings
  private var isEnded = false

  /// Opens a folder, a pattern such as `frames/%06d.png`, a wildcard or one picture file.
  package convenience init(path: String, options: SourceOptions = SourceOptions()) throws {
    let list =
      try options.pictureNames.map { PictureList(folder: path, names: $0) } ?? PictureList(path)
    try self.init(
      origin: .files(PictureFiles(list, interruption: options.interruption)), options: options)
  }

  /// Reads concatenated pictures.
  convenience init(stream: ByteInput, options: SourceOptions) throws {
    try self.init(origin: .stream(stream), options: options)
  }

  private init(origin: Origin, options: SourceOptions) throws {
    LibraryLog.install()
    self.origin = origin
    self.options = options
    guard options.pictureRate.value > 0 else {
      throw MediaError(
        .usage, "\(options.pictureRate) is not a frame rate; expected a number above 0.")
    }
    let rate = options.pictureRate
    cut = try TimeCut(options, start: 0, rate: rate, isConstant: true)
    var index = 0
    var reader: PictureSplitter?
    var found: PictureDecoder.Result?
    var shortcomings = PictureShortcomings()
    switch origin {
    case .files(let files):
      gaps = files.list.gaps
      while found == nil, index < files.count {
        do {
          found = try files.decode(index, options)
        } catch let error as MediaError
          where options.passesOver(error) && files.count > 1
        {
          options.report?(error.message)
          shortcomings.lost += 1
          index += 1
        }
      }
    case .stream(let bytes):
      gaps = []
      var own = PictureSplitter(bytes)
      found = try Self.decodeNext(&own, index: 0, name: bytes.name, options)
      reader = own
    }
    guard let found else {
      throw MediaError(
        .notMedia,
        shortcomings.lost > 0
          ? shortcomings.lost == 1
            ? "The only picture in \(origin.name) can't be decoded."
            : "None of the \(shortcomings.lost) pictures in \(origin.name) can be decoded."
          : "\(origin.name) holds no pictures.")
    }
    splitter = reader
    first = found
    position = index
    self.shortcomings = shortcomings
    info = Self.describe(origin, found, options, cut)
    if case .files(let files) = origin, let gaps = files.list.gapReport { options.report?(gaps) }
  }

  private static func describe(
    _ origin: Origin, _ first: PictureDecoder.Result, _ options: SourceOptions, _ cut: TimeCut
  ) -> SourceInfo {
    let rate = options.pictureRate
    let picture = first.picture
    var info = SourceInfo(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      timeBase: Rational(rate.denominator, rate.numerator), frameRate: rate,
      codecName: first.codecName)
    info.sampleAspectRatio = first.sampleAspectRatio
    info.pictureMetadata = first.metadata
    info.setClock(of: cut)
    info.hasConstantRate = true
    switch origin {
    case .files(let files):
      info.containerName = "folder"
      info.isFrameFolder = true
      info.isSeekable = true
      info.duration = cut.duration(of: Double(files.count) / rate.value)
      info.estimatedFrameCount = info.duration.map {
        min(Int(($0 * rate.value).rounded()), options.frameLimit ?? Int.max)
      }
    case .stream(let bytes):
      info.containerName = "image2pipe"
      info.isPipe = !bytes.isSeekable
    }
    return info
  }

  package var damagedFrameCount: Int { lock.withLock { _ in shortcomings.count } }

  package var damageReport: String? {
    lock.withLock { _ in shortcomings.report(of: origin.name) }
  }

  package func next() throws -> SourceElement? {
    try lock.withLock { _ in
      while !isEnded, deliveredCount != options.frameLimit {
        let index = position
        let place = cut.place(of: Double(index) * info.timeBase.value, number: index)
        if place == .after { break }
        guard let (result, name) = try read(isWanted: place == .inside) else { break }
        position += 1
        guard place == .inside, let result else { continue }
        if result.isDamaged { shortcomings.concealed += 1 }
        if let omission = result.omission {
          shortcomings.withMore += 1
          options.report?(omission)
        }
        var frame = Frame(
          index: deliveredCount, picture: result.picture,
          presentationTime: Int64(index), duration: 1,
          sampleAspectRatio: result.sampleAspectRatio, fileName: name)
        frame.metadata = result.metadata
        deliveredCount += 1
        return SourceElement(
          frame: frame,
          place: FramePlace(
            index: frame.index, number: index, time: Int64(index),
            isDamagedBefore: shortcomings.count > 0))
      }
      isEnded = true
      return nil
    }
  }

  package func goOn(at place: FramePlace) {
    lock.withLock { _ in
      guard case .files = origin, !place.isDamagedBefore, place.number > 0 else { return }
      (position, deliveredCount) = (place.number, place.index)
      first = nil
    }
  }

  package func skip(to seconds: Double) throws -> Bool {
    lock.withLock { _ in
      guard case .files(let files) = origin else { return false }
      // Half a picture more, for times that were rounded.
      let target = (seconds / info.timeBase.value + 0.5).rounded(.down)
      if target > Double(position) {
        position = Int(min(target, Double(files.count)))
        first = nil
      }
      return true
    }
  }

  /// The picture at `position`, `nil` in its place if it is not wanted or passed over; `nil` at the
  /// end.
  private func read(isWanted: Bool) throws -> (PictureDecoder.Result?, name: String?)? {
    defer { first = nil }
    do {
      switch origin {
      case .files(let files):
        guard position < files.count else { return nil }
        if options.interruption?.isRequested == true {
          throw MediaError(.interrupted, "Reading \(files.name) was interrupted.")
        }
        let name = files.fileName(position)
        guard isWanted else { return (nil, name) }
        return (try first ?? files.decode(position, options), name)
      case .stream(let bytes):
        if let first { return (first, nil) }
        guard var splitter else { return nil }
        // Taken out, so that its buffer is not copied when it changes.
        self.splitter = nil
        defer { self.splitter = splitter }
        let result = try Self.decodeNext(&splitter, index: position, name: bytes.name, options)
        return result.map { ($0, nil) }
      }
    } catch let error as MediaError where options.passesOver(error) {
      shortcomings.lost += 1
      options.report?(error.message)
      return (nil, nil)
    }
  }

  private static func decodeNext(
    _ splitter: inout PictureSplitter, index: Int, name: String, _ options: SourceOptions
  ) throws -> PictureDecoder.Result? {
    guard let (bytes, isWhole) = try splitter.next(index: index) else { return nil }
    if !isWhole {
      throw MediaError(
        .truncated,
        "\(name) ends within picture \(index), after the first \(counted(bytes.count, "byte")) of it."
      )
    }
    return try PictureDecoder.decode(bytes, name: "\(index) of \(name)", options)
  }
}

/// What of the pictures of a source is not in its frames.
struct PictureShortcomings: Hashable, Sendable {
  /// Pictures that gave no frame.
  var lost = 0
  /// Pictures that were decoded in part.
  var concealed = 0
  /// Files that hold more pictures than the one that was taken.
  var withMore = 0

  var count: Int { lost + concealed + withMore }

  /// All of it in sentences; `nil` if there is nothing.
  func report(of name: String) -> String? {
    var sentences: [String] = []
    if concealed > 0 {
      sentences.append(
        "\(counted(concealed, "picture")) of '\(name)' \(concealed == 1 ? "is" : "are") damaged; "
          + "\(concealed == 1 ? "it was" : "they were") colorized as far as "
          + "\(concealed == 1 ? "it" : "they") could be decoded.")
    }
    if lost > 0 {
      sentences.append(
        "\(counted(lost, "picture")) of '\(name)' could not be read; all others were written.")
    }
    if withMore > 0 {
      sentences.append(
        "\(counted(withMore, "file")) of '\(name)' \(withMore == 1 ? "holds" : "hold") several pictures, of which only "
          + "the first was used.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }
}

extension SourceOptions {
  /// Whether a picture that failed with `error` is passed over: one bad file among others ends no
  /// job.
  func passesOver(_ error: MediaError) -> Bool {
    onDamage == .continue
      && [
        .corrupt, .truncated, .notMedia, .unsupported, .decoderMissing, .noSuchFile, .io,
      ].contains(error.code)
  }
}
