import Foundation
import Media

/// Finds the pictures that make up a film among files that are named one by one.
struct PictureRuns {
  private(set) var items: [InputItem] = []
  private(set) var notes: [String] = []

  private struct Key: Hashable {
    var folder: String
    var before: String
    var after: String
  }

  /// At most one number in so many may be missing.
  private static let gapShare = 10

  /// - Parameter joins: whether pictures may make up films; otherwise each stays alone.
  init(_ given: [InputItem], joins: Bool) {
    var groups: [Key: [(name: String, number: Int)]] = [:]
    if joins {
      for item in given where item.kind == .picture {
        guard let (key, name, number) = Self.key(of: item) else { continue }
        groups[key, default: []].append((name, number))
      }
      groups = groups.filter { Self.isRun($0.value.map(\.number)) }
    }
    let runsByFolder = Dictionary(grouping: groups.keys, by: \.folder)
    var seen: Set<Key> = []
    for item in given {
      guard let (key, _, _) = item.kind == .picture ? Self.key(of: item) : nil,
        let names = groups[key]
      else {
        items.append(item)
        continue
      }
      guard seen.insert(key).inserted else { continue }
      var run = InputItem(.run, key.folder.isEmpty ? "." : key.folder)
      run.pictures = MediaName.inNaturalOrder(names.map(\.name))
      let own = key.before.trimmingCharacters(in: CharacterSet(charactersIn: " _-."))
      run.runName =
        own.isEmpty || runsByFolder[key.folder]?.count == 1
        ? InputItem.name(ofFolder: key.folder) : own
      items.append(run)
      if let first = run.pictures?.first, let last = run.pictures?.last {
        notes.append(
          "The \(names.count) pictures \(PathParts.join(key.folder, first)) to \(last) are numbered consecutively and "
            + "are colorized as one film; --pipeline photos colorizes each one separately.")
      }
    }
    let single = items.count { $0.kind == .picture }
    if joins, single > 1 {
      notes.append(
        "\(single) pictures are not numbered consecutively and are colorized separately; if they are one film, give "
          + "their folder, or a wildcard in quotes such as 'scans/*.png'.")
    }
  }

  private static func key(of item: InputItem) -> (key: Key, name: String, number: Int)? {
    let name = PathParts.name(of: item.path)
    guard let (before, number, after) = MediaName.numbered(name) else { return nil }
    return (
      Key(folder: PathParts.folder(of: item.path), before: before, after: after.lowercased()), name,
      number
    )
  }

  private static func isRun(_ numbers: [Int]) -> Bool {
    let sorted = Set(numbers).sorted()
    guard sorted.count > 1, sorted.count == numbers.count, let first = sorted.first,
      let last = sorted.last
    else { return false }
    let (span, isTooLong) = last.subtractingReportingOverflow(first)
    return !isTooLong && (span + 1 - sorted.count) * gapShare <= span + 1
  }
}
