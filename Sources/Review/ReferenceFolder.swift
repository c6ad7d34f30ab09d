import AutochromeKit
import Foundation
import Imaging
import Locking
import Media

/// The folder beside a shots file for pictures that were dropped on the page: `film.references` beside
/// `film.shots.yaml`. A browser tells no paths, so that the pictures themselves have to be kept.
final class ReferenceFolder: Sendable {
  /// The folder of the shots file.
  private let base: String
  /// In that.
  private let name: String
  /// One picture after the other.
  private let writing = Locked(())

  /// - Parameter shots: the shots file.
  init(of shots: String) {
    base = PathParts.folder(of: shots)
    var stem = PathParts.stem(of: shots)
    if stem.hasSuffix(".shots") { stem.removeLast(".shots".count) }
    name = stem + ".references"
  }

  /// Whether a name in the shots file is that of a picture that lies here.
  func holds(_ picture: String) -> Bool {
    guard picture.hasPrefix(name + "/") else { return false }
    let file = String(picture.dropFirst(name.count + 1))
    return !file.contains("/") && FileSystem.exists(path(of: file))
  }

  private func path(of file: String) -> String {
    PathParts.join(PathParts.join(base, name), file)
  }

  /// Writes a picture under a name that is free.
  /// - Returns: its name in the shots file.
  /// - Throws: `AutochromeError` if it is none, or can't be written.
  func keep(_ bytes: Data, called given: String) throws(AutochromeError) -> String {
    guard let ending = Self.ending(of: bytes) else {
      throw AutochromeError(
        .badData,
        "'\(PrintableText(given))' is not a PNG, JPEG, TIFF or WebP; drop a picture in one of these formats."
      )
    }
    return try writing.withLock { _ throws(AutochromeError) in
      for number in 1... {
        let stem = Self.stem(of: given)
        let file = (number == 1 ? stem : "\(stem)-\(number)") + "." + ending
        let place = path(of: file)
        guard !FileSystem.exists(place) else {
          // The same picture once more is the same one.
          if try AutochromeError.wrapping({ try Data(contentsOf: URL(fileURLWithPath: place)) })
            == bytes
          {
            return name + "/" + file
          }
          continue
        }
        try AutochromeError.wrapping {
          try MediaSink.createFolder(PathParts.join(base, name))
          try WholeFile.write(bytes, to: place, options: SinkOptions())
          do {
            guard let frame = try MediaSource.open(place).nextFrame() else {
              throw AutochromeError(.badData, "'\(PrintableText(given))' contains no picture.")
            }
            guard ColorSurvey(frame.picture).content != .gray else {
              throw AutochromeError(
                .badData,
                "'\(PrintableText(given))' has no color, so everything that looks like it would turn gray; drop a "
                  + "picture in color.")
            }
          } catch {
            FileSystem.remove(place)
            throw error
          }
        }
        return name + "/" + file
      }
      throw AutochromeError(.internalFault, "All names for the picture are taken.")
    }
  }

  /// By how the file begins.
  private static func ending(of bytes: Data) -> String? {
    let beginnings: [(String, [UInt8])] = [
      ("png", [0x89, 0x50, 0x4E, 0x47]), ("jpg", [0xFF, 0xD8, 0xFF]),
      ("tif", [0x49, 0x49, 0x2A, 0]), ("tif", [0x4D, 0x4D, 0, 0x2A]),
      ("webp", [0x52, 0x49, 0x46, 0x46]),
    ]
    return beginnings.first { bytes.starts(with: $0.1) }?.0
  }

  /// A name without anything that a shell, a system or YAML takes for something else. That of a still of a frame
  /// (`ref_000310`) would say more than was meant.
  private static func stem(of name: String) -> String {
    let kept = PathParts.stem(of: name).unicodeScalars.map { scalar -> Character in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        ? Character(scalar) : "-"
    }
    let text = String(kept).split(separator: "-").joined(separator: "-").prefix(60)
    return text.isEmpty ? "picture" : String(text)
  }
}
