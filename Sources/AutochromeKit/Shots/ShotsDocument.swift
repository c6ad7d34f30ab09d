import Media
import Yams

/// The text of a shots file, for programs that change it: what they don't touch, comments among it, stays as
/// people wrote it.
///
/// Within a shot, only the lines of the keys that change are written anew. A shot on one line in braces gets a
/// line for each key when it is changed; so do all shots of a list in brackets.
package struct ShotsDocument: Sendable {
  /// Where the file lies.
  package let path: String
  /// All of it.
  package let text: String
  /// What it says.
  package let file: ShotsFile
  /// What each shot says, by its keys.
  package let shots: [[String: ShotValue]]
  /// How many frames the film has, as `plan` counted them; nil if the file does not say.
  package let frameCount: Int?
  /// Tells this text from any other.
  package let revision: String
  let lines: [Substring]
  let entries: [Entry]
  /// Whether the list of shots stands in brackets.
  let isFlow: Bool
  /// The line of the key `shots`, from 0.
  let listLine: Int

  /// Where a shot stands.
  struct Entry: Sendable {
    enum Form: Sendable { case block, flow, place }
    var form: Form
    /// The line on which it begins, from 0, and the first column after its dash.
    var line: Int
    var column: Int
    /// The spaces before its dash; nil where that stands elsewhere.
    var dash: Int?
    /// The line before which it ends at the latest.
    var end: Int
    /// The keys with their lines and what stands under them on one line, in the order of the file.
    var keys: [(name: String, line: Int, flow: String)]
    /// Where the shot begins, if that is all it says.
    var place = ""
  }

  /// Reads a file.
  /// - Throws: `AutochromeError` that names the file, the line, the shot and what it should be.
  package init(contentsOf path: String) throws(AutochromeError) {
    try self.init(text: try Self.text(of: path), path: path)
  }

  /// What a file holds.
  /// - Throws: `AutochromeError` if it can't be read.
  package static func text(of path: String) throws(AutochromeError) -> String {
    try ShotList.text(of: path, as: "The shots")
  }

  /// - Parameter path: where it lies: pictures are found from there.
  /// - Throws: `AutochromeError` if it is no shots file.
  package init(text: String, path: String) throws(AutochromeError) {
    let top = try ShotsFile.node(of: text, path: path)
    file = try ShotsFile(node: top, path: path)
    self.path = path
    self.text = text
    revision = try AutochromeError.wrapping { try Fingerprint.of(bytes: Array(text.utf8)) }
    let source = YAMLText(text)
    lines = source.lines
    let mapping = top?.mapping ?? [:]
    frameCount = mapping["film"]?.mapping?["frames"]?.int
    let sequence = mapping["shots"]?.sequence ?? []
    isFlow = mapping["shots"].map { source.isFlow($0) } ?? false
    guard top.map({ !source.isFlow($0) }) ?? true else {
      throw AutochromeError(
        .badData,
        "The shots file '\(path)' is written in braces from the first line on; put 'shots:' on a line of its own."
      )
    }
    let keyLines = mapping.compactMap { key, _ in key.mark.map { (key.string, $0.line - 1) } }
    let listLine = keyLines.first { $0.0 == "shots" }?.1 ?? 0
    self.listLine = listLine
    let listEnd = keyLines.map(\.1).filter { $0 > listLine }.min() ?? lines.count
    var entries: [Entry] = []
    let starts = sequence.map { node in node.mark.map { $0.line - 1 } ?? 0 }
    for (index, node) in sequence.enumerated() {
      let pairs = node.mapping.map { Array($0) } ?? []
      let form: Entry.Form =
        node.mapping == nil ? .place : source.isFlow(node) ? .flow : .block
      entries.append(
        Entry(
          form: form, line: starts[index], column: node.mark?.column ?? 1,
          dash: source.dash(at: starts[index]),
          end: index + 1 < starts.count ? starts[index + 1] : listEnd,
          keys: pairs.map { key, value in
            (key.string ?? "", (key.mark?.line ?? 1) - 1, source.flow(value))
          }, place: node.scalar == nil ? "" : source.flow(node)))
    }
    self.entries = entries
    shots = sequence.map { node in
      guard let mapping = node.mapping else { return ["at": .text(node.scalar?.string ?? "")] }
      var values: [String: ShotValue] = [:]
      for (key, value) in mapping { values[key.string ?? ""] = ShotValue(value, in: source) }
      if let place = mapping["at"]?.scalar?.string { values["at"] = .text(place) }
      return values
    }
  }

  /// A shots file of one shot, and of the one whose look it takes over: what a look at that shot needs.
  /// - Parameters:
  ///   - shot: its index, from 0.
  ///   - edit: laid over what it says.
  /// - Throws: `AutochromeError` if the shot would be wrong.
  package func excerpt(
    of shot: Int, with edit: ShotEdit
  ) throws(AutochromeError) -> ShotList {
    var values = try self.values(of: shot)
    try edit.apply(to: &values)
    var list: [[String: ShotValue]] = [values]
    if case .integer(let like) = values["like"] {
      guard (1...max(1, shots.count)).contains(like), like - 1 != shot else {
        throw AutochromeError(
          .badData,
          "Shot \(shot + 1) can't be like shot \(like); choose another one of 1…\(shots.count).")
      }
      let isBefore = like - 1 < shot
      list.insert(shots[like - 1], at: isBefore ? 0 : 1)
      list[isBefore ? 1 : 0]["like"] = .integer(isBefore ? 1 : 2)
    }
    let text = "shots:\n" + list.map { "  - " + ShotValue.mapping($0).yaml + "\n" }.joined()
    return try ShotsFile(yaml: text, path: path).list
  }

  /// What a shot says.
  /// - Throws: `AutochromeError` if there is no such shot.
  func values(of shot: Int) throws(AutochromeError) -> [String: ShotValue] {
    guard shots.indices.contains(shot) else {
      throw AutochromeError(
        .usage, "Shot \(shot + 1) does not exist; '\(path)' has \(counted(shots.count, "shot")).")
    }
    return shots[shot]
  }
}

/// What changes of a shot: keys with their new values, an empty one to take a key away.
package struct ShotEdit: Codable, Hashable, Sendable {
  package var values: [String: ShotValue]

  /// What may be changed.
  package static let keys = ["look", "color", "like", "hints", "references", "state"]

  package init(_ values: [String: ShotValue] = [:]) { self.values = values }

  package init(from decoder: any Decoder) throws {
    values = try decoder.singleValueContainer().decode([String: ShotValue].self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }

  /// - Throws: `AutochromeError` if a key can't be changed.
  func check() throws(AutochromeError) {
    for key in values.keys where !Self.keys.contains(key) {
      throw AutochromeError(
        .usage,
        "A shot's '\(key)' can't be changed; expected one of " + Self.keys.joined(separator: ", ")
          + ".")
    }
  }

  /// The pictures that its references name.
  package var pictures: [String] {
    guard case .list(let references)? = values["references"] else { return [] }
    return references.compactMap { reference in
      switch reference {
      case .text(let name): name
      case .mapping(let parts):
        if case .text(let name)? = parts["picture"] { name } else { nil }
      default: nil
      }
    }
  }

  func apply(to shot: inout [String: ShotValue]) throws(AutochromeError) {
    try check()
    for (key, value) in values { shot[key] = value.isEmpty ? nil : value }
  }
}
