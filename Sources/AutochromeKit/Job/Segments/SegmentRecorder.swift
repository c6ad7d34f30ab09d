import Media

/// Divides what a pass makes into segments, each of which is kept in the job's folder once it is whole.
final class SegmentRecorder {
  private let folder: JobFolder
  private let sink: any SegmentedSink
  private let log: JobLog
  private let sheet: PreviewSheet?
  /// Frames of the sheet that are kept.
  private var sheetCount = 0
  /// The segment at hand.
  private(set) var index: Int
  private var framesInSegment = 0
  private var looks: [ShotLook] = []
  /// Whether packets of other streams are those of segments that are made again.
  private let takesPackets: Bool

  /// Begins a segment with the next frame.
  /// - Parameters:
  ///   - index: of the segment, from 0.
  ///   - isBegun: whether an earlier run may have begun it.
  ///   - takesPackets: whether the pass brings no packets, so that those of the segments that are replaced
  ///     go on.
  ///   - sheet: is kept too, if there is one.
  init(
    _ folder: JobFolder, sink: any SegmentedSink, log: JobLog, index: Int, isBegun: Bool,
    takesPackets: Bool = false, sheet: PreviewSheet? = nil
  ) throws {
    self.folder = folder
    self.sink = sink
    self.log = log
    self.sheet = sheet
    self.index = index
    self.takesPackets = takesPackets
    try begin(isBegun: isBegun)
  }

  private func begin(isBegun: Bool) throws {
    framesInSegment = 0
    looks = []
    log.begin(segment: index)
    try sink.beginSegment(keptAs: folder.segment(index), isBegun: isBegun)
    if takesPackets, folder.segments[index] != nil {
      try sink.takePackets(ofSegment: folder.segment(index))
    }
  }

  /// Whether each frame is an output of its own.
  var keepsFramesApart: Bool { sink.keepsFramesApart }

  /// Whether something is done of the segment at hand.
  var hasBegun: Bool { framesInSegment > 0 }

  /// A part of the film begins with the next frame: what is before becomes a segment.
  func turn(to checkpoint: () throws -> Checkpoint) throws {
    // The part that the run began with.
    guard framesInSegment > 0 else { return }
    if let state = sheet?.state, state.count != sheetCount {
      try folder.keep(state)
      sheetCount = state.count
    }
    try end(next: try checkpoint())
    index += 1
    try begin(isBegun: false)
  }

  /// The segment at hand is whole.
  /// - Parameters:
  ///   - next: where the next one begins; nil at the end of the film.
  ///   - colors: at the end of the film, what it came with.
  func end(next: Checkpoint?, colors: ColorWatch.State? = nil) throws {
    let trailer = SegmentTrailer(
      counts: log.counts(ofSegment: index), looks: looks, next: next, colors: colors)
    try sink.endSegment(trailer: try trailer.encoded())
    folder.added(trailer, asSegment: index)
  }

  /// Takes note of a frame that was written.
  func wrote(_ look: ShotLook?) {
    framesInSegment += 1
    if let look, look != looks.last { looks.append(look) }
  }
}
