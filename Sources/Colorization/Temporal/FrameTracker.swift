package import Imaging

/// What is known of a frame's place in the film before the network has seen it.
package struct FrameTracking: Sendable {
  /// Whether a shot starts here, and what the frame tells of the one before.
  package let shot: ShotTracker.Step
  /// Whether the network must see the frame. If not, motion explains it from those before it.
  package private(set) var isKeyFrame: Bool
  /// The small image, ready to be searched; nil where no motion is followed.
  let pyramid: MotionPyramid?
  /// The motion between the frame before and this one; nil where a shot starts or a flash ends.
  let motion: MotionEstimator.Pair?
  /// Whether a part begins here, see `Stabilizer`.
  private(set) var startsPart = false

  fileprivate mutating func startPart() {
    isKeyFrame = true
    startsPart = true
  }

  fileprivate mutating func see() { isKeyFrame = true }
}

/// Follows a film before the network sees it: where shots start, how the picture moves from each frame
/// to the next, and which frames the network must see (`KeyFrameChooser`). It looks at the small
/// lightness images alone, in order, and never ahead, so that it serves streams as it serves files
/// and gives the same answers however many threads there are.
package struct FrameTracker: Codable, Sendable {
  /// Whether motion is found.
  private let followsMotion: Bool
  private var shots = ShotTracker()
  private var chooser: KeyFrameChooser
  private var previous: MotionPyramid?

  /// - Parameters:
  ///   - followsMotion: Whether the estimates will be steadied; otherwise only shots are found, and every
  ///     frame is a key frame.
  ///   - keyFrameDistance: The greatest distance between frames that the network sees; 1 for every
  ///     frame.
  package init(followsMotion: Bool, keyFrameDistance: Int = 1) {
    self.followsMotion = followsMotion
    chooser = KeyFrameChooser(distance: followsMotion ? keyFrameDistance : 1)
  }

  /// Takes the next frame: channel 0 of `lightness` is L\* in 0…100.
  /// - Parameter given: Whether the frame starts a shot, where that is known; nil to find out.
  package mutating func track(
    _ lightness: FloatImage, startsShot given: Bool? = nil
  ) -> FrameTracking {
    let shot = shots.observe(lightness, startsShot: given)
    let pyramid = followsMotion ? MotionPyramid(lightness) : nil
    var motion: MotionEstimator.Pair?
    if let previous, let pyramid, shot.isConnected, previous.width == pyramid.width,
      previous.height == pyramid.height
    {
      motion = MotionEstimator().motion(from: previous, to: pyramid)
    }
    previous = pyramid
    return FrameTracking(
      shot: shot, isKeyFrame: chooser.isKeyFrame(after: motion), pyramid: pyramid, motion: motion)
  }

  /// Lets a part begin at the frame that was tracked last: the network sees it.
  /// - Parameter tracking: what `track` said of it.
  package mutating func startPart(_ tracking: inout FrameTracking) {
    chooser.startHere()
    tracking.startPart()
  }

  /// Lets the network see the frame that was tracked last.
  /// - Parameter tracking: what `track` said of it.
  package mutating func see(_ tracking: inout FrameTracking) {
    chooser.startHere()
    tracking.see()
  }

  /// Goes on after the frames that another tracker saw. If that one did not follow motion, the next frame must
  /// start a shot.
  package mutating func goOn(after other: FrameTracker) {
    shots = other.shots
    guard other.followsMotion == followsMotion else { return }
    chooser = other.chooser
    previous = other.previous
  }
}
