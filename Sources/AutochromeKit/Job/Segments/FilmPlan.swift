import Foundation
import Media
import NeuralNetwork

/// What a film is made from, by what, and how: all that decides which bytes come out. It lies in the job's
/// folder, so that a run that goes on can tell whether it makes the same film, and so that another machine
/// knows all that it needs.
package struct FilmPlan: Codable, Hashable, Sendable {
  /// A run of segments that begins at a cut, and needs nothing of those before it.
  struct Piece: Codable, Hashable, Sendable {
    /// Its first frame, from 0.
    var frame: Int
    /// When that is shown.
    var seconds: Double
    /// Its first segment, from 0.
    var segment: Int
  }

  /// Of this form of the file.
  var schema = Self.currentSchema
  /// The version of the program.
  var program = AutochromeVersion.current
  /// Versions of the libraries that decode and encode, by name.
  var libraries: [String: String]
  /// What to read and what to write.
  var request: JobRequest
  /// A fingerprint of the input.
  var source: String
  /// A fingerprint of the network's file.
  var networkFile: String
  /// The network, its back end and arithmetic, which follow from the processor.
  var network: String
  /// What the kernels run on.
  var processor = InstructionSet.ofKernels.rawValue
  /// All settings.
  var settings: Settings
  /// Where the shots of a list begin; absent where they are found.
  var shots: [String]?
  /// What is given of the colors of the film as a whole.
  var given: GivenColors?
  /// Of a film that was looked at as a whole: what machines can make side by side.
  var pieces: [Piece]?
  /// How many segments the pieces have.
  var segmentCount: Int?
  /// How many frames they have.
  var frameCount: Int?

  static let currentSchema = 3

  /// - Throws: `MediaError` if the input or the network can't be read.
  init(request: JobRequest, plan: JobPlan, list: ShotList?, given: GivenColors?) throws {
    self.request = request.withAbsolutePaths
    libraries = Dictionary(
      uniqueKeysWithValues: MediaLibraries.versions.map { ($0.name, $0.version) })
    source = try request.fingerprint()
    networkFile = try Fingerprint.of(try ModelCatalog.path(of: plan.settings.model))
    network = plan.network
    settings = plan.settings
    shots = list?.shots.map(\.position.description)
    self.given = given
  }

  /// Settings that change nothing in what comes out, and those whose files are compared by what they say.
  private static let withoutEffect: Set<String> = [
    "pipeline", "threads", "memory", "shots", "cuts", "references", "palette",
  ]

  /// What this plan has otherwise than `other`, in words. Where shots are listed, their looks don't count: they
  /// are compared shot by shot.
  package func differences(from other: FilmPlan) throws -> [String] {
    guard schema == other.schema else {
      return ["the plan's format version (\(other.schema) then, \(schema) now)"]
    }
    var found: [String] = []
    func compare(_ what: String, _ own: String?, _ others: String?) {
      guard own != others else { return }
      found.append("\(what) (\(others ?? "none") then, \(own ?? "none") now)")
    }
    compare("the program's version", program, other.program)
    for name in Set(libraries.keys).union(other.libraries.keys).sorted() {
      compare(name, libraries[name], other.libraries[name])
    }
    if source != other.source { found.append("the input's contents") }
    if networkFile != other.networkFile { found.append("the network's file") }
    let (own, others) = (try Self.values(of: settings), try Self.values(of: other.settings))
    var names = Set(own.keys).union(others.keys).subtracting(Self.withoutEffect)
    if settings.shots != nil, other.settings.shots != nil {
      // What is given of the film is a part of each shot's look.
      names.subtract(SettingsCatalog.ofLook.map { SettingKey.report($0).stringValue } + ["color"])
    }
    for name in names.sorted() { compare(name, own[name], others[name]) }
    if settings.shots == nil || other.settings.shots == nil, given != other.given {
      found.append("the references or the palette")
    }
    if (settings.shots == nil) != (other.settings.shots == nil) {
      compare("shots", settings.shots, other.settings.shots)
    }
    if (settings.cuts == nil) != (other.settings.cuts == nil) {
      compare("cuts", settings.cuts, other.settings.cuts)
    }
    return found
  }

  /// What this machine computes with otherwise than that of `other`: the same film, in other bits.
  func machineDifferences(from other: FilmPlan) -> [String] {
    [("the network", network, other.network), ("the processor", processor, other.processor)]
      .filter { $0.1 != $0.2 }.map { "\($0.0) (\($0.2) then, \($0.1) now)" }
  }

  /// Each setting in words, by its name.
  private static func values(of settings: Settings) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = try JSONSerialization.jsonObject(with: encoder.encode(settings))
    return (json as? [String: Any] ?? [:]).mapValues { "\($0)" }
  }
}

extension JobRequest {
  /// A fingerprint of what is read.
  /// - Throws: `MediaError` if it can't be read.
  func fingerprint() throws -> String {
    if let pictures { return try Fingerprint.of(pictures, in: input) }
    guard readsPictureFolder else { return try Fingerprint.of(input) }
    let folder = FileSystem.isFolder(input) ? input : PathParts.folder(of: input)
    return try Fingerprint.of(
      MediaSource.pictureNames(of: input), in: folder.isEmpty ? "." : folder)
  }

  /// The same for a process that works in another folder.
  fileprivate var withAbsolutePaths: JobRequest {
    func absolute(_ path: String) -> String {
      path.hasPrefix("/") || path == "-"
        ? path : PathParts.join(FileManager.default.currentDirectoryPath, path)
    }
    var result = self
    result.input = absolute(input)
    result.output = absolute(output)
    return result
  }
}
