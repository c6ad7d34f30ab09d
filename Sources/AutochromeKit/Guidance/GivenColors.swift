import Colorization
import Foundation
import Imaging
import Media

/// What a user gives of the colors of a film, or of a shot of it, frame by frame.
struct GivenColors: Codable, Hashable, Sendable {
  /// A picture that shows a frame in color.
  struct Still: Codable, Hashable, Sendable {
    var path: String
    /// Of the file: another picture under the same name is another one. nil as long as nobody compares it.
    fileprivate(set) var fingerprint: String?

    /// - Throws: `AutochromeError` if there is no such file.
    init(_ path: String) throws(AutochromeError) {
      guard FileSystem.exists(path) else {
        throw AutochromeError(.noInput, "The picture '\(path)' does not exist.")
      }
      self.path = path
    }

    /// With its fingerprint. It is checked as well: what is no picture is refused before the film begins, not in the
    /// middle.
    var identified: Still {
      get throws(AutochromeError) {
        var result = self
        result.fingerprint = try AutochromeError.wrapping {
          try MediaSource.check(path)
          return try Fingerprint.of(path)
        }
        return result
      }
    }

    /// Decodes it.
    /// - Throws: `AutochromeError` if it can't be read or holds no picture: it must not be taken for damage of the
    ///   film.
    func picture(interruption: MediaInterruption? = nil) throws(AutochromeError) -> Picture {
      var options = SourceOptions()
      options.interruption = interruption
      let frame = try AutochromeError.wrapping {
        try MediaSource.open(path, options: options).nextFrame()
      }
      guard let frame else {
        throw AutochromeError(.badData, "The reference '\(path)' contains no picture.")
      }
      return frame.picture
    }
  }

  /// A picture of something else, parts of which show what parts of a frame show.
  struct Swatches: Codable, Hashable, Sendable {
    var picture: Still
    var pairs: [SwatchPair]
  }

  /// For frames of the film.
  private(set) var frames = GivenFrames()
  /// For frames of another shot, of which it is known that it shows the same.
  private(set) var alike = GivenFrames()
  /// Pictures of something else that looks alike.
  private(set) var pictures: [Still] = []
  /// A picture whose colors are likely, wherever they are.
  private(set) var palette: Still?

  /// Whether nothing is given.
  var isEmpty: Bool { frames.isEmpty && alike.isEmpty && pictures.isEmpty && palette == nil }

  /// Whether frames for which nothing is given are to be compared with others.
  var looksAround: Bool { !pictures.isEmpty || !alike.isEmpty }

  /// All files that are read.
  var paths: [String] {
    (frames.pictures + alike.pictures + pictures + (palette.map { [$0] } ?? [])).map(\.path)
  }

  mutating func add(_ still: Still, at frame: Int) { frames.stills[frame] = still }

  mutating func add(_ hint: Hint, at frame: Int) { frames.hints[frame, default: []].append(hint) }

  mutating func add(_ picture: Still) { pictures.append(picture) }

  mutating func add(_ swatches: Swatches, at frame: Int) {
    frames.swatches[frame, default: []].append(swatches)
  }

  mutating func setPalette(_ picture: Still) { palette = picture }

  /// For another shot, of which it is known that it shows the same.
  var forAnotherShot: GivenColors {
    var result = self
    (result.frames, result.alike) = (GivenFrames(), frames)
    return result
  }

  /// The same with the fingerprints of all pictures, by which a run that goes on knows them again.
  /// - Throws: `AutochromeError` if one can't be read.
  func identified() throws(AutochromeError) -> GivenColors {
    var result = self
    result.frames = try frames.identified()
    result.alike = try alike.identified()
    for (index, picture) in pictures.enumerated() {
      result.pictures[index] = try picture.identified
    }
    if let palette { result.palette = try palette.identified }
    return result
  }

  /// These, and what `other` gives.
  func joined(with other: GivenColors) -> GivenColors {
    var result = self
    result.frames = frames.joined(with: other.frames)
    result.alike = alike.joined(with: other.alike)
    result.pictures += other.pictures
    result.palette = other.palette ?? palette
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
      if let other = frames.stills[frame] {
        throw AutochromeError(
          .badData,
          "The references '\(path)' contain two pictures of frame \(frame), '\(PathParts.name(of: other.path))' and "
            + "'\(name)'; keep one of them.")
      }
      frames.stills[frame] = try Still(PathParts.join(path, name))
    }
    guard !frames.isEmpty else {
      throw AutochromeError(
        .badData,
        "The references '\(path)' contain no picture with a frame number in its name, such as "
          + "'\(Self.prefix)000310.png'.")
    }
  }

  /// Nothing.
  init() {}

  /// For frames alone.
  init(_ frames: GivenFrames) { self.frames = frames }

  /// What settings name; nil where they name nothing.
  /// - Throws: `AutochromeError` if it can't be read.
  static func given(by settings: Settings) throws(AutochromeError) -> GivenColors? {
    var result =
      try settings.references.map { folder throws(AutochromeError) in
        try GivenColors(folder: folder)
      } ?? GivenColors()
    if let palette = settings.palette { result.palette = try Still(palette) }
    return result.isEmpty ? nil : result
  }
}
