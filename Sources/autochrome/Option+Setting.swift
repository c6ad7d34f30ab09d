import ArgumentParser
import AutochromeKit
import Colorization

extension RefineMode: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}
extension BarsMode: ExpressibleByArgument {}
extension CopyMode: ExpressibleByArgument {}
extension AudioMode: ExpressibleByArgument {}
extension KeyFrames: ExpressibleByArgument {}

extension Option {
  /// The option of a setting.
  /// - Parameter parsing: `unconditional` where values may begin with a minus sign.
  init<Given: ExpressibleByArgument, Resolved>(
    _ path: KeyPath<SettingsCatalog, Setting<Given, Resolved>>,
    parsing: SingleValueParsingStrategy = .next
  ) where Value == Given? {
    let setting = SettingsCatalog.shared[keyPath: path]
    self.init(name: setting.optionName, parsing: parsing, help: setting.optionHelp)
  }

  /// The option of a setting that is a place in a film.
  init<Resolved>(_ path: KeyPath<SettingsCatalog, Setting<TimePosition, Resolved>>)
  where Value == TimePosition? {
    let setting = SettingsCatalog.shared[keyPath: path]
    self.init(
      name: setting.optionName, help: setting.optionHelp, transform: TimePosition.option)
  }

  /// The option of a setting that adds up where it is repeated.
  init<Given, Resolved>(
    wrappedValue: [String], _ path: KeyPath<SettingsCatalog, Setting<Given, Resolved>>
  ) where Value == [String] {
    let setting = SettingsCatalog.shared[keyPath: path]
    self.init(wrappedValue: wrappedValue, name: setting.optionName, help: setting.optionHelp)
  }
}

extension Setting {
  fileprivate var optionName: NameSpecification {
    NameSpecification((letter.map { [.customShort($0)] } ?? []) + [.customLong(name)])
  }

  fileprivate var optionHelp: ArgumentHelp { ArgumentHelp("\(help)", valueName: valueName) }
}

extension TimePosition {
  /// Reads an option, and says what may stand there instead of anything else.
  fileprivate static func option(_ text: String) throws -> TimePosition {
    guard let position = TimePosition(text) else {
      throw ValidationError(
        "'\(text)' is not a position in the film; expected \(TimePosition.forms)")
    }
    return position
  }
}
