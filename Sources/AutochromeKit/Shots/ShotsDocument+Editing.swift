import Media

extension ShotsDocument {
  /// Changes a shot.
  /// - Parameter index: from 0.
  /// - Throws: `AutochromeError` if the result would be no shots file; the text then stays as it was.
  package func edited(
    _ index: Int, by edit: ShotEdit
  ) throws(AutochromeError) -> ShotsDocument {
    try edit.check()
    var result = self
    for key in Self.order {
      if let value = edit.values[key] { result = try result.setting(key, to: value, of: index) }
    }
    return result
  }

  /// Lets a shot begin at a frame. The hints of the shot around it go to the shot in which their frames are now.
  /// - Parameters:
  ///   - frame: its number in the film.
  ///   - seconds: when it is shown.
  ///   - index: of the shot that it lies in, from 0.
  /// - Throws: `AutochromeError` if a shot begins there already.
  package func addingCut(
    at frame: Int, seconds: Double, in index: Int
  ) throws(AutochromeError) -> ShotsDocument {
    var result = try inLines(index)
    let entry = result.entries[index]
    let line = "\(spaces(entry.dash))- at: \(TimePosition.clock(seconds))  # frame \(frame)"
    result = try result.replacing(
      result.contentEnd(of: entry)..<result.contentEnd(of: entry), by: [line])
    let hints = Self.hints(of: shots[index])
    result = try result.setting(
      "hints", to: .list(hints.filter { Self.frame(of: $0) < frame }), of: index)
    result = try result.setting(
      "hints", to: .list(hints.filter { Self.frame(of: $0) >= frame }), of: index + 1)
    return try result.renumbering { $0 > index + 1 ? $0 + 1 : $0 }
  }

  /// Joins a shot to the one before it, which gets its hints.
  /// - Parameter index: from 1.
  /// - Throws: `AutochromeError` if it is the first, or another shot takes over its look.
  package func removingCut(of index: Int) throws(AutochromeError) -> ShotsDocument {
    let values = try values(of: index)
    guard index > 0 else {
      throw AutochromeError(.usage, "The first shot begins the film; its cut can't be removed.")
    }
    if let other = shots.firstIndex(where: { $0["like"] == .integer(index + 1) }) {
      throw AutochromeError(
        .usage,
        "Shot \(other + 1) is like shot \(index + 1); give it a look of its own before you remove this one."
      )
    }
    var result = try inLines(index)
    let entry = result.entries[index]
    result = try result.replacing(entry.line..<result.contentEnd(of: entry), by: [])
    let hints = Self.hints(of: values)
    if !hints.isEmpty {
      result = try result.setting(
        "hints", to: .list(Self.hints(of: shots[index - 1]) + hints), of: index - 1)
    }
    return try result.renumbering { $0 > index + 1 ? $0 - 1 : $0 }
  }

  /// Moves the beginning of a shot.
  /// - Parameters: as of `addingCut`; `index` is that of the shot that is to begin there, from 1.
  /// - Throws: `AutochromeError` if it would no longer lie between the shots around it.
  package func movingCut(
    of index: Int, to frame: Int, seconds: Double
  ) throws(AutochromeError) -> ShotsDocument {
    _ = try values(of: index)
    guard index > 0 else {
      throw AutochromeError(.usage, "The first shot begins the film; its cut can't be moved.")
    }
    var result = try inLines(index)
    let entry = result.entries[index]
    guard let place = entry.keys.first(where: { $0.name == "at" }) else { return self }
    let start =
      place.line == entry.line ? spaces(entry.dash) + "- " : spaces(entry.column - 1)
    result = try result.replacing(
      place.line..<place.line + 1,
      by: ["\(start)at: \(TimePosition.clock(seconds))  # frame \(frame)"])
    let (before, own) = (Self.hints(of: shots[index - 1]), Self.hints(of: shots[index]))
    let all = before + own
    guard !all.isEmpty else { return result }
    result = try result.setting(
      "hints", to: .list(all.filter { Self.frame(of: $0) < frame }), of: index - 1)
    return try result.setting(
      "hints", to: .list(all.filter { Self.frame(of: $0) >= frame }), of: index)
  }

