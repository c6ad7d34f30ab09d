import Imaging
import Media

/// The color tags of a film as a program reads them: each by its name and by its number of ITU-T H.273.
package struct ColorTags: Codable, Hashable, Sendable {
  /// One tag.
  package struct Tag: Codable, Hashable, Sendable {
    /// What is used.
    package var name: String
    /// The number of what is used.
    package var number: Int
    /// Whether the film says so; otherwise it is assumed.
    package var isTagged: Bool
  }

  package var matrix: Tag
  package var transfer: Tag
  package var primaries: Tag
  /// `limited` or `full`.
  package var range: String
  package var rangeIsTagged: Bool

  /// What is used of a film's tags, and what stands for those that are absent.
  init(_ info: SourceInfo) {
    let given = info.color
    let used = given.resolved(width: info.width, height: info.height, format: info.format)
    func tag<Value: RawRepresentable<Int> & CustomStringConvertible>(
      _ path: KeyPath<ColorDescription, Value>
    ) -> Tag {
      Tag(
        name: used[keyPath: path].description, number: used[keyPath: path].rawValue,
        isTagged: given[keyPath: path].rawValue == used[keyPath: path].rawValue)
    }
    matrix = tag(\.matrix)
    transfer = tag(\.transfer)
    primaries = tag(\.primaries)
    range = used.range.rawValue
    rangeIsTagged = given.range == used.range
  }

  /// For people.
  package var text: String {
    func words(_ name: String, _ tag: Tag) -> String {
      "\(name) \(tag.name)" + (tag.isTagged ? "" : " (untagged)")
    }
    return [
      words("matrix", matrix), words("transfer", transfer), words("primaries", primaries),
      "\(range) range" + (rangeIsTagged ? "" : " (untagged)"),
    ].joined(separator: ", ")
  }
}
