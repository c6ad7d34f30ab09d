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

  /// Lists a folder, a pattern, a wildcard or the one file `path`. Folders are no pictures, whatever
  /// their names.
  init(_ path: String) throws {
    let type = FileSystem.type(of: path)
    let exists = type != nil
    if exists && type != S_IFDIR {
      let parent = PathParts.folder(of: path)
      folder = parent.isEmpty ? "." : parent
      names = [PathParts.name(of: path)]
      gaps = []
      return
    }
    var accepts: (String) -> Bool = {
      guard !$0.hasPrefix("."), let dot = $0.utf8.lastIndex(of: 0x2E) else { return false }
      return PictureKind.extensions.contains($0[$0.utf8.index(after: dot)...].lowercased())
    }
    if exists {
      folder = path
    } else {
      let parent = PathParts.folder(of: path)
      folder = parent.isEmpty ? "." : parent
      let last = PathParts.name(of: path)
      if let pattern = Pattern(path) {
        accepts = { pattern.number(of: $0) != nil }
      } else if Self.isWildcard(last) {
        accepts = { name in
          FileNameText.withCString(last) { wildcard in
            FileNameText.withCString(name) { fnmatch(wildcard, $0, FNM_PERIOD) == 0 }
          }
        }
      } else {
        throw MediaError(.noSuchFile, "The input \(path) does not exist.")
      }
    }
    // The parts are found once per name: a hundred thousand names are compared two million times.
    let keyed = try Self.files(in: folder, where: accepts).map { (name: $0, key: NaturalKey($0)) }
    names = keyed.sorted { $0.key < $1.key }.map(\.name)
    guard !names.isEmpty else {
      throw MediaError(
        .noSuchFile,
        exists
          ? "The folder \(path) holds no pictures (png, tif, jpg, ppm, pgm, bmp, dpx, webp, jp2, exr)."
          : "No file matches \(path).")
    }
    gaps = Self.gaps(names)
  }

  /// These pictures of a folder.
  init(folder: String, names: [String]) {
    self.folder = folder
    self.names = MediaName.inNaturalOrder(names)
    gaps = Self.gaps(self.names)
  }

  /// The names in `folder` that `accepts` takes, those of folders left out.
  private static func files(in folder: String, where accepts: (String) -> Bool) throws -> [String] {
    var result: [String] = []
    let reason = FileSystem.forEachName(in: folder) { name, type in
      guard accepts(name) else { return }
      switch type {
      case DT_DIR: return
      case DT_LNK, DT_UNKNOWN: if FileSystem.isFolder(folder + "/" + name) { return }
      default: break
      }
      result.append(name)
    }
    guard reason == 0 else {
      throw MediaError(
        .noSuchFile, "The folder \(folder) cannot be read; check its name and permissions.",
        underlying: String(cString: strerror(reason)))
    }
    return result
  }

  /// What a reader may want to know of the numbers that are missing, in one sentence.
  var gapReport: String? {
    guard let first = gaps.first, let last = gaps.last else { return nil }
    let step = first.count + 1
    if gaps.count == names.count - 1, gaps.count > 2, gaps.allSatisfy({ $0.count == first.count }) {
      return "The pictures are numbered in steps of \(step)."
    }
    func words(_ gap: ClosedRange<Int>) -> String {
      gap.count == 1 ? "\(gap.lowerBound)" : "\(gap.lowerBound) to \(gap.upperBound)"
    }
    let missing = gaps.reduce(0) { $0 + $1.count }
    guard missing > 1 else { return "Picture \(words(first)) is missing from the numbering." }
    guard gaps.count > 6 else {
      return "Pictures \(gaps.map(words).joined(separator: ", ")) are missing from the numbering."
    }
    return "\(missing) pictures are missing from the numbering, in \(gaps.count) places: "
      + gaps.prefix(3).map(words).joined(separator: ", ") + ", … \(words(last))."
  }

  func path(_ index: Int) -> String { folder + "/" + names[index] }

  /// The last number in a name without its extension, such as 7 of `img_007.png`.
  static func number(in name: String) -> Int? {
    let bytes = name.utf8
    let stem = bytes.lastIndex(of: 0x2E).map { bytes[..<$0] } ?? bytes[...]
    let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
    guard let last = stem.lastIndex(where: isDigit) else { return nil }
    var first = last
    while first > stem.startIndex, isDigit(stem[stem.index(before: first)]) {
      first = stem.index(before: first)
    }
    return Int(name[first...last])
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
      let name = PathParts.name(of: path)
      guard let match = name.firstMatch(of: /%(0(\d{1,2}))?d/) else { return nil }
      folder = PathParts.folder(of: path)
      prefix = String(name[..<match.range.lowerBound])
      suffix = String(name[match.range.upperBound...])
      digits = match.output.2.flatMap { Int($0) } ?? 1
    }

    var fileExtension: String { PathParts.fileExtension(of: name(0)) }

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

/// Orders names so that `img_9` comes before `img_10`: bytes to be compared one by one, in which a
/// number is written with its length in front and letters are small.
struct NaturalKey: Comparable {
  private let bytes: [UInt8]

  init(_ name: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(name.utf8.count + 8)
    var digits: [UInt8] = []
    func endNumber() {
      guard !digits.isEmpty else { return }
      let significant = digits.drop { $0 == 0x30 }
      bytes.append(0x30)
      bytes.append(UInt8(min(significant.count, 255)))
      bytes += significant
      digits = []
    }
    for byte in name.utf8 {
      if (0x30...0x39).contains(byte) {
        digits.append(byte)
      } else {
        endNumber()
        bytes.append((0x41...0x5A).contains(byte) ? byte + 0x20 : byte)
      }
    }
    endNumber()
    // Names that differ in leading zeros or case only.
    bytes.append(0)
    self.bytes = bytes + Array(name.utf8)
  }

  static func < (a: NaturalKey, b: NaturalKey) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }
}
