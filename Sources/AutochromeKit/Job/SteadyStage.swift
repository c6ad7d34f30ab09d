import Colorization
import Media

/// The temporal stage of the pipeline: frames as the network saw them in, in order; the same out, steadied.
struct SteadyStage {
  /// A frame that the stabilizer holds.
  private struct Held {
    var item: JobItem
    var survey: FrameSurvey
  }

  private let stabilizer: Stabilizer<Held>
  /// How many frames it holds.
  private var heldCount = 0
  /// The last item of packets alone since the last frame, with all of them. Packets leave with the frame before
  /// which they lay, so that their order does not depend on where a run began.
  private var waiting: JobItem?

  /// - Parameter state: what is known before the first frame.
  init(settings: Settings, looks: ShotLooks, resuming state: StabilizerState = .beginning) {
    stabilizer = Stabilizer(
      stability: settings.stability, lookAhead: looks.areSteadied ? settings.lookAhead : 0,
      keyFrameDistance: settings.keyFrames.distance, resuming: state)
  }

  /// Takes the next item and gives back those that are ready, in order.
  mutating func push(_ item: JobItem) throws -> [JobItem] {
    var item = item
    // The packets go over to this item, and the one that had them leaves empty.
    var emptied: [JobItem] = []
    if var before = waiting {
      waiting = nil
      item.element.packets = before.element.packets + item.element.packets
      before.element.packets = []
      emptied = [before]
    }
    guard item.element.frame != nil else {
      guard heldCount > 0 else { return emptied + [item] }
      waiting = item
      return emptied
    }
    return try emptied + pushFrame(item)
  }

  private mutating func pushFrame(_ item: JobItem) throws -> [JobItem] {
    var item = item
    // Frames that keep their colors have no part in those of others: they end a shot.
    guard !item.keepsColors, let survey = item.survey, let tracking = item.tracking else {
      if item.partStart != nil { item.steadyState = .beginning }
      return try steadied(stabilizer.finish()) + [item]
    }
    item.isSeen = tracking.isKeyFrame
    let analysis = item.analysis ?? FrameAnalysis(unseen: survey)
    // What was found out is the stabilizer's from here on.
    item.tracking = nil
    item.analysis = nil
    let ready = stabilizer.push(
      TemporalFrame(
        lightness: survey.lightness, estimate: analysis.estimate,
        stability: item.look?.look.stability, payload: Held(item: item, survey: survey)),
      tracking: tracking)
    heldCount += 1
    return try steadied(ready)
  }

  /// Gives back the rest, in order.
  /// - Parameters:
  ///   - isCutShort: whether the film goes on, but not the job.
  ///   - leavesPackets: whether packets after the last frame are left to another run, which has the frame
  ///     after them.
  mutating func finish(isCutShort: Bool = false, leavesPackets: Bool = false) throws -> [JobItem] {
    var rest = try steadied(stabilizer.finish())
    for index in rest.indices { rest[index].isCutShort = isCutShort }
    if var last = waiting {
      waiting = nil
      if leavesPackets { last.element.packets = [] }
      rest.append(last)
    }
    return rest
  }

  private mutating func steadied(_ frames: [TemporalFrame<Held>]) throws -> [JobItem] {
    heldCount -= frames.count
    return try frames.map { frame in
      var item = frame.payload.item
      let field = item.guidance?.field
      item.analysis = FrameAnalysis(
        survey: frame.payload.survey,
        estimate: try field.map { try frame.estimate.guided(by: $0) } ?? frame.estimate)
      item.analysis?.hints = item.guidance?.hints ?? []
      item.guidance = nil
      item.startsShot = frame.startsShot
      item.steadyState = frame.partState
      return item
    }
  }
}
