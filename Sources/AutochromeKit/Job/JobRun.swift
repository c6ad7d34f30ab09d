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
    /// What color it came with.
    var content = ColorContent.gray
    /// Which part of the frame is the picture.
    var area: PictureArea?
    /// Whether it goes out with the colors that it came with.
    var keepsColors = false
    var startsShot = false
    var isSeen = false

    mutating func dropColors() {
      element.frame = element.frame.map { $0.with($0.picture.withNeutralChroma()) }
    }
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
    let log = JobLog(onEvent: onEvent)
    let preview = try job.preview.flatMap { try job.place($0) { log.warn($0) } }
    if let preview { try Thumbnail.checkName(preview.path) }
    let parts = try JobParts(job: job, interruption: blocking, warn: { log.warn($0) })
    let sink = try parts.openSink()
    var isDrained = false
    do {
      onEvent(.started(parts.plan))
      let known = parts.plan.sourceColors
      if let note = known?.opening(input: job.input, mode: job.settings.color) { log.warn(note) }
      let colors = ColorWatch(
        input: job.input, mode: job.settings.color, known: known,
        isFilm: !parts.source.info.isFrameFolder)
      for note in sink.notes { log.warn(note) }
      let sheet = preview.map { _ in
        PreviewSheet(expected: parts.expectedFrames, limit: job.previewFrames)
      }
      let summary = try execute(
        parts, sink: sink, sheet: sheet, colors: colors, token: token, log: log)
      isDrained = summary.ending == .drained || log.isStopped
      // The end of what is there of a film is its end; after other failures there may be more.
      if let cause = log.damage, ![.truncated, .corrupt].contains(cause.code) { throw cause }
      var partialOutput: String?
      if isDrained {
        partialOutput = try sink.finishEarly()
      } else {
        try sink.finish()
      }
      if let preview, let sheet { try sheet.write(to: preview) }
      if let note = colors.closing { log.warn(note) }
      return log.report(
        plan: parts.plan, summary: summary, sourceColors: colors.finding, interrupted: isDrained,
        partialOutput: partialOutput,
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
        "\(error.message) What was done before, \(counted(log.framesDone, "frame")), is in '\(kept)'."
      )
    }
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
    _ parts: JobParts, sink: any FrameSink, sheet: PreviewSheet?, colors: ColorWatch,
    token: CancellationToken, log: JobLog
  ) throws -> PipelineSummary {
    let colorizer = parts.colorizer
    let look = job.settings.look
    let source = parts.source
    let keepsColors = job.settings.color == .keep
    let pipeline = Pipeline(
      permits: parts.plan.permits, threads: job.settings.threads, sourceName: "decode",
      source: { () throws -> Item? in
        do {
          return try source.next().map { element in
            var item = Item(element: element)
            guard let frame = element.frame else { return item }
            item.content = colors.observe(frame, seconds: parts.source.info.seconds(of: frame)) {
              log.warn($0)
            }
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
        tracking: try parts.makeTrackingStage(), keepsColors: keepsColors,
        isFilm: job.settings.stability > 0)
    ) { stage, item in
      guard let frame = item.element.frame, let survey = item.analysis else { return [item] }
      let format = try sink.outputFormat(for: frame).pictureFormat
      return [try stage.track(item, survey: survey, of: frame, format: format)]
    }
    .parallel("network") { item in
      guard let survey = item.analysis, item.tracking?.isKeyFrame == true, !item.keepsColors else {
        return item
      }
      var item = item
      item.analysis = try colorizer.analyze(survey, look: look)
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
          try sheet?.offer(
            frame, colored: colored, seconds: parts.source.info.seconds(of: frame),
            startsShot: item.startsShot)
          element.frame = frame.with(colored)
          try sink.write(element)
          log.wrote(
            frameIndex: frame.index, startsShot: item.startsShot, isSeen: item.isSeen,
            isKept: item.keepsColors, area: item.area)
        } else {
          try sink.write(element)
        }
      })
  }

  /// Finds motion and shots, and which shots keep their colors.
  private struct MotionStage {
    private var tracking: TrackingStage
    private var colors = ShotColors()
    private let keepsColors: Bool
    private let isFilm: Bool
    private var lastIsKept = false

    /// - Parameter isFilm: whether frames have to do with those before them.
    init(tracking: TrackingStage, keepsColors: Bool, isFilm: Bool) {
      self.tracking = tracking
      self.keepsColors = keepsColors
      self.isFilm = isFilm
    }

    mutating func track(
      _ item: Item, survey: FrameAnalysis, of frame: Frame, format: PixelFormat
    ) throws -> Item {
      var item = item
      let tracked = try tracking.track(frame, survey: survey, format: format)
      let (survey, found) = (tracked.survey, tracked.tracking)
      item.analysis = survey
      item.area = survey.area
      item.tracking = found
      guard keepsColors else { return item }
      item.keepsColors = colors.keepsColors(
        item.content, startsShot: !isFilm || found.verdict.startsShot)
      if item.keepsColors {
        item.startsShot = found.verdict.startsShot
      } else {
        // The colors of the network begin here: nothing leads over from frames that it did not see.
        if lastIsKept { item.tracking = tracking.startAnew(with: survey) }
        item.dropColors()
      }
      lastIsKept = item.keepsColors
      return item
    }
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
      // Frames that keep their colors have no part in those of others: they end a shot.
      if item.keepsColors { return finish() + [item] }
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
