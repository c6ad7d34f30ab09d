import Colorization
import Foundation
import FramePipeline
import Imaging
import Media

/// The running of one job: what an earlier run has left goes into the output as far as it is still right, and
/// the rest is made.
struct JobRun {
  let job: ColorizationJob
  let interruption: Interruption
  let onEvent: @Sendable (JobEvent) -> Void
  /// The folder of a planned film that is to be joined; nil to take that of the output.
  private let planned: JobFolder?
  private let start = ContinuousClock.now

  init(
    job: ColorizationJob, planned: JobFolder? = nil, interruption: Interruption,
    onEvent: @escaping @Sendable (JobEvent) -> Void
  ) {
    self.job = job
    self.planned = planned
    self.interruption = interruption
    self.onEvent = onEvent
  }

  func run() throws -> JobReport {
    do {
      return try interruption.watched { try run($0, $1) }
    } catch let error as MediaError where error.code == .interrupted {
      // While the input was looked at, or a named pipe waited for its reader.
      throw AutochromeError(.interrupted, "Stopped before the first frame was done.")
    }
  }

  private func run(_ token: CancellationToken, _ blocking: MediaInterruption) throws -> JobReport {
    let log = JobLog(onEvent: onEvent)
    JobFolder.clear(after: job.output)
    let preview = try job.preview.flatMap { try job.place($0) { log.warn($0) } }
    if let preview { try Thumbnail.checkName(preview.path) }
    let parts = try JobParts(job: job, interruption: blocking, warn: { log.warn($0) })
    let files = try job.identifiesFiles ? JobFiles(of: job, isPipe: parts.source.info.isPipe) : nil
    let sink = try parts.openSink()
    var film: FilmRun?
    do {
      onEvent(.started(parts.plan))
      let known = parts.plan.sourceColors
      if let note = known?.opening(input: job.input, mode: job.settings.color) { log.warn(note) }
      let colors = parts.makeColorWatch()
      for note in sink.notes { log.warn(note) }
      let sheet = preview.map { _ in
        PreviewSheet(expected: parts.expectedFrames, limit: job.previewFrames)
      }
      if let planned { try PlannedFilm.check(parts, against: planned.plan, warn: { log.warn($0) }) }
      let folder = try planned ?? parts.takeFolder(for: sink)
      let made = FilmRun(
        pass: FramePass(
          parts: parts, colors: colors, token: token, log: log, start: start, sheet: sheet),
        sink: sink, folder: folder)
      film = made
      try made.run()
      let isDrained = made.isDrained
      if let failure = log.failure { throw failure }
      let partialOutput = isDrained ? try partialOutput(sink, segments: made.place) : nil
      // Of a job that can go on, the run that ends it writes the sheet.
      let goesOn = isDrained ? made.place : nil
      if isDrained { made.abandon() } else { try made.finish() }
      if let preview, let sheet, goesOn == nil { try sheet.write(to: preview) }
      if let note = colors.closing { log.warn(note) }
      return log.report(
        plan: parts.plan, seconds: (.now - start).seconds, stages: made.stages,
        sourceColors: colors.finding, interrupted: isDrained, partialOutput: partialOutput,
        jobFolder: goesOn, damage: damage(of: parts.source, log: log),
        files: files)
    } catch let error as MediaError where error.code == .noFrames {
      // The sink does not know where the frames were to come from.
      sink.discard()
      film?.abandon()
      if let cause = log.damage { throw cause }
      throw film?.isDrained == true
        ? AutochromeError(.interrupted, "Stopped before the first frame was done.")
        : AutochromeError(.badData, job.noFrameSentence)
    } catch {
      let error = AutochromeError(wrapping: error)
      let left = whatIsLeft(after: error, log: log, sink: sink, place: film?.place)
      film?.abandon()
      throw AutochromeError(error.status, error.message + left, cause: error.cause)
    }
  }

  /// Ends the output before the film has ended. Where there are segments, it may hold nothing yet.
  private func partialOutput(_ sink: any FrameSink, segments place: String?) throws -> String? {
    do {
      return try sink.finishEarly()
    } catch let error as MediaError where error.code == .noFrames && place != nil {
      sink.discard()
      return nil
    }
  }

  /// Keeps what was done before a failure, and tells where it is, in sentences with a space before each.
  private func whatIsLeft(
    after error: AutochromeError, log: JobLog, sink: any FrameSink, place: String?
  ) -> String {
    // Where writing failed, room may be what is missing: a second copy would not help.
    let salvages =
      error.status != .interrupted && log.framesDone > 0
      && !(error.status == .ioError && place != nil)
    let kept = salvages ? sink.salvage() : nil
    if kept == nil { sink.discard() }
    let done = counted(log.framesDone, "frame")
    return
      (kept.map { " The output up to that point, \(done), is in '\($0)'." } ?? "")
      + (place.map { " Run the same command again to continue from '\($0)'." } ?? "")
  }

  /// What was missing or damaged, in words.
  private func damage(of source: any FrameSource, log: JobLog) -> String? {
    if let cause = log.damage {
      return
        "\(cause.message) \(counted(log.framesDone, "intact frame")) \(log.framesDone == 1 ? "was" : "were") written."
    }
    let (count, places) = (source.damagedFrameCount, source.damagedPlaceCount)
    var sentences: [String] = []
    if places > 0 {
      sentences.append(
        "'\(job.input)' is damaged at \(counted(places, "place")), where frames may be missing; everything that could "
          + "be read was written.")
    }
    if count > 0 {
      sentences.append(
        source.damageReport
          ?? "\(counted(count, "frame")) of '\(job.input)' \(count == 1 ? "was" : "were") damaged; the parts that "
          + "could be decoded were colorized.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }
}

extension Interruption {
  /// Runs `body` with what stops its pipeline, and what ends its waiting for inputs and outputs.
  func watched<Result>(
    _ body: (CancellationToken, MediaInterruption) throws -> Result
  ) rethrows -> Result {
    let (token, blocking) = (CancellationToken(), MediaInterruption())
    observe { count in
      token.cancel(count == 1 ? .drain : .abort)
      if count == 1 { blocking.requestEnd() } else { blocking.request() }
    }
    defer { observe(nil) }
    return try body(token, blocking)
  }
}
