import Foundation
package import Media

/// A place in a film as people write it: a time, a time code or the number of a frame. All that takes
/// one (options, pipeline files, cut lists) reads it here, and all that tells a time writes it here.
package struct TimePosition: Hashable, Sendable {
  /// What it means.
  package let position: FilmPosition

  package init(_ position: FilmPosition) { self.position = position }

  /// What is accepted, for messages and help.
  package static let forms = "12.48, 1:02:12.48, 01:02:12:11 (time code) or #1234 (frame)"
}

extension TimePosition: LosslessStringConvertible {
  /// Reads seconds (`12.48`), a clock (`2:12.48`, `1:02:12.48`), a time code (`01:02:12:11`, with
  /// dropped frames `01:02:12;11`) or the number of a frame (`#1234`); nil for anything else.
  package init?(_ text: String) {
    if text.first == "#" {
      guard let number = Timecode.whole(text.dropFirst()) else { return nil }
      self.init(.frame(number))
    } else if let code = Timecode(text) {
      self.init(.timecode(code))
    } else if let seconds = Self.clock(text) {
      self.init(.seconds(seconds))
    } else {
      return nil
    }
  }

  /// What is read back as the same.
  package var description: String {
    switch position {
    case .seconds(let seconds): Self.decimal(seconds)
    case .timecode(let code): code.description
    case .frame(let number): "#\(number)"
    }
  }

  private static func clock(_ text: String) -> Double? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), let last = parts.last, let seconds = decimal(last),
      parts.count == 1 || seconds < 60
    else { return nil }
    var minutes = 0
    for (place, part) in parts.dropLast().enumerated() {
      guard let value = Timecode.whole(part), place == 0 || value < 60 else { return nil }
      minutes = 60 * minutes + value
    }
    let sum = Double(60 * minutes) + seconds
    return range.contains(sum) ? sum : nil
  }

  /// The seconds that are read, up to thirty years.
  private static let range = 0..<1e9

  /// Digits with at most one point among them; no sign, no exponent.
  private static func decimal(_ text: Substring) -> Double? {
    guard let first = text.utf8.first, isDigit(first),
      text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") })
    else { return nil }
    return Double(text)
  }

  /// The shortest decimal that is read as `seconds`, without the exponent that Swift gives to tiny numbers.
  private static func decimal(_ seconds: Double) -> String {
    let text = "\(seconds)"
    guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[mark...].dropFirst()),
      exponent < 0
    else { return text }
    let digits = text[..<mark].filter(\.isNumber)
    return "0." + String(repeating: "0", count: -exponent - 1) + digits
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

extension TimePosition: Codable {
  /// Seconds may stand as a number, the other forms are text.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let text = try? container.decode(String.self) else {
      let seconds = try container.decode(Double.self)
      guard Self.range.contains(seconds) else {
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription:
            "\(seconds) is not a time of a film; expected seconds from 0 to less than 1000000000")
      }
      self.init(.seconds(seconds))
      return
    }
    guard let position = TimePosition(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "'\(text)' is not a position in the film; expected \(Self.forms)")
    }
    self = position
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if case .seconds(let seconds) = position {
      try container.encode(seconds)
    } else {
      try container.encode(description)
    }
  }
}

extension TimePosition: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// Seconds.
  package init(floatLiteral value: Double) { self.init(.seconds(value)) }
  /// Seconds.
  package init(integerLiteral value: Int) { self.init(.seconds(Double(value))) }
}

extension TimePosition {
  /// A place in a film for people and for `init(_:)`: `1:02:12.480`.
  package static func clock(_ seconds: Double) -> String {
    let milliseconds = Int((min(max(abs(seconds), 0), 1e12) * 1000).rounded())
    let sign = seconds < 0 && milliseconds > 0 ? "-" : ""
    return sign
      + String(
        format: "%d:%02d:%02d.%03d", milliseconds / 3_600_000, milliseconds / 60_000 % 60,
        milliseconds / 1000 % 60, milliseconds % 1000)
  }

  /// How long something takes, in whole seconds: `2:05`, `1:02:12`.
  package static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(0, seconds), 1e12).rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}

extension TimePosition {
  /// A place as a film counts it.
  package enum Place: Sendable {
    /// The number of a frame, from 0.
    case number(Int)
    /// Seconds after the start of the film.
    case seconds(Double)
  }

  /// What it means in a film.
  /// - Throws: `AutochromeError` if it is a time code that the film can't have.
  package func place(in film: SourceInfo) throws(AutochromeError) -> Place {
    if case .frame(let number) = position { return .number(number) }
    let seconds = try AutochromeError.wrapping {
      try position.seconds(rate: film.frameRate, firstTimecode: film.firstTimecode)
    }
    return .seconds(seconds ?? 0)
  }
}
