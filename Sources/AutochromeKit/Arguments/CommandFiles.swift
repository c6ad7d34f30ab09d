import Foundation
package import Media

/// The files of one command: those that it reads and those that it writes. Here, and nowhere else, is
/// decided that they don't get into each other's way.
///
/// Files are compared by what the system knows them by (device and number) and by their resolved path, so
/// that links and other spellings don't hide that two are one. Two files that are written may not even
/// differ in case alone: not every file system tells those apart.
package struct CommandFiles: Sendable {
  private struct Entry: Sendable {
    var path: String
    /// What messages call it: `--report`, or `the input`.
    var role: String
  }

  /// What is colorized or looked at.
  package static let input = "the input"
  /// What is written of it.
  package static let output = "the output"

  private var read: [Entry] = []
  private var written: [Entry] = []
  /// Folders, patterns and the like of which the names of the pictures to come are not all known.
  private var pictureFolders: [(entry: Entry, names: PictureNames)] = []

  /// No files.
  package init() {}

  /// What may not be replaced while the command runs.
  package var protected: ProtectedFiles { ProtectedFiles(inputs: read.map(\.path)) }

  /// A file, folder, pattern or `-` that is read, if there is one.
  package mutating func reads(_ path: String?, as role: String) {
    if let path { read.append(Entry(path: path, role: role)) }
  }

  /// What settings have read: the pipeline, the network, the shots.
  /// - Throws: `AutochromeError` if one of them is not there.
  package mutating func reads(_ settings: Settings) throws(AutochromeError) {
    reads(
      try ResourceLocator.resolve(
        settings.pipeline, kind: "pipeline", subfolder: "pipelines", extension: "yaml"
      ).path, as: "--pipeline")
    try reads(model: settings.model)
    reads(settings.cuts, as: "--cuts")
    reads(settings.shots, as: "--shots")
    for path in try ShotList.given(by: settings)?.shots.flatMap({ $0.given?.paths ?? [] }) ?? [] {
      reads(path, as: "--shots")
    }
    for path in try GivenColors.given(by: settings)?.paths ?? [] {
      reads(path, as: settings.palette == path ? "--palette" : "--references")
    }
  }

  /// A network, by name or path.
  /// - Throws: `AutochromeError` if there is none.
  package mutating func reads(model: String) throws(AutochromeError) {
    reads(
      try ResourceLocator.resolve(
        model, kind: "model", subfolder: "models", extension: "onnx"
      ).path, as: "the network")
  }

  /// A file that is written, if there is one; `-` is stdout.
  package mutating func writes(_ path: String?, as role: String) {
    if let path { written.append(Entry(path: path, role: role)) }
  }

  /// What a job reads and writes.
  package mutating func add(_ request: JobRequest) {
    for path in request.inputFiles { reads(path, as: Self.input) }
    let output = Entry(path: request.output, role: Self.output)
    if let names = request.pictureNames {
      pictureFolders.append((output, names))
    } else {
      written.append(output)
    }
  }

  /// - Throws: `AutochromeError` with status `usage` if a file that is written is also read, or written
  ///   twice.
  package func check() throws(AutochromeError) {
    try checkAgainstRead()
    try checkAgainstEachOther()
  }

  /// A place for one of the files that are written, see `SideFile`.
  /// - Throws: `AutochromeError` if it may not be taken.
  package func place(_ path: String, overwrite: Bool) throws(AutochromeError) -> SideFile {
    try SideFile(path, overwrite: overwrite, protected: protected)
  }

  private func checkAgainstRead() throws(AutochromeError) {
    var identities: [FileIdentity: Entry]?
    var paths: [String: Entry] = [:]
    for entry in read where entry.path != "-" {
      let path = ResolvedPath.of(entry.path)
      paths[path] = paths[path] ?? entry
    }
    for entry in written {
      for name in Self.names(of: entry, withPartial: false) {
        var found = name == "-" ? nil : paths[ResolvedPath.of(name)]
        if found == nil, let identity = FileIdentity(output: name) {
          let known = identities ?? readIdentities()
          identities = known
          found = known[identity]
        }
        if let found { throw Self.wouldReplace(entry, name, found) }
      }
    }
  }

  private func readIdentities() -> [FileIdentity: Entry] {
    var result: [FileIdentity: Entry] = [:]
    for entry in read {
      for identity in FileIdentity.all(of: entry.path) {
        result[identity] = result[identity] ?? entry
      }
    }
    return result
  }

  private static func wouldReplace(
    _ entry: Entry, _ name: String, _ found: Entry
  ) -> AutochromeError {
    guard found.role == Self.input else {
      return AutochromeError(
        .usage,
        "\(entry.role) '\(entry.path)' would overwrite \(found.role), which this command reads; choose another name."
      )
    }
    let other = found.path == name ? "" : ", '\(found.path)'"
    return AutochromeError(
      .usage,
      name == entry.path
        ? "'\(name)' is the input itself\(other), which is never overwritten; choose another name for \(entry.role)."
        : "'\(name)' is the input itself, but \(entry.role) '\(entry.path)' uses that name while it is being written; "
          + "choose another output.")
  }

  private func checkAgainstEachOther() throws(AutochromeError) {
    var identities: [FileIdentity: Entry] = [:]
    var paths: [String: Entry] = [:]
    for entry in written {
      for name in Self.names(of: entry, withPartial: true) {
        if let identity = FileIdentity(output: name) {
          if let other = identities[identity] { throw Self.wouldBothWrite(other, entry, name) }
          identities[identity] = entry
        }
        guard name != "-", !Self.isDevice(name) else { continue }
        let path = ResolvedPath.of(name).lowercased()
        if let other = paths[path] { throw Self.wouldBothWrite(other, entry, name) }
        paths[path] = entry
      }
    }
    for (output, names) in pictureFolders {
      let folder = ResolvedPath.of(names.folder)
      for entry in written where entry.path != "-" {
        let path = ResolvedPath.of(entry.path)
        guard PathParts.folder(of: path) == folder, names.mayHold(PathParts.name(of: path)) else {
          continue
        }
        throw AutochromeError(
          .usage,
          "\(entry.role) '\(entry.path)' has the same name as a picture that is written to '\(output.path)'; choose "
            + "another name.")
      }
    }
  }

  private static func wouldBothWrite(
    _ first: Entry, _ second: Entry, _ name: String
  ) -> AutochromeError {
    first.role == second.role
      ? AutochromeError(
        .usage,
        "'\(first.path)' and '\(second.path)' would both be written to '\(name)'; choose another folder for one of "
          + "them.")
      : AutochromeError(
        .usage,
        "\(first.role) '\(first.path)' and \(second.role) '\(second.path)' would both be written to '\(name)'; choose "
          + "another name for one of them.")
  }

  /// Under which names a file may lie: its own, the one that it has while it is written, and that of a
  /// part. What is there already is safe from a part, which takes no name that is taken.
  private static func names(of entry: Entry, withPartial: Bool) -> [String] {
    guard entry.path != "-", entry.role == Self.output, !isDevice(entry.path) else {
      return [entry.path]
    }
    let (hidden, partial) = MediaSink.temporaryNames(of: entry.path)
    return [entry.path, hidden] + (withPartial ? [partial] : [])
  }

  /// What goes to a device replaces nothing.
  private static func isDevice(_ path: String) -> Bool { MediaSink.isDevice(path) }
}
