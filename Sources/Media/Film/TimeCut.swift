import Imaging

/// The part of a file that is wanted, on the file's own clock and by the numbers of its frames.
struct TimeCut: Sendable {
  enum Place { case before, inside, after }

  /// First wanted time in seconds; `nil` from the start, or as long as the first wanted frame was not
  /// reached.
  private(set) var from: Double?
  /// First time in seconds that is not wanted any more; `nil` to the end.
  let to: Double?
  /// Number of the first wanted frame, and of the first that is not wanted any more, where they were
  /// asked for by number and only counting finds them.
  let frames: (from: Int?, to: Int?)
  /// Whether frames must be counted from the start of the file.
  let countsFrames: Bool
  /// Containers round time stamps; a frame that misses the cut by less than a quarter frame counts.
  private let tolerance: Double
  /// The file's first time stamp, in seconds.
  let start: Double
  private let rate: Rational?

  /// - Parameters:
  ///   - options: What was asked for.
  ///   - start: The file's first time stamp, in seconds.
  ///   - rate: Frames per second; `nil` if unknown.
  ///   - isConstant: Whether all frames come at this rate, so that a number is a time.
  ///   - firstTimecode: The time code of the file's first frame, if it tells one.
  /// - Throws: `MediaError` if a time code does not exist at this rate.
  init(
    _ options: SourceOptions, start: Double, rate: Rational?, isConstant: Bool = false,
    firstTimecode: Timecode? = nil
  ) throws(MediaError) {
    func time(_ position: FilmPosition?) throws(MediaError) -> Double? {
      guard let position else { return nil }
      if case .frame(let number) = position {
        return isConstant ? rate.map { start + Double(number) / $0.value } : nil
      }
      return try position.seconds(rate: rate, firstTimecode: firstTimecode).map { $0 + start }
    }
    func number(_ position: FilmPosition?) -> Int? {
      guard case .frame(let number) = position, !isConstant else { return nil }
      return number
    }
    self.start = start
    self.rate = rate
    from = try time(options.from)
    to = try time(options.to)
    frames = (number(options.from), number(options.to))
    countsFrames = !isConstant && (options.countsFrames || frames.from != nil || frames.to != nil)
    tolerance = rate.map { $0.value > 0 ? 0.25 / $0.value : 0.0005 } ?? 0.0005
  }

  /// - Parameters:
  ///   - seconds: When the frame is shown.
  ///   - number: How many frames are shown before it; only looked at if `countsFrames`.
  func place(of seconds: Double, number: Int) -> Place {
    if let first = frames.from, number < first { return .before }
    if let last = frames.to, number >= last { return .after }
    if let from, seconds < from - tolerance { return .before }
    if let to, seconds >= to - tolerance { return .after }
    return .inside
  }

  /// Whether the time of the first wanted frame is still to be found.
  var isSearching: Bool { frames.from != nil && from == nil }

  /// The first wanted frame, which was asked for by its number, is shown at this time.
  mutating func begin(at seconds: Double) { from = seconds }

  /// Whether a film that is read from `seconds` on holds all that is wanted.
  func isCovered(from seconds: Double) -> Bool { from.map { seconds <= $0 + tolerance } ?? true }

  /// Whether a copied packet is wanted; `end` is an end that showed up on the way.
  func containsPacket(at seconds: Double, before end: Double?) -> Bool {
    if let from, seconds < from { return false }
    if let limit = end ?? to, seconds >= limit { return false }
    return true
  }

  /// How much of `whole` seconds remains.
  func duration(of whole: Double) -> Double {
    max(0, min(end.map { $0 - start } ?? whole, whole) - (from.map { $0 - start } ?? 0))
  }

  /// The end; roughly, where it was asked for by the number of a frame.
  private var end: Double? {
    if let to { return to }
    guard let number = frames.to, let rate, rate.value > 0 else { return nil }
    return start + Double(number) / rate.value
  }

  /// The part of `chapter` within the cut.
  func part(of chapter: Chapter) -> Chapter? {
    guard from != nil || end != nil else { return chapter }
    let unit = chapter.timeBase.value
    guard unit > 0 else { return nil }
    let first = from.map { Int64(($0 / unit).rounded()) } ?? 0
    let last = end.map { Int64(($0 / unit).rounded()) } ?? Int64.max
    guard chapter.end > first, chapter.start < last else { return nil }
    var result = chapter
    result.start = max(chapter.start, first)
    result.end = min(chapter.end, last)
    return result
  }
}

extension SourceInfo {
  /// Takes over when the file and the wanted part of it begin.
  mutating func setClock(of cut: TimeCut) {
    startTime = cut.start
    outputOrigin = cut.from ?? 0
  }

  /// `outputOrigin` in units of `timeBase`.
  func outputShift(in timeBase: Rational) -> Int64 {
    guard timeBase.value > 0 else { return 0 }
    return Int64((outputOrigin / timeBase.value).rounded())
  }
}
