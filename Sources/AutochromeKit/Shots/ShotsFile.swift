import Colorization
import Foundation
import Media
import Yams

/// A shots file: YAML that says where shots begin and how each looks. `autochrome plan` writes it, people
/// correct it, `--shots` takes it.
///
///     film: {name: film.mkv, frames: 2400, fingerprint: …}
///     look: {vividness: 0.5}
///     shots:
///       - at: 0:00:00.000
///       - at: 0:00:12.480
///         look: {saturation: 0.8}
///       - {at: "#991", like: 2}
///       - {at: 0:01:03.000, color: keep}
package struct ShotsFile: Sendable {
  /// What holds for the whole film where the command line says nothing else.
  package let filmLook: SettingsLayer
  /// The shots, in the order of the file.
  package let list: ShotList

  /// What a shot may say.
  private enum Key: String, CaseIterable {
    case at, look, color, like, hints, references, palette
    /// For people, and what `plan` writes for them.
    case flags, state, note
  }

  /// Reads a file.
  /// - Throws: `AutochromeError` that names the file, the line, the shot and what it should be.
  package init(contentsOf path: String) throws(AutochromeError) {
    try self.init(yaml: try ShotList.text(of: path, as: "The shots"), path: path)
  }

  init(yaml: String, path: String) throws(AutochromeError) {
    try self.init(node: try Self.node(of: yaml, path: path), path: path)
  }

  /// The text as YAML has it.
  static func node(of yaml: String, path: String) throws(AutochromeError) -> Node? {
    do { return try YAMLTree.compose(yaml) } catch {
      throw AutochromeError(
        .badData, "The shots '\(path)' are not valid YAML: \(SettingsLayer.oneLine(error)).")
    }
  }

  init(node: Node?, path: String) throws(AutochromeError) {
    let top = try Self.mapping(
      node, of: path, what: "the file", keys: ["film", "look", "shots"], needed: "shots")
    filmLook =
      try top["look"].map { node throws(AutochromeError) in
        try Self.look(node, of: path, what: "the film")
      } ?? SettingsLayer()
    guard let sequence = top["shots"]?.sequence else {
      throw Self.wrong(path, top["shots"], "'shots' is not a list")
    }
    var entries: [Entry] = []
    for (index, node) in sequence.enumerated() {
      entries.append(try Self.entry(node, number: index + 1, of: path))
    }
    var shots: [ShotList.Shot] = []
    for (index, entry) in entries.enumerated() {
      var shot = entry.shot
      if let like = entry.like {
        guard entries.indices.contains(like - 1), like - 1 != index,
          entries[like - 1].like == nil
        else {
          throw Self.wrong(
            path, entry.node,
            "shot \(index + 1) has 'like: \(like)'; expected another shot (1…\(entries.count)) that has no 'like' "
              + "itself"
          )
        }
        shot.look = entries[like - 1].shot.look.overlaid(by: shot.look)
        shot.color = shot.color ?? entries[like - 1].shot.color
        if let other = entries[like - 1].shot.given?.forAnotherShot, !other.isEmpty {
          shot.given = other.joined(with: shot.given ?? GivenColors())
        }
      }
      shots.append(shot)
    }
    try Self.checkOrder(of: entries, path)
    var list = ShotList(shots: shots, hasLooks: true)
    list.origin = top["film"]?.mapping?["fingerprint"]?.string.map { (path, $0) }
    self.list = list
  }

  /// Shots lie in the order of the film, as far as their places can be compared.
  private static func checkOrder(of entries: [Entry], _ path: String) throws(AutochromeError) {
    var (seconds, number): (Double?, Int?) = (nil, nil)
    for (index, entry) in entries.enumerated() {
      let isLater: Bool
      switch entry.shot.position.position {
      case .seconds(let time):
        isLater = seconds.map { time > $0 } ?? true
        seconds = time
      case .frame(let frame):
        isLater = number.map { frame > $0 } ?? true
        number = frame
      case .timecode: isLater = true
      }
      guard isLater else {
        throw wrong(
          path, entry.node, "shot \(index + 1) does not begin after the previous one")
      }
    }
  }

  private struct Entry {
    var shot: ShotList.Shot
    /// The number of the shot whose look it takes over.
    var like: Int?
    var node: Node
  }

  private static func entry(
    _ node: Node, number: Int, of path: String
  ) throws(AutochromeError) -> Entry {
    let what = "shot \(number)"
    func position(_ node: Node?) throws(AutochromeError) -> TimePosition {
      guard let text = node?.scalar?.string, let position = TimePosition(text) else {
        throw wrong(
          path, node,
          "\(what) begins at '\(node?.scalar?.string ?? "")', expected \(TimePosition.forms); put frame numbers in "
            + "quotes")
      }
      return position
    }
    // A place alone.
    if node.scalar != nil {
      return Entry(shot: ShotList.Shot(position: try position(node)), node: node)
    }
    let mapping = try mapping(
      node, of: path, what: what, keys: Key.allCases.map(\.rawValue), needed: Key.at.rawValue)
    var shot = ShotList.Shot(position: try position(mapping[Key.at.rawValue]))
    if let node = mapping[Key.look.rawValue] { shot.look = try look(node, of: path, what: what) }
    if let node = mapping[Key.color.rawValue] {
      guard let color = ColorMode(rawValue: node.scalar?.string ?? "") else {
        throw wrong(
          path, node,
          "\(what) has color '\(node.scalar?.string ?? "")'; expected "
            + ColorMode.allCases.map(\.rawValue).joined(separator: " or "))
      }
      shot.color = color
    }
    let given = try given(mapping, of: path, what: what)
    if !given.isEmpty { shot.given = given }
    var like: Int?
    if let node = mapping[Key.like.rawValue] {
      guard let number = node.int, number >= 1 else {
        throw wrong(path, node, "\(what) has a 'like' that is not the number of a shot")
      }
      like = number
    }
    return Entry(shot: shot, like: like, node: node)
  }

  /// A hint as the file has it.
  private struct FrameHint: Decodable {
    let frame: Int
    let hint: Hint

    private enum CodingKeys: String, CodingKey { case frame }

    init(from decoder: any Decoder) throws {
      frame = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .frame)
      hint = try Hint(from: decoder)
    }
  }

  /// What is given of a shot's colors.
  private static func given(
    _ mapping: [String: Node], of path: String, what: String
  ) throws(AutochromeError) -> GivenColors {
    var result = GivenColors()
    for node in try list(mapping[Key.hints.rawValue], "hints", of: path, what) {
      _ = try Self.mapping(
        node, of: path, what: "a hint of \(what)",
        keys: ["frame", "at", "stroke", "color", "radius"], needed: "frame")
      do {
        let hint = try YAMLDecoder().decode(FrameHint.self, from: node)
        guard hint.frame >= 0 else {
          throw wrong(path, node, "a hint of \(what) has a negative frame number")
        }
        result.add(hint.hint, at: hint.frame)
      } catch let error as AutochromeError {
        throw error
      } catch {
        throw wrong(path, node, "a hint of \(what) is wrong (\(SettingsLayer.said(error)))")
      }
    }
    for node in try list(mapping[Key.references.rawValue], "references", of: path, what) {
      if let name = node.scalar?.string {
        let still = try still(name, node, of: path, what)
        if let frame = GivenColors.frame(in: PathParts.name(of: name)) {
          result.add(still, at: frame)
        } else {
          result.add(still)
        }
        continue
      }
      let entry = try Self.mapping(
        node, of: path, what: "a reference of \(what)", keys: ["picture", "frame", "swatches"],
        needed: "picture")
      guard let name = entry["picture"]?.scalar?.string else {
        throw wrong(path, node, "a reference of \(what) does not name a picture")
      }
      let still = try still(name, node, of: path, what)
      let frame = try entry["frame"].map { number throws(AutochromeError) in
        guard let frame = number.int, frame >= 0 else {
          throw wrong(
            path, number, "the 'frame' of a reference of \(what) is not a frame number")
        }
        return frame
      }
      switch (frame, entry["swatches"]) {
      case (let frame?, let swatches?):
        let pairs = try pairs(swatches, of: path, what)
        result.add(GivenColors.Swatches(picture: still, pairs: pairs), at: frame)
      case (nil, let swatches?):
        throw wrong(
          path, swatches, "a reference of \(what) has swatches, but no 'frame' to which they belong"
        )
      case (let frame?, nil): result.add(still, at: frame)
      case (nil, nil): result.add(still)
      }
    }
    if let node = mapping[Key.palette.rawValue] {
      result.setPalette(try still(node.scalar?.string ?? "", node, of: path, what))
    }
    return result
  }

  /// Parts of a picture and of a frame that belong together.
  private static func pairs(
    _ node: Node, of path: String, _ what: String
  ) throws(AutochromeError) -> [SwatchPair] {
    var pairs: [SwatchPair] = []
    for node in try list(node, "swatches", of: path, what) {
      _ = try mapping(
        node, of: path, what: "a swatch of \(what)", keys: ["target", "reference"],
        needed: "target")
      do { pairs.append(try YAMLDecoder().decode(SwatchPair.self, from: node)) } catch {
        throw wrong(path, node, "a swatch of \(what) is wrong (\(SettingsLayer.said(error)))")
      }
    }
    guard !pairs.isEmpty else { throw wrong(path, node, "the swatches of \(what) are empty") }
    return pairs
  }

  private static func list(
    _ node: Node?, _ name: String, of path: String, _ what: String
  ) throws(AutochromeError) -> [Node] {
    guard let node else { return [] }
    guard let sequence = node.sequence else {
      throw wrong(path, node, "the \(name) of \(what) are not a list")
    }
    return Array(sequence)
  }

  /// A picture, whose name counts from the folder of the file.
  private static func still(
    _ name: String, _ node: Node, of path: String, _ what: String
  ) throws(AutochromeError) -> GivenColors.Still {
    guard !name.isEmpty else { throw wrong(path, node, "\(what) does not name a picture") }
    let folder = PathParts.folder(of: path)
    do {
      return try GivenColors.Still(
        name.hasPrefix("/") || folder.isEmpty ? name : PathParts.join(folder, name))
    } catch {
      throw AutochromeError(
        error.status,
        wrong(path, node, "\(what) names a picture that can't be read").message + " "
          + error.message)
    }
  }

  /// Settings that are a matter of taste.
  private static func look(
    _ node: Node, of path: String, what: String
  ) throws(AutochromeError) -> SettingsLayer {
    _ = try mapping(
      node, of: path, what: "the look of \(what)", keys: SettingsCatalog.ofLook.map(\.name),
      needed: nil)
    let layer: SettingsLayer
    do { layer = try YAMLDecoder().decode(SettingsLayer.self, from: node) } catch {
      throw wrong(
        path, node,
        "the look of \(what) has a value of the wrong type (\(SettingsLayer.said(error)))")
    }
    do throws(AutochromeError) {
      for setting in SettingsCatalog.all { try setting.check(layer) }
    } catch {
      throw wrong(
        path, node, "the look of \(what): \(error.message.trimmingPrefix("--").dropLast())")
    }
    return layer
  }

  private static func mapping(
    _ node: Node?, of path: String, what: String, keys: [String], needed: String?
  ) throws(AutochromeError) -> [String: Node] {
    guard let mapping = node?.mapping else {
      throw wrong(path, node, "\(what) is not a mapping ('name: value' lines)")
    }
    var result: [String: Node] = [:]
    for (key, value) in mapping {
      let name = key.string ?? ""
      guard keys.contains(name) else {
        throw wrong(
          path, key,
          "\(what) has the unknown key '\(name)'; expected one of \(keys.joined(separator: ", "))")
      }
      result[name] = value
    }
    if let needed, result[needed] == nil {
      throw wrong(path, node, "\(what) has no '\(needed)'")
    }
    return result
  }

  private static func wrong(_ path: String, _ node: Node?, _ what: String) -> AutochromeError {
    let line = node?.mark.map { " in line \($0.line)" } ?? ""
    return AutochromeError(.badData, "The shots file '\(path)' has an error\(line): \(what).")
  }
}
