import Colorization
import Foundation
import Media

/// What a user gives of the colors of a film, or of a shot of it, frame by frame.
struct GivenColors: Codable, Hashable, Sendable {
  /// A picture that shows a frame in color.
  struct Still: Codable, Hashable, Sendable {
    var path: String
    /// Of the file: another picture under the same name is another one.
    var fingerprint: String

    /// - Throws: `AutochromeError` if the file can't be read.
    init(_ path: String) throws(AutochromeError) {
      self.path = path
      fingerprint = try AutochromeError.wrapping { try Fingerprint.of(path) }
    }
  }

  /// By the number of the frame in the film, from 0.
  private(set) var stills: [Int: Still] = [:]
  /// The same.
  private(set) var hints: [Int: [Hint]] = [:]

  /// Whether nothing is given.
  var isEmpty: Bool { stills.isEmpty && hints.isEmpty }

  /// The frames for which something is given, rising.
  var frames: [Int] { Set(stills.keys).union(hints.keys).sorted() }

  /// All files that are read.
  var paths: [String] { stills.sorted { $0.key < $1.key }.map(\.value.path) }

  mutating func add(_ still: Still, at frame: Int) { stills[frame] = still }

  mutating func add(_ hint: Hint, at frame: Int) { hints[frame, default: []].append(hint) }

  /// These, and what `other` gives.
  func joined(with other: GivenColors) -> GivenColors {
    var result = self
    result.stills.merge(other.stills) { $1 }
    result.hints.merge(other.hints) { $0 + $1 }
    return result
  }

  /// How the name of a still begins that tells the number of its frame: `ref_000310.png`.
  static let prefix = "ref_"

  /// The number that the name of a still tells, as HAVC and its kin name them.
  static func frame(in name: String) -> Int? {
    let stem = name.prefix { $0 != "." }
    guard stem.hasPrefix(prefix), MediaName.isPicture(name) else { return nil }
    let digits = stem.dropFirst(prefix.count)
    return digits.allSatisfy { ("0"..."9").contains($0) } ? Int(digits) : nil
  }

  /// The stills of a folder; what else lies there does not count.
  /// - Throws: `AutochromeError` if the folder can't be read, two stills are of one frame, or there is none.
  init(folder path: String) throws(AutochromeError) {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
      throw AutochromeError(
        .noInput, "The references '\(path)' can't be read: \(error.localizedDescription).")
    }
    for name in names {
      guard let frame = Self.frame(in: name) else { continue }
      if let other = stills[frame] {
        throw AutochromeError(
          .badData,
          "The references '\(path)' have two pictures of frame \(frame), '\(PathParts.name(of: other.path))' and "
            + "'\(name)'; keep one.")
      }
      stills[frame] = try Still(PathParts.join(path, name))
    }
    guard !stills.isEmpty else {
      throw AutochromeError(
        .badData,
        "The references '\(path)' hold no picture with the number of a frame in its name, such as "
          + "'\(Self.prefix)000310.png'.")
    }
  }

  /// Nothing.
  init() {}

  /// What settings name; nil where they name nothing.
  /// - Throws: `AutochromeError` if it can't be read.
  static func given(by settings: Settings) throws(AutochromeError) -> GivenColors? {
    guard let folder = settings.references else { return nil }
    return try GivenColors(folder: folder)
  }
}
