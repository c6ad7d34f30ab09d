/// Gives frames that the network did not see an estimate: those of the key frames around them, carried
/// along the motion, and mixed so that one passes evenly into the other.
///
/// With frames to come at hand, a frame between two key frames gets both of theirs. Without, the last
/// key frame's takes over from what was there before it little by little, over as many frames as lie
/// between it and its predecessor; the network's changes then come as they would have come, if it had
/// seen each frame, in small steps. What no estimate explains is taken from what lies around
/// (`Gaps`).
enum EstimateCarrier {
  /// A frame, and the motion between the one before it and it; nil where a shot starts.
  struct Step {
    let frame: Tracked
    let link: Link?
  }

  /// Estimates for the frames after a key frame.
  /// - Parameters:
  ///   - first: the key frame.
  ///   - between: the frames after it that the network did not see.
  ///   - last: the next key frame, if it belongs to the shot.
  static func estimates(first: Tracked, between: [Step], last: Step?) -> [CarriedEstimate] {
    var result: [CarriedEstimate] = []
    var carried = CarriedEstimate(at: first)
    for step in between {
      if let link = step.link { carried = carried.carried(to: step.frame, along: link.backward) }
      result.append(carried)
    }
    guard let last, var link = last.link else { return result }
    carried = CarriedEstimate(at: last.frame)
    for index in between.indices.reversed() {
      carried = carried.carried(to: between[index].frame, along: link.forward)
      let part = Float(index + 1) / Float(between.count + 1)
      result[index] = result[index].blended(with: carried, part: part)
      guard let next = between[index].link else { break }
      link = next
    }
    return result
  }

  /// The same without frames to come, one frame after the other.
  struct Causal: Codable {
    /// What the frame before got.
    private var shown: CarriedEstimate?
    /// The last key frame's estimate.
    private var wanted: CarriedEstimate?
    /// Frames from the key frame before the last to the last.
    private var distance = 0
    /// Frames since the last key frame.
    private var since = 0

    /// Takes the next frame and returns its estimate.
    mutating func next(_ step: Step, isKeyFrame: Bool) -> CarriedEstimate {
      let before = step.link.flatMap { link in
        shown?.carried(to: step.frame, along: link.backward)
      }
      if isKeyFrame {
        distance = since + 1
        since = 0
        wanted = CarriedEstimate(at: step.frame)
      } else {
        since += 1
        if let link = step.link { wanted = wanted?.carried(to: step.frame, along: link.backward) }
      }
      let target = wanted ?? CarriedEstimate(at: step.frame)
      guard let before else {
        distance = 1
        shown = target
        return target
      }
      // What the target does not explain stays what it was to the end.
      let part = min(1 / Float(max(distance - since, 1)), 0.999)
      let mixed = distance > 1 || since > 0 ? before.blended(with: target, part: part) : target
      shown = mixed
      return mixed
    }
  }
}
