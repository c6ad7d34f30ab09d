/// Names and what is said of each, in two columns.
public struct AlignedList: CustomStringConvertible {
  private var rows: [(name: String, words: String)] = []

  /// An empty list.
  public init() {}

  /// Adds a row, unless there is nothing to say. The words may hold names of files and tags: they stay on
  /// one line.
  public mutating func add(_ name: String, _ words: String?) {
    if let words { rows.append((name, PrintableText(words).description)) }
  }

  public var description: String {
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { name, words in
      name + String(repeating: " ", count: width - name.count + 2) + words
    }.joined(separator: "\n")
  }
}
