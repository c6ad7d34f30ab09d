import Colorization
import Imaging

/// The stage before the network: small pictures in, in order; where shots start, the motion, and which
/// frames the network must see.
struct TrackingStage {
  private var tracker: FrameTracker
  private var cuts: CutList.Reader?

  /// - Parameter cuts: where shots begin; nil to find them.
  init(settings: Settings, cuts: CutList.Reader? = nil) {
    tracker = FrameTracker(
      followsMotion: settings.stability > 0, keyFrameDistance: settings.keyFrames.distance)
    self.cuts = cuts
  }

  /// - Parameter frame: what the survey is of; not looked at where shots are found.
  mutating func track(_ survey: FrameAnalysis, of frame: Frame? = nil) -> FrameTracking {
    let startsShot = frame.flatMap { cuts?.startsShot(at: $0) }
    return tracker.track(survey.lightness, startsShot: startsShot)
  }
}
