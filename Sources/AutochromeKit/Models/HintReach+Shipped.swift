import Colorization
import Foundation

extension HintReach {
  /// The one that comes with the program.
  /// - Throws: `AutochromeError` with status `unavailable` if it is missing or damaged.
  static func shipped() throws(AutochromeError) -> HintReach {
    let file = try ResourceLocator.folder().appending(path: "guidance/hint-reach.json")
    do {
      return try HintReach(json: Data(contentsOf: file))
    } catch {
      throw AutochromeError(
        .unavailable,
        "'\(file.path)', the model of how far hints reach, can't be read (\(error)); reinstall the program."
      )
    }
  }
}
