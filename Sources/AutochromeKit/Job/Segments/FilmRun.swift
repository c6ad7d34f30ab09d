import FramePipeline
import Media

/// Makes a film: renders anew what a job's folder holds of it in another look, takes over what is right, and
/// goes on from there.
final class FilmRun {
  private let pass: FramePass
  private let sink: any FrameSink
  private let folder: JobFolder?
  private var recorder: SegmentRecorder?
  /// Whether the user ended it before the film did.
  private(set) var isDrained = false
  /// What the stages did, over all passes.
  private(set) var stages: [StageStatistics] = []

  private var parts: JobParts { pass.parts }
  private var log: JobLog { pass.log }

  /// - Parameter folder: nil where nothing is kept.
  init(pass: FramePass, sink: any FrameSink, folder: JobFolder?) {
    self.pass = pass
    self.sink = sink
    self.folder = folder
  }

  /// Brings all of the film into the sink, or what there is of it when the user stops.
  func run() throws {
    do {
      try make()
    } catch let error
      where AutochromeError(wrapping: error).status == .interrupted
      && pass.token.request == .drain
    {
      // While segments were read.
      isDrained = true
    }
  }

  private func make() throws {
    guard let folder, let sink = sink as? any SegmentedSink else {
      return note(try pass.color(parts.source, into: sink, recorder: nil))
    }
    let outdated = folder.outdated(by: parts.looks)
    for index in 0..<folder.segmentCount where !outdated.contains(where: { $0.contains(index) }) {
      if let segment = folder.segments[index] { log.restore(segment.counts, ofSegment: index) }
    }
    if let kept = try folder.keptSheet(), let sheet = pass.sheet {
      let before = (0..<folder.segmentCount).compactMap { folder.segments[$0]?.counts }
      sheet.restore(
        kept, frames: before.reduce(0) { $0 + $1.framesDone },
        shots: before.reduce(0) { $0 + $1.shotStarts })
    }
    tellWhatIsThere(folder, outdated: outdated)
    for run in outdated {
      try render(run, in: folder)
      if isDrained { return }
    }
    var packets = 0
    for index in 0..<folder.segmentCount {
      packets += try sink.restoreSegment(folder.segment(index)).packetCount
    }
    guard !folder.isWhole else {
      if let colors = folder.segments[folder.segmentCount - 1]?.colors {
        pass.colors.state = colors
      }
      return
    }
    let index = folder.segmentCount
    recorder = try SegmentRecorder(
      folder, sink: sink, log: log, index: index, isBegun: folder.isGoneOnWith, sheet: pass.sheet)
    let start = try folder.start(ofSegment: index)
    let source =
      start.map {
        ResumedSource(
          parts.source, start: $0, afterPackets: packets, reopen: parts.reopenSource)
      } ?? parts.source
    note(try pass.color(source, from: start, into: sink, recorder: recorder))
  }

  /// Renders segments again that were made in another look; their packets of other streams stay.
  private func render(_ run: Range<Int>, in folder: JobFolder) throws {
    let next = try folder.start(ofSegment: run.upperBound)
    let colors = folder.segments[run.upperBound - 1]?.colors
    let sink = try parts.openSegmentSink(threads: folder.plan.settings.threads)
    defer { sink.discard() }
    let recorder = try SegmentRecorder(
      folder, sink: sink, log: log, index: run.lowerBound, isBegun: false, takesPackets: true)
    let start = try folder.start(ofSegment: run.lowerBound)
    let source = try parts.reopenSource()
    var renewing = pass
    renewing.renewsSheet = true
    let rest: any FrameSource =
      start.map {
        ResumedSource(source, start: $0, afterPackets: 0, reopen: parts.reopenSource)
      } ?? source
    note(
      try renewing.color(
        SourceWithoutPackets(rest), from: start, to: next?.frame, into: sink, recorder: recorder))
    if isDrained { return }
    if let cause = log.damage, next != nil { throw cause }
    guard recorder.index == run.upperBound - 1 else {
      throw AutochromeError(
        .internalFault,
        "Rendering segments \(run.lowerBound + 1) to \(run.upperBound) of '\(folder.path)' again gave different "
          + "segment boundaries; give --restart to start over.")
    }
    try recorder.end(next: next, colors: colors)
  }

  private func tellWhatIsThere(_ folder: JobFolder, outdated: [Range<Int>]) {
    let count = folder.segmentCount
    if folder.droppedCount > 0 {
      let dropped = folder.droppedCount
      log.warn(
        "\(counted(dropped, "segment")) of '\(folder.path)' \(dropped == 1 ? "is" : "are") rendered again, because "
          + "shots now begin elsewhere.")
    }
    guard count > 0 else { return }
    if !outdated.isEmpty {
      let again = outdated.reduce(0) { $0 + $1.count }
      log.warn(
        "\(counted(again, "segment")) of \(count) in '\(folder.path)' \(again == 1 ? "is" : "are") rendered again, "
          + "because the look of shots in them has changed.")
    }
    if let frame = folder.segments[count - 1]?.nextFrame {
      log.warn(
        "Continuing at frame \(frame) of '\(parts.input)'; the frames before it are in '\(folder.path)'."
      )
    }
  }

  private func note(_ summary: PipelineSummary) {
    isDrained = summary.ending == .drained || log.isStopped
    for stage in summary.stages {
      if let index = stages.firstIndex(where: { $0.name == stage.name }) {
        stages[index].taken += stage.taken
        stages[index].emitted += stage.emitted
        stages[index].busy += stage.busy
      } else {
        stages.append(stage)
      }
    }
  }

  /// The output gets its name. What single shots are made again from stays.
  func finish() throws {
    guard let folder else { return try sink.finish() }
    guard parts.dividesAtShots else {
      try folder.close()
      try sink.finish()
      return folder.remove()
    }
    if let recorder, recorder.hasBegun {
      try recorder.end(next: nil, colors: pass.colors.state)
      if let sheet = pass.sheet { try folder.keep(sheet.state) }
    }
    try sink.finish()
    log.warn(
      "'\(folder.path)' keeps the segments, so that after a correction only the shots concerned are rendered again; "
        + "remove it when you are happy with the film.")
  }

  /// Where lies what another run needs to go on; nil if it would begin anew.
  var place: String? {
    guard let folder, isOfUse, folder.isThere else { return nil }
    return folder.path
  }

  /// Pictures that were written are known by the folder for those of this job.
  private var isOfUse: Bool {
    guard let folder, let sink = sink as? any SegmentedSink else { return false }
    return folder.segmentCount > 0
      || sink.keepsFramesApart && (recorder?.hasBegun == true || folder.isGoneOnWith)
  }

  /// The run ends before the film does.
  func abandon() { if !isOfUse { folder?.remove() } }
}

/// A source of which only the frames count.
///
/// `@unchecked Sendable`: called serially, as any source.
private final class SourceWithoutPackets: FrameSource, @unchecked Sendable {
  private let source: any FrameSource

  init(_ source: any FrameSource) { self.source = source }

  var info: SourceInfo { source.info }
  var damagedFrameCount: Int { source.damagedFrameCount }

  func next() throws -> SourceElement? {
    while var element = try source.next() {
      element.packets = []
      if element.frame != nil { return element }
    }
    return nil
  }
}
