import Colorization
import Foundation
import FramePipeline
import Imaging
import Media
import Synchronization

/// The running of one job: source ─ small ─ motion ─ network ─ steady ─ color ─ sink.
struct JobRun {
  let job: ColorizationJob
  let interruption: Interruption
  let onEvent: @Sendable (JobEvent) -> Void

  func run() throws -> JobReport {
    let blocking = Media.Interruption()
    let token = CancellationToken()
    interruption.observe { count in
      token.cancel(count == 1 ? .drain : .abort)
      if count == 1 { blocking.requestEnd() } else { blocking.request() }
    }
    defer { interruption.observe(nil) }
    do {
      return try run(token, blocking)
    } catch let error as MediaError where error.code == .interrupted {
      // While the input was looked at, or a named pipe waited for its reader.
      throw AutochromeError(.interrupted, "Stopped before the first frame was done.")
    }
  }

  private func run(_ token: CancellationToken, _ blocking: Media.Interruption) throws -> JobReport {
    let log = JobLog(onEvent: onEvent)
    JobFolder.clear(after: job.output)
    let preview = try job.preview.flatMap { try job.place($0) { log.warn($0) } }
    if let preview { try Thumbnail.checkName(preview.path) }
    let parts = try JobParts(job: job, interruption: blocking, warn: { log.warn($0) })
    let sink = try parts.openSink()
    var keeper: SegmentKeeper?
    var isDrained = false
    do {
      let sheet = preview.map { _ in
        PreviewSheet(expected: parts.expectedFrames, limit: job.previewFrames)
      }
      keeper = try parts.makeKeeper(sink, sheet: sheet)
      onEvent(.started(parts.plan))
      let known = parts.plan.sourceColors
      if let note = known?.opening(input: job.input, mode: job.settings.color) { log.warn(note) }
      let colors = ColorWatch(
        input: job.input, mode: job.settings.color, known: known,
        isFilm: !parts.source.info.isFrameFolder)
      for note in sink.notes { log.warn(note) }
      if let start = keeper?.start {
        log.restore(start.counts)
        log.warn(
          "Going on with frame \(start.frame) of '\(job.input)': what is before lies in "
            + "'\(keeper?.place ?? "")'.")
      }
      let summary = try execute(
        parts, sink: sink, keeper: keeper, sheet: sheet, colors: colors, token: token, log: log)
      isDrained = summary.ending == .drained || log.isStopped
      // The end of what is there of a film is its end; after other failures there may be more.
      if let cause = log.damage, ![.truncated, .corrupt].contains(cause.code) { throw cause }
      var partialOutput: String?
      if isDrained {
        partialOutput = try sink.finishEarly()
        keeper?.end()
      } else if let keeper {
        try keeper.finish()
      } else {
        try sink.finish()
      }
      // Of a job that can go on, the run that ends it writes the sheet.
      let goesOn = isDrained ? keeper?.place : nil
      if let preview, let sheet, goesOn == nil { try sheet.write(to: preview) }
      if let note = colors.closing { log.warn(note) }
      return log.report(
        plan: parts.plan, summary: summary, sourceColors: colors.finding, interrupted: isDrained,
        partialOutput: partialOutput, jobFolder: goesOn,
        damage: damage(of: parts.source, log: log))
    } catch let error as MediaError where error.code == .noFrames {
      // The sink does not know where the frames were to come from.
      sink.discard()
      keeper?.end()
      if let cause = log.damage { throw cause }
      throw isDrained
        ? AutochromeError(.interrupted, "Stopped before the first frame was done.")
        : AutochromeError(
          .badData, "'\(job.input)' holds no frame; '\(job.output)' is not written.")
    } catch {
      let error = AutochromeError(wrapping: error)
      keeper?.end()
      throw AutochromeError(
        error.status, error.message + whatIsLeft(after: error, log: log, sink: sink, keeper: keeper)
      )
    }
  }

  /// Keeps what was done before a failure, and tells where it is, in sentences with a space before each.
  private func whatIsLeft(
    after error: AutochromeError, log: JobLog, sink: any FrameSink, keeper: SegmentKeeper?
  ) -> String {
    let place = keeper?.place
    // Where writing failed, room may be what is missing: a second copy would not help.
    let salvages =
      error.status != .interrupted && log.framesDone > 0
      && !(error.status == .ioError && place != nil)
    let kept = salvages ? sink.salvage() : nil
    if kept == nil { sink.discard() }
    let done = counted(log.framesDone, "frame")
    return (kept.map { " What was done before, \(done), is in '\($0)'." } ?? "")
      + (place.map { " The same command goes on from what is kept in '\($0)'." } ?? "")
  }

