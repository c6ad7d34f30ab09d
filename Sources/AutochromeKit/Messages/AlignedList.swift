/// Names and what is said of each, in two columns.
package struct AlignedList: CustomStringConvertible {
  private var rows: [(name: String, words: String)] = []

  /// An empty list.
  package init() {}

  /// Adds a row, unless there is nothing to say. The words may hold names of files and tags: they stay on
  /// one line.
  package mutating func add(_ name: String, _ words: String?) {
    if let words { rows.append((name, PrintableText(words).description)) }
  }

  package var description: String {
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { name, words in
      name + String(repeating: " ", count: width - name.count + 2) + words
    }.joined(separator: "\n")
  }
}
