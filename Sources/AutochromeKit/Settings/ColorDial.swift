/// A setting of the dials that trade color against accuracy.
public struct ColorDial: Codable, Hashable, Sendable {
  /// 0 (accurate) … 1 (colorful); nil takes the network's own.
  public var vividness: Float?
  /// Temperature of the annealed mean, up to 1; nil takes the settings' or the network's own.
  public var temperature: Float?

  /// Both may be left to the network.
  public init(vividness: Float? = nil, temperature: Float? = nil) {
    self.vividness = vividness
    self.temperature = temperature
  }

  /// Reads a list of `VIVIDNESS` or `VIVIDNESS:TEMPERATURE` with commas between, such as
  /// `0:0.7,0.6,1:0.38`.
  /// - Throws: `AutochromeError` with status `usage` naming the part that is wrong.
  /// - Parameter option: what the list was given with, for messages.
  public static func list(
    _ text: String, option: String = "--dials"
  ) throws(AutochromeError) -> [ColorDial] {
    var dials: [ColorDial] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
        .map { Float($0.trimmingPrefix { $0.isWhitespace }) }
      guard (1...2).contains(numbers.count), let vividness = numbers[0],
        (0...1).contains(vividness)
      else { throw wrong(part, option) }
      var dial = ColorDial(vividness: vividness)
      if numbers.count == 2 {
        guard let temperature = numbers[1], (0.01...1).contains(temperature) else {
          throw wrong(part, option)
        }
        dial.temperature = temperature
      }
      dials.append(dial)
    }
    return dials
  }

  private static func wrong(_ part: Substring, _ option: String) -> AutochromeError {
    AutochromeError(
      .usage,
      "\(option) has '\(part)', expected a vividness in 0…1, with a temperature in 0.01…1 behind a "
        + "colon if wanted, such as 0.6:0.5.")
  }
}
