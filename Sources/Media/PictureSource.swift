import Foundation
import Imaging
import Locking

/// Frames from picture files: a folder, a numbered pattern, a wildcard, one file, or a pipe of
/// concatenated pictures. Files are opened one at a time, when asked for; each may have a size and
/// format of its own.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
public final class PictureSource: FrameSource, @unchecked Sendable {
  public let info: SourceInfo
  /// Runs of numbers that are missing between numbered names.
  public let gaps: [ClosedRange<Int>]

  private enum Origin {
    case files(PictureList)
    case stream(ByteInput)
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
  private var damaged = 0
  private var isEnded = false

  /// Opens a folder, a pattern such as `frames/%06d.png`, a wildcard or one picture file.
  public convenience init(path: String, options: SourceOptions = SourceOptions()) throws {
    let list = options.pictureNames.map { PictureList(folder: path, names: $0) }
    try self.init(origin: .files(list ?? PictureList(path)), options: options)
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
      throw MediaError(.usage, "A rate of \(options.pictureRate) pictures per second is none.")
    }
    let rate = options.pictureRate
    cut = try TimeCut(options, start: 0, rate: rate, isConstant: true)
    var index = 0
    var reader: PictureSplitter?
    var found: PictureDecoder.Result?
    var skipped = 0
    switch origin {
    case .files(let list):
      gaps = list.gaps
      while found == nil, index < list.names.count {
        do {
          found = try Self.decodeFile(list.path(index), options)
        } catch let error as MediaError
          where options.onDamage == .continue && error.code != .interrupted
        {
          options.report?(error.message)
          skipped += 1
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
      throw MediaError(.notMedia, "None of the pictures can be decoded.")
    }
    splitter = reader
    first = found
    position = index
    damaged = skipped
    info = Self.describe(origin, found, options, cut)
    for gap in gaps {
      options.report?(
        "Pictures \(gap.lowerBound) to \(gap.upperBound) are missing in the numbering.")
    }
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
    info.clockOffset = cut.clockOffset
    info.hasConstantRate = true
    switch origin {
    case .files(let list):
      info.containerName = "folder"
      info.isFrameFolder = true
      info.isSeekable = true
      info.duration = cut.duration(of: Double(list.names.count) / rate.value)
      info.estimatedFrameCount = info.duration.map {
        min(Int(($0 * rate.value).rounded()), options.frameLimit ?? Int.max)
      }
    case .stream(let bytes):
      info.containerName = "image2pipe"
      info.isPipe = !bytes.isSeekable
    }
    return info
  }

  public var damagedFrameCount: Int { lock.withLock { _ in damaged } }

  public func next() throws -> SourceElement? {
    try lock.withLock { _ in
      while !isEnded, deliveredCount != options.frameLimit {
        let index = position
        let place = cut.place(of: Double(index) * info.timeBase.value, number: index)
        if place == .after { break }
        guard let (result, name) = try read(isWanted: place == .inside) else { break }
        position += 1
        guard place == .inside, let result else { continue }
        let frame = Frame(
          index: deliveredCount, picture: result.picture,
          presentationTime: Int64(index) - cut.shift(in: info.timeBase), duration: 1,
          sampleAspectRatio: result.sampleAspectRatio, fileName: name)
        deliveredCount += 1
        return SourceElement(frame: frame)
      }
      isEnded = true
      return nil
    }
  }

  /// The picture at `position`, `nil` in its place if it is not wanted or passed over; `nil` at the
  /// end.
  private func read(isWanted: Bool) throws -> (PictureDecoder.Result?, name: String?)? {
    defer { first = nil }
    do {
      switch origin {
      case .files(let list):
        guard position < list.names.count else { return nil }
        if options.interruption?.isRequested == true {
          throw MediaError(.interrupted, "Reading \(list.folder) was interrupted.")
        }
        let name = list.names[position]
        guard isWanted else { return (nil, name) }
        return (try first ?? Self.decodeFile(list.path(position), options), name)
      case .stream(let bytes):
        if let first { return (first, nil) }
        guard var splitter else { return nil }
        // Taken out, so that its buffer is not copied when it changes.
        self.splitter = nil
        defer { self.splitter = splitter }
        let result = try Self.decodeNext(&splitter, index: position, name: bytes.name, options)
        return result.map { ($0, nil) }
      }
    } catch let error as MediaError
      where options.onDamage == .continue && [.corrupt, .truncated].contains(error.code)
    {
      damaged += 1
      options.report?(error.message)
      return (nil, nil)
    }
  }

  private static func decodeFile(
    _ path: String, _ options: SourceOptions
  ) throws -> PictureDecoder.Result {
    let input = try ByteInput(path: path, interruption: options.interruption)
    guard input.byteCount ?? 0 < Int(Int32.max) else {
      throw MediaError(
        .unsupported,
        "The picture \(path) has \(input.byteCount ?? 0) bytes; at most 2 GiB are read.")
    }
    var bytes = [UInt8](repeating: 0, count: Int(input.byteCount ?? 0))
    let taken = try bytes.withUnsafeMutableBytes { buffer in
      try buffer.baseAddress.map { try input.readFully(into: $0, count: buffer.count) } ?? 0
    }
    return try decode(Array(bytes.prefix(taken)), name: path, options)
  }

  private static func decodeNext(
    _ splitter: inout PictureSplitter, index: Int, name: String, _ options: SourceOptions
  ) throws -> PictureDecoder.Result? {
    guard let (bytes, isWhole) = try splitter.next(index: index) else { return nil }
    if !isWhole {
      throw MediaError(
        .truncated, "\(name) ends within picture \(index), after \(bytes.count) bytes of it.")
    }
    return try decode(bytes, name: "\(index) of \(name)", options)
  }

  /// Strictly first; what is damaged is decoded as far as it goes if the user wants that.
  private static func decode(
    _ bytes: [UInt8], name: String, _ options: SourceOptions
  ) throws -> PictureDecoder.Result {
    do {
      return try PictureDecoder.decode(bytes, isStrict: true, name: name)
    } catch let error as MediaError
      where options.onDamage == .continue && [.corrupt, .truncated].contains(error.code)
    {
      options.report?(error.message)
      return try PictureDecoder.decode(bytes, isStrict: false, name: name)
    }
  }
}
