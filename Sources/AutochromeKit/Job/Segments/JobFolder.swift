import Foundation
import Media

/// The folder beside an output in which lies what is done of it, as long as it is not whole: the plan, and
/// each segment in a file of its own. One run at a time has it.
final class JobFolder {
  let path: String
  /// How many segments are there, without a gap from the first on.
  private(set) var segmentCount: Int
  /// Whether an earlier run has left it.
  let isGoneOnWith: Bool
  private let lock: FileLock

  /// Takes the folder of `output`, which is made where it is not there.
  /// - Parameter restarts: whether what an earlier run has left is thrown away.
  /// - Throws: `AutochromeError` if it is not a job's folder, another run has it, or it belongs to a job with
  ///   another input, network or setting.
  init(of output: String, plan: FilmPlan, restarts: Bool) throws {
    path = Self.path(of: output)
    // A run that was killed at its very start has left the lock alone.
    if FileSystem.exists(path), !FileSystem.exists(path + "/" + Self.planName),
      FileSystem.names(in: path)?.allSatisfy({ $0 == "lock" || $0.hasPrefix(".") }) != true
    {
      throw AutochromeError(
        .cannotCreate,
        "'\(path)' is where the finished parts of '\(output)' would lie, and it is no folder of a job; move "
          + "it, or name another output.")
    }
    try MediaSink.createFolder(path)
    lock = try FileLock(path + "/lock", of: output)
    let count = Self.segmentCount(in: path)
    let earlier =
      restarts || !FileSystem.exists(path + "/" + Self.planName) ? nil : try Self.readPlan(path)
    let differences = try earlier.map { try plan.differences(from: $0) } ?? []
    if earlier != nil, count > 0 || differences.isEmpty {
      guard differences.isEmpty else {
        throw AutochromeError(
          .cannotCreate,
          "'\(path)' holds what is done of '\(output)' with something else: "
            + "\(differences.joined(separator: ", ")); go on with the same, or give --restart to begin anew."
        )
      }
      segmentCount = count
      isGoneOnWith = true
    } else {
      for name in FileSystem.names(in: path) ?? [] where name != "lock" {
        FileSystem.remove(path + "/" + name)
      }
      segmentCount = 0
      isGoneOnWith = false
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try write(encoder.encode(plan), as: Self.planName)
    }
  }

  private static let planName = "plan.json"

  /// The plan that an earlier run has left with segments of `output`; nil if there is none.
  static func earlierPlan(of output: String) throws -> FilmPlan? {
    let path = path(of: output)
    return segmentCount(in: path) > 0 ? try readPlan(path) : nil
  }

  /// Where the folder of an output lies.
  static func path(of output: String) -> String {
    var name = MediaName.isPicturePattern(output) ? PathParts.folder(of: output) : output
    if name.isEmpty { name = output }
    while name.hasSuffix("/") { name.removeLast() }
    return MediaSink.jobFolderName(of: name)
  }

  private static func segmentCount(in path: String) -> Int {
    let names = Set(FileSystem.names(in: path) ?? [])
    var count = 0
    while names.contains(segmentName(count)) { count += 1 }
    return count
  }

  private static func segmentName(_ index: Int) -> String {
    String(format: "%06d.segment", index + 1)
  }

  private static func readPlan(_ folder: String) throws -> FilmPlan {
    let path = folder + "/" + planName
    do {
      return try JSONDecoder().decode(
        FilmPlan.self, from: try WholeFile.read(path))
    } catch {
      throw AutochromeError(
        .badData,
        "'\(path)' can't be read as the plan of a job, so that nothing can go on from it; give --restart to "
          + "begin anew.")
    }
  }

  /// Whether it lies where it was: a drive may be gone.
  var isThere: Bool { FileSystem.exists(path) }

  /// The file of segment `index`, from 0.
  func segment(_ index: Int) -> String { path + "/" + Self.segmentName(index) }

  /// Writes a file of the folder, in place of one that is there.
  private func write(_ bytes: Data, as name: String) throws {
    var options = SinkOptions()
    options.overwrite = true
    try WholeFile.write(bytes, to: path + "/" + name, options: options)
  }

  private static let sheetName = "preview"

  /// Keeps what was taken for a sheet.
  func keep(_ sheet: PreviewSheet.State) throws {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    try write(encoder.encode(sheet), as: Self.sheetName)
  }

  /// What was taken for a sheet; nil if there is none.
  func keptSheet() throws -> PreviewSheet.State? {
    let sheetPath = path + "/" + Self.sheetName
    guard FileSystem.exists(sheetPath) else { return nil }
    return try PropertyListDecoder().decode(
      PreviewSheet.State.self, from: try WholeFile.read(sheetPath))
  }

  /// Takes note that the next segment lies there whole.
  func addSegment() { segmentCount += 1 }

  /// Takes note that the output is about to get its name: what is under it then is whole.
  func close() throws { try write(Data(), as: Self.wholeName) }

  private static let wholeName = "whole"

  /// Removes the folder of an output that got its name right before its run was killed.
  static func clear(after output: String) {
    let path = path(of: output)
    guard FileSystem.exists(path + "/" + wholeName), FileSystem.exists(output) else { return }
    FileSystem.removeFolder(path)
  }

  /// Removes all of it: the output is whole, or nothing was done.
  func remove() { FileSystem.removeFolder(path) }
}
