import Foundation
import Media

/// The folder beside an output in which lies what is done of it: the plan, and each segment in a file of its
/// own. One run at a time has it; machines that make pieces of a planned film share it.
final class JobFolder {
  let path: String
  private(set) var plan: FilmPlan
  /// The segments that are there, by their numbers from 0.
  private(set) var segments: [Int: KeptSegment] = [:]
  /// Whether an earlier run has left it.
  let isGoneOnWith: Bool
  /// How many segments of an earlier run went, since shots begin elsewhere now.
  private(set) var droppedCount = 0
  private let lock: FileLock?

  /// Takes the folder of `output`, which is made where it is not there.
  /// - Parameter restarts: whether what an earlier run has left is thrown away.
  /// - Throws: `AutochromeError` if it is not a job's folder, another run has it, or it belongs to a job with
  ///   another input, network or setting.
  init(of output: String, plan: FilmPlan, restarts: Bool) throws {
    path = Self.path(of: output)
    self.plan = plan
    // A run that was killed at its very start has left the lock alone.
    if FileSystem.exists(path), !FileSystem.exists(path + "/" + Self.planName),
      FileSystem.names(in: path)?.allSatisfy({ $0 == "lock" || $0.hasPrefix(".") }) != true
    {
      throw AutochromeError(
        .cannotCreate,
        "'\(path)' is needed for the finished parts of '\(output)', but it is not a job folder; move it, or choose "
          + "another output.")
    }
    try MediaSink.createFolder(path)
    lock = try FileLock(path + "/lock", of: output)
    let numbers = Self.segmentNumbers(in: path)
    let earlier =
      restarts || !FileSystem.exists(path + "/" + Self.planName) ? nil : try Self.readPlan(path)
    let differences =
      try earlier.map { try plan.differences(from: $0) + plan.machineDifferences(from: $0) } ?? []
    if let earlier, !numbers.isEmpty || differences.isEmpty {
      guard differences.isEmpty else {
        throw AutochromeError(
          .cannotCreate,
          "'\(path)' holds parts of '\(output)' that were made with differences in: "
            + "\(differences.joined(separator: ", ")); continue with what was used then, or give --restart to start "
            + "over."
        )
      }
      isGoneOnWith = true
      try readTrailers(numbers)
      if earlier.shots == plan.shots {
        self.plan.pieces = earlier.pieces
        self.plan.segmentCount = earlier.segmentCount
        self.plan.frameCount = earlier.frameCount
      } else {
        dropSegments(from: Self.firstDifference(earlier.shots ?? [], plan.shots ?? []))
      }
      try save(self.plan)
    } else {
      for name in FileSystem.names(in: path) ?? [] where name != "lock" {
        FileSystem.remove(path + "/" + name)
      }
      isGoneOnWith = false
      try save(plan)
    }
  }

  /// Opens the folder of a planned film.
  /// - Parameter alone: whether nobody else may work with it meanwhile.
  /// - Throws: `AutochromeError` if it is none.
  init(planned path: String, alone: Bool) throws {
    self.path = path
    guard FileSystem.exists(path + "/" + Self.planName) else {
      throw AutochromeError(
        .noInput, "'\(path)' is not a job folder; give the one that --plan-only created.")
    }
    plan = try Self.readPlan(path)
    guard plan.schema == FilmPlan.currentSchema, plan.pieces != nil, plan.segmentCount != nil else {
      throw AutochromeError(
        .badData,
        "'\(path)' was not created by --plan-only, so it has no list of segments; plan the film with --plan-only."
      )
    }
    isGoneOnWith = true
    lock = alone ? try FileLock(path + "/lock", of: plan.request.output) : nil
    try readTrailers(Self.segmentNumbers(in: path))
  }

  /// Holds a piece, so that no other process makes it too.
  /// - Throws: `MediaError` if another one does.
  func lock(piece: Int) throws -> FileLock {
    try FileLock(path + String(format: "/%06d.lock", piece + 1), of: "piece \(piece + 1)")
  }

  private static let planName = "plan.json"

  /// The plan that an earlier run has left with segments of `output`; nil if there is none.
  static func earlierPlan(of output: String) throws -> FilmPlan? {
    let path = path(of: output)
    return segmentNumbers(in: path).isEmpty ? nil : try readPlan(path)
  }

  /// Where the folder of an output lies.
  static func path(of output: String) -> String {
    var name = MediaName.isPicturePattern(output) ? PathParts.folder(of: output) : output
    if name.isEmpty { name = output }
    while name.hasSuffix("/") { name.removeLast() }
    return MediaSink.jobFolderName(of: name)
  }

  // MARK: Segments

  private static let segmentEnding = ".segment"

  private static func segmentNumbers(in path: String) -> [Int] {
    (FileSystem.names(in: path) ?? []).compactMap { name in
      guard name.hasSuffix(segmentEnding), !name.hasPrefix("."),
        let number = Int(name.dropLast(segmentEnding.count)), number > 0
      else { return nil }
      return number - 1
    }.sorted()
  }

  private func readTrailers(_ numbers: [Int]) throws {
    for number in numbers {
      segments[number] = KeptSegment(try trailer(ofSegment: number))
    }
  }

