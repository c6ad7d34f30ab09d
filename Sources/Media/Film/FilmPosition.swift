package import Imaging

/// A place in a film: a time, a time code or the number of a frame.
package enum FilmPosition: Hashable, Sendable {
  /// Seconds after the start of the film.
  case seconds(Double)
  /// The frame that carries this time code. The first frame carries the one that the file tells, or
  /// else 00:00:00:00.
  case timecode(Timecode)
  /// The frame with this number, counted from 0 in the order in which frames are shown.
  case frame(Int)

  /// The seconds after the start of the film.
  /// - Parameters:
  ///   - rate: frames per second, which a time code needs.
  ///   - first: time code of the first frame; nil for 00:00:00:00.
  /// - Returns: nil for the number of a frame, which only counting turns into a time.
  /// - Throws: `MediaError` if a time code does not exist at this rate or lies before the film.
  package func seconds(rate: Rational?, firstTimecode first: Timecode?) throws(MediaError)
    -> Double?
  {
    switch self {
    case .seconds(let seconds): return seconds
    case .frame: return nil
    case .timecode(let code):
      guard let rate, rate.value > 0 else {
        throw MediaError(
          .usage,
          "Time code \(code) needs a frame rate, but the film has none; give a time or a frame number."
        )
      }
      let start = try first?.frameCount(rate: rate) ?? 0
      let count = try code.frameCount(rate: rate) - start
      guard count >= 0 else {
        throw MediaError(
          .usage, "Time code \(code) lies before the beginning of the film at \(first ?? .zero).")
      }
      return Double(count) / rate.value
    }
  }
}

extension FilmPosition: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// Seconds.
  package init(floatLiteral value: Double) { self = .seconds(value) }
  /// Seconds.
  package init(integerLiteral value: Int) { self = .seconds(Double(value)) }
}