  // MARK: - Parts

  /// Keys in the order in which they are written.
  private static let order = [
    "at", "flags", "look", "color", "like", "hints", "references", "palette", "state", "note",
  ]

  private static func hints(of shot: [String: ShotValue]) -> [ShotValue] {
    if case .list(let hints) = shot["hints"] { hints } else { [] }
  }

  private static func frame(of hint: ShotValue) -> Int {
    if case .mapping(let values) = hint, case .integer(let frame) = values["frame"] { return frame }
    return 0
  }

  private func renumbering(_ number: (Int) -> Int) throws(AutochromeError) -> ShotsDocument {
    var result = self
    for (index, shot) in shots.enumerated() {
      guard case .integer(let like) = shot["like"], number(like) != like else { continue }
      result = try result.setting("like", to: .integer(number(like)), of: index)
    }
    return result
  }

  /// Sets a key of a shot, or takes it away.
  private func setting(
    _ key: String, to value: ShotValue, of index: Int
  ) throws(AutochromeError) -> ShotsDocument {
    let old = try values(of: index)[key]
    guard old != value, old != nil || !value.isEmpty else { return self }
    let document = try inLines(index)
    let entry = document.entries[index]
    let indent = spaces(entry.column - 1)
    if let at = entry.keys.firstIndex(where: { $0.name == key }) {
      let start = entry.keys[at].line
      let end =
        at + 1 < entry.keys.count ? entry.keys[at + 1].line : document.contentEnd(of: entry)
      if start == entry.line {
        // It stands beside the dash: another key takes its place there.
        var keys = entry.keys.filter { $0.name != key }.map { ($0.name, $0.flow) }
        if !value.isEmpty { keys.append((key, value.yaml)) }
        return try document.rewriting(entry, keys: keys, comment: "")
      }
      let span = start..<document.trimmed(from: start + 1, to: end)
      guard !value.isEmpty else { return try document.replacing(span, by: []) }
      let comment = span.count == 1 ? YAMLLine(document.lines[start]).comment : ""
      return try document.replacing(span, by: ["\(indent)\(key): \(value.yaml)\(comment)"])
    }
    // After the keys that come before it.
    let rank = Self.order.firstIndex(of: key) ?? 0
    let before = entry.keys.lastIndex { (Self.order.firstIndex(of: $0.name) ?? 0) < rank } ?? 0
    let end =
      before + 1 < entry.keys.count
      ? document.trimmed(from: entry.keys[before].line + 1, to: entry.keys[before + 1].line)
      : document.contentEnd(of: entry)
    return try document.replacing(end..<end, by: ["\(indent)\(key): \(value.yaml)"])
  }

  /// The same document with a shot in lines of its own, one for each key.
  private func inLines(_ index: Int) throws(AutochromeError) -> ShotsDocument {
    _ = try values(of: index)
    guard !text.utf8.contains(UInt8(ascii: "\r")) else {
      throw AutochromeError(
        .badData,
        "'\(path)' can't be edited here because its lines end with carriage returns, as on Windows; convert it to LF "
          + "line ends first."
      )
    }
    guard !text.unicodeScalars.contains(where: YAMLText.otherLineEnds.contains) else {
      throw AutochromeError(
        .badData,
        "'\(path)' can't be edited here because it contains a line separator other than LF (U+0085, U+2028 or U+2029); "
          + "write it in quotes as an escape such as \\u2028."
      )
    }
    if isFlow {
      let rows = entries.flatMap {
        Self.rows(of: $0.keys.map { ($0.name, $0.flow) }, of: $0, indent: "  ")
      }
      let end = trimmed(from: listLine + 1, to: entries.last?.end ?? listLine + 1)
      let document = try replacing(listLine..<end, by: ["shots:"] + rows)
      return try document.inLines(index)
    }
    let entry = entries[index]
    let span = entry.line..<max(entry.line + 1, entry.end)
    guard entry.dash != nil, entry.keys.allSatisfy({ span.contains($0.line) }),
      !lines[span.clamped(to: lines.indices)].contains(where: { YAMLLine($0).hasAlias })
    else {
      throw AutochromeError(
        .badData,
        "Shot \(index + 1) of '\(path)' can't be edited here, because its dash is on a line of its own, or it uses "
          + "YAML anchors or aliases (&, *); write it out in full, like the other shots.")
    }
    switch entry.form {
    case .block: return self
    case .flow:
      let end = contentEnd(of: entry)
      let comment = end == entry.line + 1 ? YAMLLine(lines[entry.line]).comment : ""
      return try rewriting(entry, keys: entry.keys.map { ($0.name, $0.flow) }, comment: comment)
    case .place:
      var line = String(lines[entry.line])
      line.insert(contentsOf: "at: ", at: line.index(line.startIndex, offsetBy: entry.column - 1))
      return try replacing(entry.line..<entry.line + 1, by: [line])
    }
  }

