import Foundation
import Media

extension ModelCatalog {
  /// A network as it is listed.
  package struct Listing: Hashable, Sendable {
    /// Its name for `--model`.
    package var name: String
    /// Where its file lies; nil if it is not there and can be fetched.
    package var file: String?
    /// Whether it comes with the program.
    package var isShipped: Bool
    /// The size of its file, where the manifest tells.
    package var bytes: Int?
  }

  /// The networks that are there by name, and those of the manifest that can be fetched.
  /// - Throws: `AutochromeError`.
  package static func listings() throws(AutochromeError) -> [Listing] {
    let shipped = try ResourceLocator.files(in: "models", extension: "onnx")
    let own = try ResourceLocator.ownModels()
    let sizes = Dictionary(
      try ModelManifest.shipped().models.map { ($0.name, $0.bytes) },
      uniquingKeysWith: { first, _ in first })
    return Set(shipped.keys).union(own.keys).union(sizes.keys).sorted().map { name in
      Listing(
        name: name, file: (shipped[name] ?? own[name])?.path, isShipped: shipped[name] != nil,
        bytes: sizes[name])
    }
  }

  /// Fetches networks of the manifest, whole and right or not at all.
  /// - Parameters:
  ///   - names: their names; none means all that are not there.
  ///   - source: a folder, or a URL of http, https or file, in which the files lie.
  ///   - folder: where they go; nil means the user's folder, in which `--model` looks for names.
  ///   - overwrite: whether another file of that name may be replaced.
  ///   - report: is told what became of each, in a sentence.
  /// - Throws: `AutochromeError`; those before it are there.
  package static func fetch(
    _ names: [String], from source: String, to folder: String?, overwrite: Bool,
    report: (String) throws -> Void
  ) throws(AutochromeError) {
    try AutochromeError.wrapping {
      let manifest = try ModelManifest.shipped()
      var entries = try names.map { name in try manifest.entry(name) }
      if names.isEmpty {
        let present = Set(try listings().filter { $0.file != nil }.map(\.name))
        entries = manifest.models.filter { !present.contains($0.name) }
        if entries.isEmpty { try report("All networks are already present.") }
      }
      let place = try folder ?? ResourceLocator.ownModelsFolder()
      for entry in entries {
        let path = PathParts.join(place, entry.file)
        if try isThere(entry, at: path, overwrite: overwrite) {
          try report("\(entry.name) is already present: \(path)")
          continue
        }
        try MediaSink.createFolder(place)
        let file = try SideFile(path, overwrite: overwrite, protected: ProtectedFiles(inputs: []))
        let fetched = ModelSource(source, file: entry.file)
        try file.write { append in
          var sum = try SHA256Sum()
          var count = 0
          try fetched.read { bytes in
            count += bytes.count
            guard count <= entry.bytes else { throw fetched.wrongSize(entry, "more") }
            sum.add(Array(bytes))
            try append(bytes)
          }
          guard count == entry.bytes else { throw fetched.wrongSize(entry, "\(count)") }
          let found = sum.text
          guard found == entry.sha256 else {
            throw AutochromeError(
              .badData,
              "\(fetched.place) is not the network '\(entry.name)': its SHA-256 sum is \(found), expected "
                + "\(entry.sha256). Nothing was kept; fetch it from another source.")
          }
        }
        try report("\(entry.name) was fetched: \(path)")
      }
    }
  }

  /// Whether the file is there already and right.
  /// - Throws: `AutochromeError` with status `cannotCreate` if another one is there.
  private static func isThere(_ entry: ModelManifest.Entry, at path: String, overwrite: Bool) throws
    -> Bool
  {
    guard FileSystem.exists(path) else { return false }
    if try Fingerprint.ofAllBytes(of: path) == entry.sha256 { return true }
    if overwrite { return false }
    throw AutochromeError(
      .cannotCreate,
      "'\(path)' already exists, but is not the network '\(entry.name)'; --overwrite replaces it, --to chooses another "
        + "folder."
    )
  }
}

/// Where a file of a network comes from.
struct ModelSource: Sendable {
  /// The file or URL, for people.
  let place: String
  private let isURL: Bool
  private static let schemes = ["http", "https", "file"]

  /// A file in a folder, or below a URL.
  init(_ source: String, file: String) {
    isURL = source.contains("://")
    place =
      isURL ? (source.hasSuffix("/") ? source : source + "/") + file : PathParts.join(source, file)
  }

  /// The error of a file that has another size than expected.
  func wrongSize(_ entry: ModelManifest.Entry, _ found: String) -> AutochromeError {
    AutochromeError(
      .badData,
      "\(place) is not the network '\(entry.name)': it has \(found) bytes, expected \(entry.bytes). Nothing was kept; "
        + "try again, or fetch it from another source.")
  }

  /// Gives all bytes, piece by piece.
  /// - Throws: `AutochromeError`, and what `body` throws.
  func read(_ body: (Data) throws -> Void) throws {
    guard isURL else { return try readFile(body) }
    let scheme = place.prefix { $0 != ":" }.lowercased()
    guard Self.schemes.contains(scheme) else {
      throw AutochromeError(
        .usage,
        "--from '\(place)' begins with \(scheme)://; expected http://, https://, file:// or a folder."
      )
    }
    try readURL(body)
  }

  private func readFile(_ body: (Data) throws -> Void) throws {
    guard FileSystem.exists(place),
      let file = FileHandle(forReadingAtPath: place)
    else {
      throw AutochromeError(
        .noInput,
        "The file '\(place)' does not exist; --from must name the folder or URL that contains it.")
    }
    try Self.readAll(file, body)
  }

  private static func readAll(_ file: FileHandle, _ body: (Data) throws -> Void) throws {
    while let bytes = try file.read(upToCount: 1 << 18), !bytes.isEmpty { try body(bytes) }
  }

  /// By curl, which the program need not link: URLSession would bring libcurl and more to every start.
  private func readURL(_ body: (Data) throws -> Void) throws {
    guard let curl = FileSystem.program(named: "curl") else {
      throw AutochromeError(
        .unavailable,
        "curl, which fetches networks from URLs, is not installed; install it ('apt-get install curl'), or download "
          + "\(place) by other means and give its folder to --from.")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: curl)
    process.arguments = [
      "--fail", "--location", "--silent", "--show-error", "--globoff", "--connect-timeout", "30",
      "--speed-limit", "1", "--speed-time", "60", "--proto", "=http,https,file", "--proto-redir",
      "=http,https", "--", place,
    ]
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    do {
      try Self.readAll(output.fileHandleForReading, body)
    } catch {
      process.terminate()
      process.waitUntilExit()
      throw error
    }
    // With --silent --show-error it is a line or two, which fit into the pipe.
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let status = process.terminationStatus
    guard process.terminationReason == .exit, status == 0 else {
      let reason = said.split(separator: "\n").last.map(String.init) ?? "curl ended with \(status)"
      // 22: the server answers with an error; 37: a file:// that can't be read.
      throw AutochromeError(
        status == 22 || status == 37 ? .noInput : .ioError,
        "\(place) can't be fetched (\(reason)). Nothing was kept; check --from and the connection, and try again."
      )
    }
  }
}
