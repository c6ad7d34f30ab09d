import Imaging

/// The part of a file that is wanted, in seconds on the file's own clock.
struct TimeCut: Sendable {
  enum Place { case before, inside, after }

  /// First wanted time; `nil` from the start.
  let from: Double?
  /// First time that is not wanted any more; `nil` to the end.
  let to: Double?
  /// Containers round time stamps; a frame that misses the cut by less than a quarter frame counts.
  private let tolerance: Double
  private let start: Double

  /// - Parameters:
  ///   - from: Seconds after the start of the file.
  ///   - to: Seconds after the start of the file.
  ///   - start: The file's first time stamp, in seconds.
  ///   - frameSeconds: Duration of a frame; 0 if unknown.
  init(from: Double?, to: Double?, start: Double, frameSeconds: Double) {
    self.from = from.map { $0 + start }
    self.to = to.map { $0 + start }
    self.start = start
    tolerance = frameSeconds > 0 ? frameSeconds / 4 : 0.0005
  }

  func place(of seconds: Double) -> Place {
    if let from, seconds < from - tolerance { return .before }
    if let to, seconds >= to - tolerance { return .after }
    return .inside
  }

  /// Whether a film that is read from `seconds` on holds all that is wanted.
  func isCovered(from seconds: Double) -> Bool { from.map { seconds <= $0 + tolerance } ?? true }

  /// Whether a copied packet is wanted; `end` is an end that showed up on the way.
  func containsPacket(at seconds: Double, before end: Double?) -> Bool {
    if let from, seconds < from { return false }
    if let limit = end ?? to, seconds >= limit { return false }
    return true
  }

  /// What to subtract from time stamps in `timeBase`, so that times count from the cut.
  func shift(in timeBase: Rational) -> Int64 {
    guard let from, timeBase.value > 0 else { return 0 }
    return Int64((from / timeBase.value).rounded())
  }

  /// What a time stamp in seconds, shifted or not, lacks to the seconds after the start of the file.
  var clockOffset: Double { (from ?? 0) - start }

  /// How much of `whole` seconds remains.
  func duration(of whole: Double) -> Double {
    max(0, min(to.map { $0 - start } ?? whole, whole) - (from.map { $0 - start } ?? 0))
  }

  /// The part of `chapter` within the cut, in its new time.
  func apply(_ chapter: Chapter) -> Chapter? {
    guard from != nil || to != nil else { return chapter }
    let unit = chapter.timeBase.value
    guard unit > 0 else { return nil }
    let first = from.map { Int64(($0 / unit).rounded()) } ?? 0
    let last = to.map { Int64(($0 / unit).rounded()) } ?? Int64.max
    guard chapter.end > first, chapter.start < last else { return nil }
    var result = chapter
    result.start = max(chapter.start, first) - first
    result.end = min(chapter.end, last) - first
    return result
  }
}
