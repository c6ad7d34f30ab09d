import Foundation
import Media

/// What a film is made from, by what, and how: all that decides which bytes come out. It lies in the job's
/// folder, so that a run that goes on can tell whether it makes the same film.
struct FilmPlan: Codable, Hashable, Sendable {
  /// Of this form of the file.
  var schema = Self.currentSchema
  /// The version of the program.
  var program = AutochromeVersion.current
  /// Versions of the libraries that decode and encode, by name.
  var libraries: [String: String]
  /// A fingerprint of the input.
  var source: String
  /// A fingerprint of the network's file.
  var networkFile: String
  /// The network, its back end and arithmetic, which follow from the processor.
  var network: String
  /// All settings.
  var settings: Settings

  static let currentSchema = 1

  /// - Throws: `MediaError` if the input or the network can't be read.
  init(request: JobRequest, plan: JobPlan) throws {
    libraries = Dictionary(
      uniqueKeysWithValues: MediaLibraries.versions.map { ($0.name, $0.version) })
    source = try Self.fingerprint(of: request)
    networkFile = try Fingerprint.of(try ModelCatalog.path(of: plan.settings.model))
    network = plan.network
    settings = plan.settings
  }

  private static func fingerprint(of request: JobRequest) throws -> String {
    if let pictures = request.pictures { return try Fingerprint.of(pictures, in: request.input) }
    guard request.readsPictureFolder else { return try Fingerprint.of(request.input) }
    let folder =
      FileSystem.isFolder(request.input) ? request.input : PathParts.folder(of: request.input)
    return try Fingerprint.of(
      MediaSource.pictureNames(of: request.input), in: folder.isEmpty ? "." : folder)
  }

  /// Settings that change nothing in what comes out.
  private static let withoutEffect: Set<String> = ["pipeline", "threads", "memory"]

  /// What this plan has otherwise than `other`, in words.
  func differences(from other: FilmPlan) throws -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ own: String?, _ others: String?) {
      guard own != others else { return }
      found.append("\(what) (\(others ?? "none") then, \(own ?? "none") now)")
    }
    compare("the version of the program", program, other.program)
    for name in Set(libraries.keys).union(other.libraries.keys).sorted() {
      compare(name, libraries[name], other.libraries[name])
    }
    if source != other.source { found.append("the input's contents") }
    if networkFile != other.networkFile { found.append("the network's file") }
    compare("the network", network, other.network)
    let (own, others) = (try Self.values(of: settings), try Self.values(of: other.settings))
    for name in Set(own.keys).union(others.keys).subtracting(Self.withoutEffect).sorted() {
      compare(name, own[name], others[name])
    }
    return found
  }

  /// Each setting in words, by its name.
  private static func values(of settings: Settings) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = try JSONSerialization.jsonObject(with: encoder.encode(settings))
    return (json as? [String: Any] ?? [:]).mapValues { "\($0)" }
  }
}
