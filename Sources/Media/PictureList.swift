import Foundation

/// The picture files of a folder, a numbered pattern or a wildcard, in natural order.
struct PictureList: Sendable {
  let folder: String
  let names: [String]
  /// Runs of numbers that are missing between numbered names.
  let gaps: [ClosedRange<Int>]

  /// Whether `path` is a pattern such as `frames/%06d.png`.
  static func isNumbered(_ path: String) -> Bool { Pattern(path) != nil }

  /// Whether `path` holds wildcards.
  static func isWildcard(_ path: String) -> Bool { path.contains { "*?[".contains($0) } }

  /// Lists a folder, a pattern, a wildcard or the one file `path`.
  init(_ path: String) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if exists && !isFolder.boolValue {
      let url = URL(fileURLWithPath: path)
      folder = url.deletingLastPathComponent().path
      names = [url.lastPathComponent]
      gaps = []
      return
    }
    var accepts: (String) -> Bool = {
      PictureKind.extensions.contains(($0 as NSString).pathExtension.lowercased())
        && !$0.hasPrefix(".")
    }
    if exists {
      folder = path
    } else {
      let parent = (path as NSString).deletingLastPathComponent
      folder = parent.isEmpty ? "." : parent
      let last = (path as NSString).lastPathComponent
      if let pattern = Pattern(path) {
        accepts = { pattern.number(of: $0) != nil }
      } else if Self.isWildcard(last) {
        accepts = { fnmatch(last, $0, FNM_PERIOD) == 0 }
      } else {
        throw MediaError(.noSuchFile, "There is no input \(path).")
      }
    }
    let all: [String]
    do {
      all = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw MediaError(
        .noSuchFile, "The folder \(folder) cannot be read; check its name and permissions.",
        underlying: (error as NSError).localizedDescription)
    }
    // The parts are found once per name: a hundred thousand names are compared two million times.
    let keyed = all.filter(accepts).map { (name: $0, key: NaturalKey($0)) }
    names = keyed.sorted { $0.key < $1.key }.map(\.name)
    guard !names.isEmpty else {
      throw MediaError(
        .noSuchFile,
        exists
          ? "The folder \(path) holds no pictures (png, tif, jpg, ppm, pgm, bmp, dpx, webp, jp2)."
          : "No file matches \(path).")
    }
    gaps = Self.gaps(names)
  }

  func path(_ index: Int) -> String { folder + "/" + names[index] }

  /// The last number in a name without its extension, such as 7 of `img_007.png`.
  static func number(in name: String) -> Int? {
    let stem = (name as NSString).deletingPathExtension
    let digits = stem.reversed().drop { !$0.isASCII || !$0.isNumber }
      .prefix { $0.isASCII && $0.isNumber }
    return Int(String(digits.reversed()))
  }

  private static func gaps(_ names: [String]) -> [ClosedRange<Int>] {
    let numbers = names.compactMap(number)
    guard numbers.count == names.count else { return [] }
    return zip(numbers, numbers.dropFirst()).compactMap { first, second in
      second > first + 1 ? (first + 1)...(second - 1) : nil
    }
  }

  /// A name with one `%d` or `%0Nd`.
  struct Pattern: Sendable {
    let folder: String
    private let prefix: String
    private let suffix: String
    private let digits: Int

    init?(_ path: String) {
      let name = (path as NSString).lastPathComponent
      guard let match = name.firstMatch(of: /%(0(\d{1,2}))?d/) else { return nil }
      folder = (path as NSString).deletingLastPathComponent
      prefix = String(name[..<match.range.lowerBound])
      suffix = String(name[match.range.upperBound...])
      digits = match.output.2.flatMap { Int($0) } ?? 1
    }

    var fileExtension: String { (suffix as NSString).pathExtension }

    func name(_ number: Int) -> String {
      let text = String(number)
      return prefix + String(repeating: "0", count: max(0, digits - text.count)) + text + suffix
    }

    func number(of name: String) -> Int? {
      guard name.hasPrefix(prefix), name.hasSuffix(suffix),
        name.count >= prefix.count + suffix.count + digits
      else { return nil }
      let middle = name.dropFirst(prefix.count).dropLast(suffix.count)
      guard middle.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
      return Int(middle)
    }
  }
}

/// Orders names so that `img_9` comes before `img_10`.
struct NaturalKey: Comparable {
  private enum Part: Comparable {
    case number(digits: Int, text: String)
    case text(String)
  }

  private let parts: [Part]
  private let name: String

  init(_ name: String) {
    self.name = name
    var parts: [Part] = []
    var rest = name[...]
    while let first = rest.first {
      let isDigit = first.isASCII && first.isNumber
      let run = rest.prefix { ($0.isASCII && $0.isNumber) == isDigit }
      if isDigit {
        let significant = run.drop { $0 == "0" }
        parts.append(.number(digits: significant.count, text: String(significant)))
      } else {
        parts.append(.text(run.lowercased()))
      }
      rest = rest[run.endIndex...]
    }
    self.parts = parts
  }

  static func == (a: NaturalKey, b: NaturalKey) -> Bool { a.name == b.name }

  static func < (a: NaturalKey, b: NaturalKey) -> Bool {
    if a.parts == b.parts { return a.name < b.name }
    return a.parts.lexicographicallyPrecedes(b.parts)
  }
}
