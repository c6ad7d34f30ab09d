package import Colorization

extension Settings {
  /// The settings that are a matter of taste.
  package var look: Look {
    Look(
      vividness: self.vividness, temperature: self.temperature, saturation: self.saturation,
      warmth: self.warmth, tint: self.tint, hues: self.hues ?? HueWeights(),
      stability: self.stability, refine: self.refine, seed: self.seed)
  }
}

extension Look {
  /// Reads a list of `VIVIDNESS` or `VIVIDNESS:TEMPERATURE` with commas between, such as
  /// `0:0.7,0.6,1:0.38`.
  /// - Parameters:
  ///   - base: what the looks have in common.
  ///   - option: what the list was given with, for messages.
  /// - Throws: `AutochromeError` with status `usage` naming the part that is wrong.
  package static func list(
    _ text: String, over base: Look, option: String
  ) throws(AutochromeError) -> [Look] {
    let catalog = SettingsCatalog.shared
    var looks: [Look] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
        .map { Float($0.trimmingPrefix { $0.isWhitespace }) }
      guard (1...2).contains(numbers.count), let vividness = numbers[0],
        catalog.vividness.allows(vividness)
      else { throw wrong(part, option) }
      var look = base
      look.vividness = vividness
      if numbers.count == 2 {
        guard let temperature = numbers[1], catalog.temperature.allows(temperature) else {
          throw wrong(part, option)
        }
        look.temperature = temperature
      }
      looks.append(look)
    }
    return looks
  }

  private static func wrong(_ part: Substring, _ option: String) -> AutochromeError {
    let catalog = SettingsCatalog.shared
    return AutochromeError(
      .usage,
      "\(option) contains '\(part)'; expected a vividness within \(catalog.vividness.ends), optionally followed by a "
        + "colon and a temperature within \(catalog.temperature.ends), such as 0.6:0.5.")
  }
}
