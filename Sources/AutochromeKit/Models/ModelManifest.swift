package import Foundation
import Media

/// Which networks there are: `models.json`, beside the shipped ones. It tells how large each file is and what its
/// SHA-256 sum is, so that a network may come from anywhere.
package struct ModelManifest: Codable, Hashable, Sendable {
  /// One network.
  package struct Entry: Codable, Hashable, Sendable {
    /// Its name for `--model`.
    package var name: String
    /// The name of its file.
    package var file: String
    /// The size of the file.
    package var bytes: Int
    /// The SHA-256 sum of the file, as `sha256sum` prints it.
    package var sha256: String
    /// The identifier of its license in the list of SPDX.
    package var license: String
  }

  /// The number of this form.
  package var schema: Int
  /// In the order in which they are listed.
  package var models: [Entry]

  /// The only form that is known.
  static let knownSchema = 1

  /// Reads a manifest.
  /// - Parameter file: its name, for errors.
  /// - Throws: `AutochromeError` with status `badData` if it is none, or its entries can't be right.
  package init(json: Data, file: String) throws(AutochromeError) {
    do {
      self = try JSONDecoder().decode(ModelManifest.self, from: json)
    } catch {
      throw AutochromeError(
        .badData,
        "'\(file)' is not a list of networks as described in docs/schemas/models.schema.json: \(error)"
      )
    }
    guard schema == Self.knownSchema else {
      throw AutochromeError(
        .badData,
        "'\(file)' has schema version \(schema), but this program needs \(Self.knownSchema); use the list that comes "
          + "with it."
      )
    }
    for entry in models {
      let isPlain =
        entry.file == PathParts.name(of: entry.file) && entry.file == entry.name + ".onnx"
        && !entry.name.isEmpty && !entry.name.hasPrefix(".") && !entry.name.hasPrefix("-")
      let isSum =
        entry.sha256.utf8.count == 64
        && entry.sha256.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
      guard isPlain, isSum, entry.bytes > 0 else {
        throw AutochromeError(
          .badData,
          "'\(file)' has a wrong entry for the network '\(entry.name)': the file must be named NAME.onnx, the size "
            + "must be above 0, and the SHA-256 sum must have 64 hexadecimal digits.")
      }
    }
  }

  /// That of the program.
  /// - Throws: `AutochromeError` if it is missing or wrong.
  package static func shipped() throws(AutochromeError) -> ModelManifest {
    let url = try ResourceLocator.folder().appending(path: "models/models.json")
    guard let json = FileManager.default.contents(atPath: url.path) else {
      throw AutochromeError(
        .unavailable, "'\(url.path)' is missing; reinstall the program with 'make install'.")
    }
    return try ModelManifest(json: json, file: url.path)
  }

  /// The network of a name.
  /// - Throws: `AutochromeError` with status `noInput` if there is none.
  func entry(_ name: String) throws(AutochromeError) -> Entry {
    if let entry = models.first(where: { $0.name == name }) { return entry }
    throw AutochromeError(
      .noInput,
      "There is no network '\(name)' to fetch; the list has \(models.map(\.name).joined(separator: ", "))."
    )
  }
}
