package import Colorization

extension HueWeights {
  /// From `name=weight` each, several with commas between; what comes later counts.
  /// - Throws: `AutochromeError` with status `usage` for what is neither a name of hues nor a weight.
  package init(option texts: [String]) throws(AutochromeError) {
    self.init()
    let name = SettingsCatalog.shared.hues.name
    for part in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
        .map { $0.trimmingPrefix { $0 == " " } }
      guard sides.count == 2, let weight = Float(sides[1]) else {
        throw AutochromeError(
          .usage,
          "--\(name) contains '\(part)'; expected a name and a weight within \(SettingsCatalog.shared.hues.ends), such "
            + "as red=0.5.")
      }
      guard let range = HueRange(rawValue: String(sides[0])) else {
        throw AutochromeError(.usage, "--\(name): \(HueRange.unknown(String(sides[0]))).")
      }
      values[range] = weight
    }
  }
}
