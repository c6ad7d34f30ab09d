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

  /// What travels through the pipeline: an element of the source, and what the stages found out.
  private struct Item: Sendable {
    var element: SourceElement
    var analysis: FrameAnalysis?
    var tracking: FrameTracking?
    var colored: Picture?
    var startsShot = false
    var isSeen = false
  }

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

    if let preview = job.preview { try job.checkSideOutput(preview) }
    let log = JobLog(onEvent: onEvent)
    let parts = try JobParts(job: job, interruption: blocking, warn: { log.warn($0) })
    let sink = try parts.openSink()
    var isDrained = false
    do {
      onEvent(.started(parts.plan))
      for note in sink.notes { log.warn(note) }
      let sheet = job.preview.map { _ in
        ContactSheet(expected: parts.expectedFrames, arrangement: .columns)
      }
      let summary = try execute(parts, sink: sink, sheet: sheet, token: token, log: log)
      isDrained = summary.ending == .drained || log.isStopped
      // The end of what is there of a film is its end; after other failures there may be more.
      if let cause = log.damage, ![.truncated, .corrupt].contains(cause.code) { throw cause }
      var partialOutput: String?
      if isDrained {
        partialOutput = try sink.finishEarly()
      } else {
        try sink.finish()
      }
      if let preview = job.preview, let sheet { try sheet.write(to: preview) }
      return log.report(
        plan: parts.plan, summary: summary, interrupted: isDrained, partialOutput: partialOutput,
        damage: damage(of: parts.source, log: log))
    } catch let error as MediaError where error.code == .noFrames {
      // The sink does not know where the frames were to come from.
      sink.discard()
      if let cause = log.damage { throw cause }
      throw isDrained
        ? AutochromeError(.interrupted, "Stopped before the first frame was done.")
        : AutochromeError(
          .badData, "'\(job.input)' holds no frame; '\(job.output)' is not written.")
    } catch {
      let error = AutochromeError(wrapping: error)
      guard error.status != .interrupted, log.framesDone > 0, let kept = sink.salvage() else {
        sink.discard()
        throw error
      }
      throw AutochromeError(
        error.status,
        "\(error.message) What was done before, \(log.framesDone) frames, is in '\(kept)'."
      )
    }
  }

  /// What was missing or damaged, in words.
  private func damage(of source: any FrameSource, log: JobLog) -> String? {
    if let cause = log.damage {
      return "\(cause.message) \(log.framesDone) whole frames were written."
    }
    let (count, places) = (source.damagedFrameCount, source.damagedPlaceCount)
    var sentences: [String] = []
    if places > 0 {
      sentences.append(
        "'\(job.input)' is damaged at \(places) place\(places == 1 ? "" : "s"), where frames may be "
          + "missing; all that could be read was written.")
    }
    if count > 0 {
      sentences.append(
        source.damageReport
          ?? "\(count) frames of '\(job.input)' were damaged; they were colorized as far as they could "
          + "be decoded.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  private func execute(
    _ parts: JobParts, sink: any FrameSink, sheet: ContactSheet?, token: CancellationToken,
    log: JobLog
  ) throws -> PipelineSummary {
    let colorizer = parts.colorizer
    let source = parts.source
    let pipeline = Pipeline(
      permits: parts.plan.permits, threads: job.settings.threads, sourceName: "decode",
      source: { () throws -> Item? in
        do {
          return try source.next().map { element in
            var element = element
            // What waits in the pipeline is kept small: the colors a film came with are not looked at.
            element.frame = element.frame.map { $0.with($0.picture.withNeutralChroma()) }
            return Item(element: element)
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
    .serialInOrder("motion", state: try parts.makeTrackingStage()) { stage, item in
      guard let frame = item.element.frame, let survey = item.analysis else { return [item] }
      var item = item
      item.tracking = stage.track(survey, of: frame)
      return [item]
    }
    .parallel("network") { item in
      guard let survey = item.analysis, item.tracking?.isKeyFrame == true else { return item }
      var item = item
      item.analysis = try colorizer.analyze(survey)
      return item
    }
    .serialInOrder("steady", state: HeldBack(stage: parts.makeSteadyStage())) { held, item in
      held.push(item)
    } finish: { held in
      held.finish()
    }
    // A film's frames in color are its largest: no more wait for the encoder than keep it busy.
    .parallel("color", ahead: job.settings.threads) { item in
      guard let frame = item.element.frame, let analysis = item.analysis else { return item }
      var item = item
      let output = try sink.outputFormat(for: frame)
      item.colored = try colorizer.colorize(
        frame, analysis: analysis, format: output.pictureFormat, wanted: output.color)
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
          try sheet?.offer { try [Thumbnail(gray: frame.picture), Thumbnail(color: colored)] }
          element.frame = frame.with(colored)
          try sink.write(element)
          log.wrote(frameIndex: frame.index, startsShot: item.startsShot, isSeen: item.isSeen)
        } else {
          try sink.write(element)
        }
      })
  }

  /// Frames that the temporal stage holds back, with the packets before each.
  private struct HeldBack {
    var stage: SteadyStage
    var items: [Item] = []

    init(stage: SteadyStage) { self.stage = stage }

    mutating func push(_ item: Item) -> [Item] {
      var item = item
      let tracking = item.tracking
      // What was found out about the motion is the stabilizer's from here on.
      item.tracking = nil
      item.isSeen = tracking?.isKeyFrame ?? false
      guard let analysis = item.analysis, let tracking else {
        // Packets alone wait for no frame, which may come minutes later: they go ahead, those that
        // wait with frames before them, and the container brings them into order.
        item.element.packets = items.flatMap(\.element.packets) + item.element.packets
        for index in items.indices { items[index].element.packets = [] }
        return [item]
      }
      items.append(item)
      return release(stage.push(analysis, tracking: tracking))
    }

    mutating func finish() -> [Item] { release(stage.finish()) }

    /// The frames that are ready, in order.
    private mutating func release(_ ready: [SteadyStage.Result]) -> [Item] {
      let released = zip(items, ready).map { item, result in
        var item = item
        item.analysis = result.analysis
        item.startsShot = result.startsShot
        return item
      }
      items.removeFirst(released.count)
      return released
    }
  }
}
