import Colorization
import Media

/// Frames that the temporal stage holds back, with the packets before each.
struct HeldBack {
  private var stage: SteadyStage
  private var items: [JobItem] = []

  init(stage: SteadyStage) { self.stage = stage }

  /// Takes the next item and gives back those that are ready, in order.
  mutating func push(_ item: JobItem) -> [JobItem] {
    var item = item
    let tracking = item.tracking
    // What was found out about the motion is the stabilizer's from here on.
    item.tracking = nil
    // Frames that keep their colors have no part in those of others: they end a shot.
    if item.keepsColors {
      let before = finish()
      if item.partStart != nil { item.steadyState = stage.state }
      return before + [item]
    }
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

  /// Gives back the rest, in order.
  /// - Parameter isCutShort: whether the film goes on, but not the job.
  mutating func finish(isCutShort: Bool = false) -> [JobItem] {
    var rest = release(stage.finish())
    for index in rest.indices { rest[index].isCutShort = isCutShort }
    return rest
  }

  /// The frames that are ready, in order.
  private mutating func release(_ ready: [SteadyStage.Result]) -> [JobItem] {
    let released = zip(items, ready).map { item, result in
      var item = item
      item.analysis = result.analysis
      item.startsShot = result.startsShot
      item.steadyState = result.partState
      return item
    }
    items.removeFirst(released.count)
    return released
  }
}
