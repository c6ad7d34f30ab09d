internal import Imaging

/// Carries what a user gives for some frames of a film along the motion to the others of its shots: forward as the
/// frames come, and backward from frames that were looked at ahead (`GuidanceAhead`). Nothing crosses a cut.
package struct GuidanceTrack: Codable, Sendable {
  /// Up to a frame.
  private struct Point: Codable, Sendable {
    var carried: CarriedGuidance?
    var pyramid: MotionPyramid?
  }

  private var last = Point()
  /// At the frame before: a frame may turn out to be a flash, which is stepped over.
  private var beforeLast = Point()

  package init() {}

  /// Whether anything is carried.
  package var isActive: Bool { last.carried != nil || beforeLast.carried != nil }

  /// Takes the next frame.
  /// - Parameters:
  ///   - given: what the user gives for it.
  ///   - width, height: of the grid of its estimate.
  package mutating func follow(
    _ tracking: FrameTracking, frame: Int, given: GuidanceField?, width: Int, height: Int
  ) {
    guard let pyramid = tracking.pyramid else {
      self = GuidanceTrack()
      return
    }
    let from = tracking.shot.previousIsFlash ? beforeLast : last
    beforeLast = tracking.shot.previousIsFlash ? Point() : last
    last = Point(carried: nil, pyramid: pyramid)
    guard given != nil || from.carried != nil else { return }
    let lightness = GridLightness(pyramid, width: width, height: height).values
    if !tracking.shot.startsShot, let carried = from.carried, let previous = from.pyramid,
      (previous.width, previous.height, carried.width, carried.height)
        == (pyramid.width, pyramid.height, width, height)
    {
      let motion =
        tracking.motion ?? MotionEstimator().motion(from: previous, to: pyramid)
      let moved = carried.carried(
        to: lightness,
        along: GridMotion(motion.backward, of: pyramid, width: width, height: height))
      last.carried = moved.isSpent ? nil : moved
    }
    if let given { give(given, frame: frame) }
  }

  /// Takes what is given for the frame that came last, where no more is known of it.
  package mutating func give(_ given: GuidanceField, frame: Int) {
    guard let pyramid = last.pyramid else { return }
    let new = CarriedGuidance(
      given, frame: frame,
      lightness: GridLightness(pyramid, width: given.width, height: given.height).values)
    last.carried = last.carried?.overlaid(by: new) ?? new
  }

  /// What is known of the frame that came last; nil for nothing.
  /// - Parameter ahead: what comes back from later frames.
  package func colors(of frame: Int, ahead: GuidanceAhead?) -> BroughtColors? {
    CarriedGuidance.field(of: frame, before: last.carried, after: ahead?.carried[frame])
  }
}

/// What motion brings to a frame of what was given for frames of its shot.
package struct BroughtColors: Sendable {
  /// The colors, on the frame's grid.
  package let field: GuidanceField
  /// The frames for which they were given, rising.
  package let frames: [Int]
}

/// What the user gives for later frames of a shot, carried back to the frames before them.
package struct GuidanceAhead: Sendable {
  /// By the number of the frame.
  fileprivate var carried: [Int: CarriedGuidance] = [:]
  /// Later frames of the shot for which something is given, rising.
  package fileprivate(set) var givenFrames: [Int] = []

  /// Nothing.
  package init() {}

  /// Forgets a frame.
  package mutating func drop(_ frame: Int) { carried[frame] = nil }

  /// Frames of a shot in a row, from the one at hand on, that are looked at ahead.
  package struct Collector {
    private struct Step {
      let frame: Int
      let lightness: FloatImage
      /// From here to the frame after it.
      var forward: GridMotion?
      var isFlash = false
    }

    private var steps: [Step] = []
    /// Of the last frame and the one before it.
    private var pyramids: [MotionPyramid] = []
    private let width: Int
    private let height: Int

    /// - Parameters:
    ///   - first: what is known of the frame at hand.
    ///   - width, height: of the grid of its estimate.
    package init(_ first: FrameTracking, frame: Int, width: Int, height: Int) {
      self.width = width
      self.height = height
      append(first, frame: frame)
    }

    /// Takes the next frame of the shot.
    package mutating func add(_ tracking: FrameTracking, frame: Int) {
      guard let pyramid = tracking.pyramid, !steps.isEmpty else { return }
      var from = steps.count - 1
      if tracking.shot.previousIsFlash, from > 0 {
        steps[from].isFlash = true
        from -= 1
        pyramids.removeLast()
      }
      guard let previous = pyramids.last,
        (previous.width, previous.height) == (pyramid.width, pyramid.height)
      else { return }
      let motion = tracking.motion ?? MotionEstimator().motion(from: previous, to: pyramid)
      steps[from].forward = GridMotion(
        motion.forward, of: previous, width: width, height: height)
      append(tracking, frame: frame)
    }

    private mutating func append(_ tracking: FrameTracking, frame: Int) {
      guard let pyramid = tracking.pyramid else { return }
      pyramids = pyramids.suffix(1) + [pyramid]
      steps.append(
        Step(
          frame: frame,
          lightness: GridLightness(pyramid, width: width, height: height).values))
    }

    /// Forgets the last frame: it belongs to another shot.
    package mutating func dropLast() {
      guard steps.count > 1 else { return }
      steps.removeLast()
      steps[steps.count - 1].forward = nil
    }

    /// Carries everything back, as far as it counts.
    /// - Parameter given: what the user gives for the frames, by their numbers; for the one at hand it does not count.
    package func lookBack(given: [Int: GuidanceField]) -> GuidanceAhead {
      var result = GuidanceAhead()
      result.givenFrames = steps.dropFirst().map(\.frame).filter { given[$0] != nil }
      var carried: CarriedGuidance?
      for step in steps.reversed() where !step.isFlash {
        if let later = carried {
          guard let forward = step.forward else { break }
          let moved = later.carried(to: step.lightness, along: forward)
          carried = moved.isSpent ? nil : moved
          result.carried[step.frame] = carried
        }
        if step.frame != steps[0].frame, let given = given[step.frame] {
          let new = CarriedGuidance(given, frame: step.frame, lightness: step.lightness)
          carried = carried?.overlaid(by: new) ?? new
        }
      }
      return result
    }
  }
}
