import Imaging
import Media

/// The color tags of a film as a program reads them: each by its name and by its number of ITU-T H.273.
public struct ColorTags: Codable, Hashable, Sendable {
  /// One tag.
  public struct Tag: Codable, Hashable, Sendable {
    /// What is used.
    public var name: String
    /// The number of what is used.
    public var number: Int
    /// Whether the film says so; otherwise it is assumed.
    public var isTagged: Bool
  }

  public var matrix: Tag
  public var transfer: Tag
  public var primaries: Tag
  /// `limited` or `full`.
  public var range: String
  public var rangeIsTagged: Bool

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
  public var text: String {
    func words(_ name: String, _ tag: Tag) -> String {
      "\(name) \(tag.name)" + (tag.isTagged ? "" : " (untagged)")
    }
    return [
      words("matrix", matrix), words("transfer", transfer), words("primaries", primaries),
      "\(range) range" + (rangeIsTagged ? "" : " (untagged)"),
    ].joined(separator: ", ")
  }
}
