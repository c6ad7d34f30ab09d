import Colorization
import FramePipeline
import Imaging
import Media

/// A pass over a film, or over a part of it, from decoding to what takes the frames in color.
///
///     source ─ small ─ motion ─ network ─ steady ─ color ─ sink
///
/// `motion` and `steady` take the frames in order, the others in parallel.
struct FramePass {
  let parts: JobParts
  let colors: ColorWatch
  let token: CancellationToken
  let log: JobLog
  /// When the job began.
  let start: ContinuousClock.Instant
  var sheet: PreviewSheet?
  /// Whether the sheet holds the frames already, which come in other colors.
  var renewsSheet = false

  private var settings: Settings { parts.settings }

  /// Colors the frames of `source`, from `checkpoint` on.
  /// - Parameters:
  ///   - checkpoint: where the pass begins; nil for the beginning of the film.
  ///   - end: the number of the frame before which it ends; nil for the end of the film. A shot starts there.
  func color(
    _ source: any FrameSource, from checkpoint: Checkpoint? = nil, to end: Int? = nil,
    into sink: any FrameSink, recorder: SegmentRecorder?
  ) throws -> PipelineSummary {
    let colorizer = parts.colorizer
    let info = parts.source.info
    let (log, sheet, renewsSheet) = (log, sheet, renewsSheet)
    let pipeline = try tracked(
      source, from: checkpoint, to: end, format: { try sink.outputFormat(for: $0).pictureFormat }
    )
    .parallel("network") { item in
      var item = item
      try item.analyze(by: colorizer)
      return item
    }
    .serialInOrder(
      "steady",
      state: SteadyStage(
        settings: settings, looks: parts.looks, resuming: checkpoint?.steady ?? .beginning)
    ) { stage, item in
      try stage.push(item)
    } finish: { stage, ending in
      // A request after the last frame has come cuts nothing short.
      try stage.finish(
        isCutShort: ending == .drained || log.isStopped, leavesPackets: end != nil)
    }
    // A film's frames in color are its largest: no more wait for the encoder than keep it busy.
    .parallel("color", ahead: settings.threads) { item in
      guard let frame = item.element.frame else { return item }
      var item = item
      try item.color(by: colorizer, as: try sink.outputFormat(for: frame))
      item.analysis = nil
      item.survey = nil
      return item
    }
    return try run(pipeline, sinkName: "encode") { item in
      var element = item.element
      guard let frame = element.frame, let colored = item.colored else {
        return try sink.write(element)
      }
      // Of these, another run makes the ones that belong to the film.
      if item.isCutShort, recorder?.keepsFramesApart == true { return }
      if let motion = item.partStart, let steady = item.steadyState, !item.isCutShort {
        try recorder?.turn {
          Checkpoint(frame: frame, place: element.place, motion: motion, steady: steady)
        }
      }
      if renewsSheet {
        try sheet?.renew(frame, colored: colored)
      } else {
        try sheet?.offer(
          frame, colored: colored, seconds: info.seconds(of: frame), startsShot: item.startsShot)
      }
      element.frame = frame.with(colored)
      try sink.write(element)
      recorder?.wrote(item.look)
      log.wrote(
        frameIndex: frame.index, seconds: info.seconds(of: frame), startsShot: item.startsShot,
        isSeen: item.isSeen, isKept: item.keepsColors, area: item.area,
        guidedBy: info.number(of: frame).map { ($0, item.guidedBy) })
    }
  }

  /// Looks at the frames of `source` alone: where shots start and parts begin, without motion and colors.
  /// - Parameter sink: what will take the frames, which is given none.
  func look(
    at source: any FrameSource, for sink: any FrameSink, take: @escaping (JobItem) throws -> Void
  ) throws -> PipelineSummary {
    let log = log
    let pipeline = try tracked(
      source, from: nil, to: nil, followsMotion: false,
      format: { try sink.outputFormat(for: $0).pictureFormat })
    return try run(pipeline, sinkName: "plan") { item in
      try take(item)
      if let frame = item.element.frame {
        log.wrote(
          frameIndex: frame.index, startsShot: item.tracking?.shot.startsShot ?? false,
          isSeen: false, area: item.area)
      }
    }
  }

  private func run(
    _ pipeline: consuming Pipeline<JobItem>, sinkName: String,
    sink: @escaping (JobItem) throws -> Void
  ) throws -> PipelineSummary {
    let (log, start, total) = (log, start, parts.expectedFrames)
    return try pipeline.run(
      cancellation: token, sinkName: sinkName,
      onProgress: { _ in log.progress(.now - start, framesTotal: total) }, sink: sink)
  }

  /// Frames up to what is found in them in order.
  private func tracked(
    _ source: any FrameSource, from checkpoint: Checkpoint?, to end: Int?,
    followsMotion: Bool = true, format: @escaping @Sendable (Frame) throws -> PixelFormat
  ) throws -> Pipeline<JobItem> {
    let colorizer = parts.colorizer
    let info = parts.source.info
    let looks = parts.looks
    let (token, log) = (token, log)
    return Pipeline(
      permits: parts.plan.permits, threads: settings.threads, sourceName: "decode",
      source: { () throws -> JobItem? in
        do {
          guard let element = try source.next() else { return nil }
          var item = JobItem(element: element)
          guard let frame = element.frame else { return item }
          if let end, frame.index >= end { return nil }
          item.colorSurvey = ColorSurvey(frame.picture)
          // What waits in the pipeline is kept small: colors that will be replaced go at once.
          if !looks.mayKeepColors { item.dropColors() }
          return item
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
      item.survey = try colorizer.survey(frame)
      return item
    }
    .serialInOrder(
      "motion",
      state: MotionStage(
        tracking: try parts.makeTrackingStage(followsMotion: followsMotion),
        guide: followsMotion ? try parts.makeGuide { [log] in log.warn($0) } : nil, watch: colors,
        looks: looks, sampledBy: followsMotion ? colorizer : nil,
        dividesAtShots: parts.dividesAtShots, isFilm: looks.areSteadied,
        resuming: checkpoint?.motion)
    ) { stage, item in
      guard let frame = item.element.frame, let survey = item.survey else { return [item] }
      return [
        try stage.track(
          item, survey: survey, of: frame, seconds: info.seconds(of: frame),
          format: try format(frame), warn: { log.warn($0) })
      ]
    }
  }
}
