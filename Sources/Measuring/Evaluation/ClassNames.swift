import AutochromeKit

/// What the classes of a classifier are called: in `autochrome.classes`, one line for each class, synonyms separated by
/// commas, as in `n01440764, tench, Tinca tinca`. Letters may be of either case.
package struct ClassNames: Sendable {
  /// How many classes there are.
  package let count: Int
  /// The classes of each name: some names belong to several, such as `crane`.
  private let numbers: [String: [Int]]

  /// - Parameters:
  ///   - text: one line for each class; nil for classes without names.
  ///   - count: how many classes there are.
  ///   - wrong: makes an error of what is wrong with `text`.
  init(
    _ text: String?, count: Int, wrong: (String) -> AutochromeError
  ) throws(AutochromeError) {
    self.count = count
    var lines = text?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard text == nil || lines.count == count else {
      throw wrong("has \(counted(lines.count, "line")), expected one for each of \(count) classes")
    }
    var numbers: [String: [Int]] = [:]
    for (number, line) in lines.enumerated() {
      // The whole line is a name, too.
      for name in Set(line.split(separator: ",").map(Self.key) + [Self.key(line)]) {
        numbers[name, default: []].append(number)
      }
    }
    self.numbers = numbers
  }

  /// The classes that a label means: the one with this number, from 0, or those with this name.
  func classes(of label: some StringProtocol) -> [Int] {
    if let number = Int(label) { return (0..<count).contains(number) ? [number] : [] }
    return numbers[Self.key(label)] ?? []
  }

  private static func key(_ name: some StringProtocol) -> String {
    name.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
  }
}
