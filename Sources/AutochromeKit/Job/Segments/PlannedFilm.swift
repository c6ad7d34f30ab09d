import Colorization
import Foundation
import FramePipeline
import Imaging
import Media

/// A film that several machines, or several processes, make side by side: it is looked at once as a whole and
/// divided at cuts, each process renders some of the pieces, and one joins them. The result is that of one
/// run.
package struct PlannedFilm: Sendable {
  /// What is told of one when it has been planned.
  package struct Summary: Codable, Sendable {
    /// The folder that `render` and `join` need.
    package var folder: String
    /// How many pieces there are to be rendered.
    package var segments: Int
    /// Of these, how many are there already.
    package var done: Int
    /// Frames of the film.
    package var frames: Int
    /// Frames of the longest piece.
    package var mostFrames: Int
  }

  /// The folder of the job.
  package let folder: String
  /// Processor threads; nil for as many as were planned with. They change nothing in what comes out.
  package var threads: Int?

  /// A film that was planned before.
  package init(folder: String) {
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    self.folder = folder
  }

  // MARK: Planning

  /// Looks at the whole input of a job, and writes all that is needed to make the film into its folder.
  /// - Throws: `AutochromeError`, also where the job can't be divided: from a pipe, or into raw frames.
  static func plan(
    _ job: ColorizationJob, interruption: Interruption,
    onEvent: @escaping @Sendable (JobEvent) -> Void
  ) throws -> Summary {
    try interruption.watched { token, blocking in
      let log = JobLog(onEvent: onEvent)
      let parts = try JobParts(job: job, interruption: blocking, warn: { log.warn($0) })
      // What can't be written is refused before anything is looked at.
      let sink = try parts.openSink()
      defer { sink.discard() }
      guard let folder = try parts.takeFolder(for: sink) else {
        throw AutochromeError(
          .usage,
          "'\(job.input)' can't be rendered in segments into '\(job.output)': the input must be readable more than "
            + "once, and the output must be a film or a folder of pictures.")
      }
      if folder.plan.pieces != nil { return try summary(of: folder) }
      onEvent(.started(parts.plan))
      let pieces = Pieces(folder: folder, info: parts.source.info)
      let ending = try FramePass(
        parts: parts, colors: parts.makeColorWatch(), token: token, log: log, start: .now
      ).look(at: parts.source, for: sink) { try pieces.take($0) }.ending
      guard ending == .completed, !log.isStopped else {
        throw AutochromeError(
          .interrupted, "Stopped before the plan of the film was complete; no plan was written.")
      }
      if let failure = log.failure { throw failure }
      guard pieces.frames > 0 else {
        throw AutochromeError(
          .badData, "'\(job.input)' holds no frames, so '\(job.output)' was not planned.")
      }
      try pieces.finish()
      return try summary(of: folder)
    }
  }

  /// Gathers where pieces begin, in the order of the frames.
  private final class Pieces {
    private let folder: JobFolder
    private let info: SourceInfo
    private var pieces = [FilmPlan.Piece(frame: 0, seconds: 0, segment: 0)]
    /// A part that begins at a cut, as long as the next frame may show that it was a flash.
    private var pending: (piece: FilmPlan.Piece, start: PieceStart)?
    /// Packets that lie before the last frame, and since.
    private var packets = (before: 0, since: 0)
    private var segments = 1
    private(set) var frames = 0

    init(folder: JobFolder, info: SourceInfo) {
      self.folder = folder
      self.info = info
    }

    func take(_ item: JobItem) throws {
      let packetsBefore = packets.before
      packets.since += item.element.packets.count
      guard let frame = item.element.frame, let shot = item.tracking?.shot else { return }
      packets = (packets.before + packets.since, 0)
      if frames == 0 { pieces[0].seconds = info.seconds(of: frame) }
      frames += 1
      if shot.takesBackCut { pending = nil }
      try settle()
      guard let motion = item.partStart else { return }
      if shot.startsShot {
        pending = (
          FilmPlan.Piece(
            frame: frame.index, seconds: info.seconds(of: frame), segment: segments),
          PieceStart(
            checkpoint: Checkpoint(
              frame: frame, place: item.element.place, motion: motion, steady: .beginning),
            packetsBefore: packetsBefore)
        )
      }
      segments += 1
    }

    private func settle() throws {
      guard let (piece, start) = pending else { return }
      pending = nil
      try folder.keep(start, ofPiece: pieces.count)
      pieces.append(piece)
    }

    func finish() throws {
      try settle()
      var plan = folder.plan
      plan.pieces = pieces
      plan.segmentCount = segments
      plan.frameCount = frames
      try folder.save(plan)
    }
  }

  private static func summary(of folder: JobFolder) throws -> Summary {
    let (plan, pieces) = (folder.plan, folder.plan.pieces ?? [])
    let frames = plan.frameCount ?? 0
    let ends = pieces.dropFirst().map(\.frame) + [frames]
    return Summary(
      folder: folder.path, segments: pieces.count,
      done: pieces.indices.filter { isDone($0, in: folder) }.count, frames: frames,
      mostFrames: zip(pieces, ends).map { $1 - $0.frame }.max() ?? 0)
  }

  /// The segments of a piece.
  private static func segments(of piece: Int, in plan: FilmPlan) -> Range<Int> {
    let pieces = plan.pieces ?? []
    let end = piece + 1 < pieces.count ? pieces[piece + 1].segment : plan.segmentCount ?? 0
    return pieces[piece].segment..<max(end, pieces[piece].segment)
  }

  private static func isDone(_ piece: Int, in folder: JobFolder) -> Bool {
    segments(of: piece, in: folder.plan).allSatisfy { folder.segments[$0] != nil }
  }

  // MARK: Rendering

  /// Makes one piece.
  /// - Parameter number: from 1.
  /// - Returns: how many frames were made; 0 if it was there already.
  /// - Throws: `AutochromeError`. What was not finished is made again by the next call.
  package func render(
    segment number: Int, interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void
  ) throws(AutochromeError) -> Int {
    try AutochromeError.wrapping {
      try interruption.watched { token, blocking in
        let log = JobLog(onEvent: onEvent)
        let folder = try JobFolder(planned: self.folder, alone: false)
        let pieces = folder.plan.pieces ?? []
        guard pieces.indices.contains(number - 1) else {
          throw AutochromeError(
            .usage, "'\(self.folder)' has no segment \(number); expected 1…\(pieces.count).")
        }
        let piece = number - 1
        if Self.isDone(piece, in: folder) { return 0 }
        let lock = try folder.lock(piece: piece)
        defer { withExtendedLifetime(lock) {} }
        let parts = try open(folder, interruption: blocking, log: log)
        onEvent(.started(parts.plan))
        let segments = Self.segments(of: piece, in: folder.plan)
        let start = piece > 0 ? try folder.start(ofPiece: piece) : nil
        let next = piece + 1 < pieces.count ? try folder.start(ofPiece: piece + 1) : nil
        let sink = try parts.openSegmentSink(threads: folder.plan.settings.threads)
        defer { sink.discard() }
        let recorder = try SegmentRecorder(
          folder, sink: sink, log: log, index: segments.lowerBound, isBegun: false)
        let colors = parts.makeColorWatch()
        let source =
          start.map {
            ResumedSource(
              parts.source, start: $0.checkpoint, afterPackets: $0.packetsBefore,
              reopen: parts.reopenSource)
          } ?? parts.source
        let ending = try FramePass(
          parts: parts, colors: colors, token: token, log: log, start: .now
        ).color(
          source, from: start?.checkpoint, to: next?.checkpoint.frame, into: sink,
          recorder: recorder
        ).ending
        guard ending == .completed, !log.isStopped else {
          throw AutochromeError(.interrupted, "Stopped before segment \(number) was done.")
        }
        if let cause = next == nil ? log.failure : log.damage { throw cause }
        guard recorder.index == segments.upperBound - 1, recorder.hasBegun else {
          throw AutochromeError(
            .badData,
            "Segment \(number) of '\(self.folder)' does not end where the plan says; plan the film again with "
              + "--plan-only --restart.")
        }
        try recorder.end(
          next: next?.checkpoint, colors: next == nil ? colors.state : nil)
        return log.framesDone
      }
    }
  }

  /// Opens what the plan names.
  /// - Throws: `AutochromeError` if it is not what was planned with.
  private func open(
    _ folder: JobFolder, interruption: MediaInterruption, log: JobLog
  ) throws -> JobParts {
    let plan = folder.plan
    var settings = plan.settings
    settings.threads = threads ?? settings.threads
    let job = ColorizationJob(plan.request, settings: settings)
    let parts = try JobParts(job: job, interruption: interruption, warn: { log.warn($0) })
    try Self.check(parts, against: plan, warn: { log.warn($0) })
    return parts
  }

  /// Compares what a process has with what a film was planned with.
  /// - Throws: `AutochromeError` if another film would come out.
  static func check(
    _ parts: JobParts, against plan: FilmPlan, warn: (String) -> Void
  ) throws {
    let here = try parts.filmPlan()
    var differences = try here.differences(from: plan)
    if here.shots != plan.shots { differences.append("where shots begin") }
    guard differences.isEmpty else {
      throw AutochromeError(
        .cannotCreate,
        "'\(plan.request.output)' was planned with differences in: \(differences.joined(separator: ", ")); plan it "
          + "again with --plan-only --restart.")
    }
    let machine = here.machineDifferences(from: plan)
    if !machine.isEmpty {
      warn(
        "This machine differs from the one that planned the film in \(machine.joined(separator: ", ")); colors may "
          + "differ in their last bits.")
    }
  }

  // MARK: Joining

  /// Joins the segments to the film.
  /// - Parameter overwrite: whether an output that exists may be replaced.
  /// - Throws: `AutochromeError` that names the segments that are missing.
  package func join(
    overwrite: Bool = false, interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void
  ) throws(AutochromeError) -> JobReport {
    try AutochromeError.wrapping {
      let folder = try JobFolder(planned: self.folder, alone: true)
      let missing = (folder.plan.pieces ?? []).indices.filter { !Self.isDone($0, in: folder) }
      guard missing.isEmpty else {
        throw AutochromeError(
          .noInput,
          "\(counted(missing.count, "segment")) of '\(self.folder)' \(missing.count == 1 ? "is" : "are") still "
            + "missing: \(Self.list(missing.map { $0 + 1 })); render them first.")
      }
      var settings = folder.plan.settings
      settings.threads = threads ?? settings.threads
      return try JobRun(
        job: ColorizationJob(folder.plan.request, settings: settings, overwrite: overwrite),
        planned: folder, interruption: interruption, onEvent: onEvent
      ).run()
    }
  }

  /// Numbers in rising order, runs of them as `4-7`; not all if there are many.
  static func list(_ numbers: [Int]) -> String {
    let (runs, most) = (ShotRuns.runs(of: numbers), 20)
    return runs.prefix(most).map { ShotRuns.words(of: $0) }.joined(separator: ", ")
      + (runs.count > most ? " and more" : "")
  }
}

extension ColorizationJob {
  /// Looks at the whole input and prepares the job's folder, from which `PlannedFilm` is made by several
  /// processes.
  /// - Throws: `AutochromeError`.
  package func prepare(
    interruption: Interruption = Interruption(), onEvent: @escaping @Sendable (JobEvent) -> Void
  ) throws(AutochromeError) -> PlannedFilm.Summary {
    try AutochromeError.wrapping {
      try PlannedFilm.plan(self, interruption: interruption, onEvent: onEvent)
    }
  }
}