  /// What a segment tells at its end.
  private func trailer(ofSegment index: Int) throws -> SegmentTrailer {
    let path = segment(index)
    return try SegmentTrailer(MediaSink.trailer(ofSegment: path), segment: path)
  }

  /// The file of segment `index`, from 0.
  func segment(_ index: Int) -> String {
    path + String(format: "/%06d", index + 1) + Self.segmentEnding
  }

  /// How many segments are there, without a gap from the first on.
  var segmentCount: Int {
    var count = 0
    while segments[count] != nil { count += 1 }
    return count
  }

  /// Whether all of the film is there.
  var isWhole: Bool {
    let count = segmentCount
    guard count > 0, let last = segments[count - 1] else { return false }
    return last.nextFrame == nil
  }

  /// The checkpoint with which segment `index` begins; nil for the first.
  /// - Throws: `AutochromeError` or `MediaError` if the one before can't be read.
  func start(ofSegment index: Int) throws -> Checkpoint? {
    index > 0 ? try trailer(ofSegment: index - 1).next : nil
  }

  /// Runs of segments that were made with other looks than these.
  func outdated(by looks: ShotLooks) -> [Range<Int>] {
    let outdated = (0..<segmentCount).filter { index in
      segments[index]?.looks.contains { $0 != looks[$0.shot] } ?? false
    }
    return ShotRuns.runs(of: outdated).map { Range($0) }
  }

  private static func firstDifference(_ one: [String], _ other: [String]) -> Int {
    zip(one, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      ?? min(one.count, other.count)
  }

  /// Drops the segments that are not before the end of the last shot that lists have in common.
  /// - Parameter shot: the first one in which they differ.
  private func dropSegments(from shot: Int) {
    var isKept = true
    for index in segments.keys.sorted() {
      let next = segments[index].flatMap { $0.nextFrame == nil ? nil : $0.lastShot ?? -1 }
      isKept = isKept && next.map { $0 + 1 < shot } ?? false
      guard !isKept else { continue }
      segments[index] = nil
      droppedCount += 1
      FileSystem.remove(segment(index))
    }
  }

  /// Takes note that a segment lies there whole.
  func added(_ trailer: SegmentTrailer, asSegment index: Int) {
    segments[index] = KeptSegment(trailer)
  }

  // MARK: Files

  private static func readPlan(_ folder: String) throws -> FilmPlan {
    let path = folder + "/" + planName
    do {
      return try JSONDecoder().decode(FilmPlan.self, from: try WholeFile.read(path))
    } catch {
      throw AutochromeError(
        .badData,
        "'\(path)' is not a readable job plan, so the job can't be continued; give --restart to start over."
      )
    }
  }

  /// Takes a plan in place of the one that is there.
  func save(_ plan: FilmPlan) throws {
    self.plan = plan
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(encoder.encode(plan), as: Self.planName)
  }

  /// Whether it lies where it was: a drive may be gone.
  var isThere: Bool { FileSystem.exists(path) }

  /// Writes a file of the folder, in place of one that is there.
  private func write(_ bytes: Data, as name: String) throws {
    var options = SinkOptions()
    options.overwrite = true
    try WholeFile.write(bytes, to: path + "/" + name, options: options)
  }

  private static let sheetName = "preview"

  /// Keeps what was taken for a sheet.
  func keep(_ sheet: PreviewSheet.State) throws {
    try write(SegmentFiles.encoded(sheet), as: Self.sheetName)
  }

  /// What was taken for a sheet; nil if there is none.
  func keptSheet() throws -> PreviewSheet.State? {
    let sheetPath = path + "/" + Self.sheetName
    guard FileSystem.exists(sheetPath) else { return nil }
    return try SegmentFiles.decoded(WholeFile.read(sheetPath), of: sheetPath)
  }

  private func startPath(_ piece: Int) -> String { path + String(format: "/%06d.start", piece + 1) }

  /// Keeps what is known before the first frame of a piece.
  func keep(_ start: PieceStart, ofPiece piece: Int) throws {
    try write(SegmentFiles.encoded(start), as: PathParts.name(of: startPath(piece)))
  }

  /// What is known before the first frame of a piece, which is not the first.
  func start(ofPiece piece: Int) throws -> PieceStart {
    try SegmentFiles.decoded(WholeFile.read(startPath(piece)), of: startPath(piece))
  }

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

/// What a folder remembers of a segment: not how to go on after it, which is large.
struct KeptSegment {
  let counts: JobLog.Counts
  /// How its shots were colored.
  let looks: [ShotLook]
  /// The first frame after it; nil where the film ends.
  let nextFrame: Int?
  /// The shot of a list in which it ends, if there is one.
  let lastShot: Int?
  /// Where the film ends, the colors that it came with.
  let colors: ColorWatch.State?

  init(_ trailer: SegmentTrailer) {
    counts = trailer.counts
    looks = trailer.looks
    nextFrame = trailer.next?.frame
    lastShot = trailer.next?.motion.listedShot
    colors = trailer.colors
  }
}

/// What is known before the first frame of a piece of a planned film.
struct PieceStart: Codable, Sendable {
  var checkpoint: Checkpoint
  /// How many packets of other streams lie before it.
  var packetsBefore: Int
}