  /// A shot written anew.
  private func rewriting(
    _ entry: Entry, keys: [(String, String)], comment: String
  ) throws(AutochromeError) -> ShotsDocument {
    var rows = Self.rows(of: keys, of: entry, indent: spaces(entry.dash))
    rows[0] += comment
    return try replacing(entry.line..<contentEnd(of: entry), by: rows)
  }

  private static func rows(
    of keys: [(String, String)], of entry: Entry, indent: String
  ) -> [String] {
    guard entry.form != .place else { return ["\(indent)- at: \(entry.place)"] }
    let sorted = keys.sorted {
      (order.firstIndex(of: $0.0) ?? 0) < (order.firstIndex(of: $1.0) ?? 0)
    }
    return sorted.enumerated().map { index, key in
      "\(indent)\(index == 0 ? "-" : " ") \(key.0): \(key.1)"
    }
  }

  /// The line after the last one that says something of the shot.
  private func contentEnd(of entry: Entry) -> Int { trimmed(from: entry.line + 1, to: entry.end) }

  /// The end of lines of which the last say something: comments before the next key or shot belong to that.
  private func trimmed(from start: Int, to end: Int) -> Int {
    var end = min(max(start, end), lines.count)
    while end > start, YAMLLine(lines[end - 1]).saysNothing { end -= 1 }
    return end
  }

  private func replacing(
    _ span: Range<Int>, by new: [String]
  ) throws(AutochromeError) -> ShotsDocument {
    var result = lines.map(String.init)
    result.replaceSubrange(span.clamped(to: 0..<result.count), with: new)
    // An end without an end of line gets one where something comes after it.
    return try ShotsDocument(text: result.joined(separator: "\n"), path: path)
  }
}

/// What lies before a text in its line.
private func spaces(_ count: Int?) -> String { String(repeating: " ", count: max(0, count ?? 0)) }

/// What can be told of a line of YAML without its neighbors.
private struct YAMLLine {
  private let text: Substring
  /// Where the comment begins, with the spaces before it; the end where there is none.
  private let commentStart: Substring.Index
  /// Whether it may name a node or refer to one.
  let hasAlias: Bool

  init(_ text: Substring) {
    self.text = text
    var quote: Character?
    var previous: Character = " "
    var found = text.endIndex
    var hasAlias = false
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      if let open = quote {
        if open == "\"", character == "\\" {
          index = text.index(after: index)
          if index == text.endIndex { break }
        } else if character == open {
          quote = nil
        }
      } else if character == "\"" || character == "'" {
        if " [{,:-".contains(previous) { quote = character }
      } else if character == "#", previous == " " || previous == "\t" {
        found = index
        break
      } else if character == "&" || character == "*", " [{,:".contains(previous) {
        hasAlias = true
      }
      previous = character
      index = text.index(after: index)
    }
    while found > text.startIndex, text[text.index(before: found)] == " ", found < text.endIndex {
      found = text.index(before: found)
    }
    commentStart = found
    self.hasAlias = hasAlias
  }

  /// The comment at its end with the spaces before it; empty where there is none.
  var comment: String { String(text[commentStart...]) }

  /// Whether there is nothing but a comment, a dash, or the end of a document.
  var saysNothing: Bool {
    let content = text[..<commentStart].filter { !$0.isWhitespace }
    return content.isEmpty || ["-", "...", "---"].contains(content)
  }
}
