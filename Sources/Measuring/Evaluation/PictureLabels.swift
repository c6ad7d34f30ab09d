import AutochromeKit
import Foundation
import Imaging
import Media

/// What pictures show, by the names of their files: lines of a picture and its class.
struct PictureLabels: Sendable {
  private let path: String
  private let classes: [String: Int]

  /// Reads a file: on each line a picture's name and a class, by number from 0 or by name, separated by a tab, or by a
  /// space if the picture's name has none. Empty lines and those that begin with `#` are left out.
  /// - Throws: `AutochromeError` that names the file, the line and what is expected.
  init(contentsOf path: String, classes names: ClassNames) throws(AutochromeError) {
    self.path = path
    var classes: [String: Int] = [:]
    let lines = try ShotList.text(of: path, as: "The labels").split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard line.contains(where: { !$0.isWhitespace }), !line.hasPrefix("#") else { continue }
      func wrong(_ problem: String) -> AutochromeError {
        AutochromeError(
          .badData,
          "Line \(index + 1) of the labels '\(path)' \(problem).")
      }
      let separator: Character = line.contains("\t") ? "\t" : " "
      let parts = line.split(separator: separator, maxSplits: 1)
      guard parts.count == 2 else {
        throw wrong("is '\(line)', expected a picture's name, a tab or a space, and its class")
      }
      let label = parts[1].trimmingCharacters(in: .whitespaces)
      let found = names.classes(of: label)
      guard let number = found.first else {
        throw wrong(
          "names the class '\(label)', which the classifier does not have; expected a number, 0…\(names.count - 1), or a "
            + "name of its property autochrome.classes")
      }
      guard found.count == 1 else {
        throw wrong(
          "names the class '\(label)', which can be \(found.map(String.init).joined(separator: " or ")); give the number"
        )
      }
      let picture = PathParts.name(of: String(parts[0]))
      guard classes.updateValue(number, forKey: picture) == nil else {
        throw wrong("names the picture '\(picture)' once more; expected each picture once")
      }
    }
    self.classes = classes
  }

  /// The class of a picture.
  /// - Throws: `AutochromeError` if the file does not name it.
  func number(of frame: Frame) throws(AutochromeError) -> Int {
    guard let name = frame.fileName else {
      throw AutochromeError(
        .usage,
        "The labels '\(path)' name pictures of a folder, but the input is a film; leave out --labels."
      )
    }
    guard let number = classes[name] else {
      throw AutochromeError(
        .badData,
        "The labels '\(path)' don't name the picture '\(name)'; add a line for it, or remove the picture."
      )
    }
    return number
  }
}
