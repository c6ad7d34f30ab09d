import Media

/// Keeps what is done of a film in the job's folder, segment by segment, and brings back what an earlier run
/// has kept.
final class SegmentKeeper {
  private let folder: JobFolder
  private let sink: any SegmentedSink
  /// Where the run begins, if it goes on with what an earlier one has left.
  let start: Checkpoint?
  /// How many packets of other streams lie before.
  let packetCount: Int
  private var framesInSegment = 0
  private let sheet: PreviewSheet?
  /// Frames of the sheet that are kept.
  private var sheetCount = 0

  /// Puts the segments of `folder` into `sink`, and begins the next one.
  /// - Parameter sheet: is kept too, if there is one.
  init(_ folder: JobFolder, sink: any SegmentedSink, sheet: PreviewSheet?) throws {
    self.folder = folder
    self.sink = sink
    self.sheet = sheet
    var last: Checkpoint?
    var packetCount = 0
    for index in 0..<folder.segmentCount {
      let segment = folder.segment(index)
      let restored = try sink.restoreSegment(segment)
      packetCount += restored.packetCount
      last = try Checkpoint(restored.trailer, segment: segment)
    }
    start = last
    self.packetCount = packetCount
    if let last, let sheet, let kept = try folder.keptSheet() {
      sheet.restore(kept, frames: last.frame, shots: last.counts.shotStarts.count)
    }
    try beginSegment(isBegun: folder.isGoneOnWith)
  }

  private func beginSegment(isBegun: Bool) throws {
    try sink.beginSegment(keptAs: folder.segment(folder.segmentCount), isBegun: isBegun)
  }

  /// Whether each frame is an output of its own.
  var keepsFramesApart: Bool { sink.keepsFramesApart }

  /// A part of the film begins with the next frame: what is before becomes a segment.
  func turn(to checkpoint: () throws -> Checkpoint) throws {
    // The part that the run began with.
    guard framesInSegment > 0 else { return }
    if let state = sheet?.state, state.count != sheetCount {
      try folder.keep(state)
      sheetCount = state.count
    }
    try sink.endSegment(trailer: try checkpoint().encoded())
    folder.addSegment()
    framesInSegment = 0
    try beginSegment(isBegun: false)
  }

  /// Takes note of a frame that was written.
  func wrote() { framesInSegment += 1 }

  /// Where lies what another run needs to go on; nil if it would begin anew.
  var place: String? { isOfUse && folder.isThere ? folder.path : nil }

  /// Pictures that were written are known by the folder for those of this job.
  private var isOfUse: Bool {
    folder.segmentCount > 0 || sink.keepsFramesApart && (framesInSegment > 0 || folder.isGoneOnWith)
  }

  /// The output gets its name.
  func finish() throws {
    try folder.close()
    try sink.finish()
    folder.remove()
  }

  /// The run ends before the film does.
  func end() { if !isOfUse { folder.remove() } }
}