  /// What was missing or damaged, in words.
  private func damage(of source: any FrameSource, log: JobLog) -> String? {
    if let cause = log.damage {
      return
        "\(cause.message) \(counted(log.framesDone, "whole frame")) \(log.framesDone == 1 ? "was" : "were") written."
    }
    let (count, places) = (source.damagedFrameCount, source.damagedPlaceCount)
    var sentences: [String] = []
    if places > 0 {
      sentences.append(
        "'\(job.input)' is damaged at \(counted(places, "place")), where frames may be "
          + "missing; all that could be read was written.")
    }
    if count > 0 {
      sentences.append(
        source.damageReport
          ?? "\(counted(count, "frame")) of '\(job.input)' \(count == 1 ? "was" : "were") damaged, and colorized as "
          + "far as could be decoded.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  private func execute(
    _ parts: JobParts, sink: any FrameSink, keeper: SegmentKeeper?, sheet: PreviewSheet?,
    colors: ColorWatch, token: CancellationToken, log: JobLog
  ) throws -> PipelineSummary {
    let colorizer = parts.colorizer
    let info = parts.source.info
    let start = keeper?.start
    let source: any FrameSource =
      start.map {
        ResumedSource(
          parts.source, start: $0, afterPackets: keeper?.packetCount ?? 0,
          reopen: parts.reopenSource)
      } ?? parts.source
    let look = job.settings.look
    let keepsColors = job.settings.color == .keep
    let pipeline = Pipeline(
      permits: parts.plan.permits, threads: job.settings.threads, sourceName: "decode",
      source: { () throws -> JobItem? in
        do {
          return try source.next().map { element in
            var item = JobItem(element: element)
            guard let frame = element.frame else { return item }
            item.colorSurvey = ColorSurvey(frame.picture)
            // What waits in the pipeline is kept small: colors that will be replaced go at once.
            if !keepsColors { item.dropColors() }
            return item
          }
        } catch let error as MediaError
          where error.code != .interrupted || token.request == .drain
        {
          // What came before is finished first; the error is told at the end.
          if error.code == .interrupted { log.isStopped = true } else { log.damage = error }
          return nil
        }
      }
    )
    .parallel("small") { item in
      guard let frame = item.element.frame else { return item }
      var item = item
      item.analysis = try colorizer.survey(frame)
      return item
    }
    .serialInOrder(
      "motion",
      state: MotionStage(
        tracking: try parts.makeTrackingStage(), watch: colors, keepsColors: keepsColors,
        isFilm: job.settings.stability > 0, resuming: start?.motion)
    ) { stage, item in
      guard let frame = item.element.frame, let survey = item.analysis else { return [item] }
      let format = try sink.outputFormat(for: frame).pictureFormat
      return [
        try stage.track(
          item, survey: survey, of: frame, seconds: info.seconds(of: frame), format: format,
          warn: { log.warn($0) })
      ]
    }
    .parallel("network") { item in
      guard let survey = item.analysis, item.tracking?.isKeyFrame == true, !item.keepsColors else {
        return item
      }
      var item = item
      item.analysis = try colorizer.analyze(survey, look: look)
      return item
    }
    .serialInOrder("steady", state: HeldBack(stage: parts.makeSteadyStage(resuming: start?.steady)))
    { held, item in
      held.push(item)
    } finish: { held in
      held.finish(isCutShort: token.request != nil)
    }
    // A film's frames in color are its largest: no more wait for the encoder than keep it busy.
    .parallel("color", ahead: job.settings.threads) { item in
      guard let frame = item.element.frame, let analysis = item.analysis else { return item }
      var item = item
      let output = try sink.outputFormat(for: frame)
      item.colored =
        item.keepsColors
        ? try colorizer.keepColors(
          of: frame, format: output.pictureFormat, wanted: output.color)
        : try colorizer.colorize(
          frame, analysis: analysis, look: look, format: output.pictureFormat,
          wanted: output.color)
      item.analysis = nil
      return item
    }
    let total = parts.expectedFrames
    return try pipeline.run(
      cancellation: token, sinkName: "encode",
      onProgress: { progress in log.progress(progress.elapsed, framesTotal: total) },
      sink: { item in
        var element = item.element
        if let frame = element.frame, let colored = item.colored {
          // Of these, another run makes the ones that belong to the film.
          if item.isCutShort, keeper?.keepsFramesApart == true { return }
          if let motion = item.partStart, let steady = item.steadyState, !item.isCutShort {
            try keeper?.turn {
              Checkpoint(
                frame: frame, place: element.place, motion: motion, steady: steady,
                counts: log.counts)
            }
          }
          try sheet?.offer(
            frame, colored: colored, seconds: info.seconds(of: frame),
            startsShot: item.startsShot)
          element.frame = frame.with(colored)
          try sink.write(element)
          keeper?.wrote()
          log.wrote(
            frameIndex: frame.index, startsShot: item.startsShot, isSeen: item.isSeen,
            isKept: item.keepsColors, area: item.area)
        } else {
          try sink.write(element)
        }
      })
  }
}
