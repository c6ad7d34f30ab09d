import Colorization
import Imaging

/// The stage before the network: small pictures in, in order; where shots start, the motion, and which
/// frames the network must see.
struct TrackingStage {
  private var tracker: FrameTracker
  private let settings: Settings
  private var cuts: CutList.Reader?

  /// - Parameter cuts: where shots begin; nil to find them.
  init(settings: Settings, cuts: CutList.Reader? = nil) {
    self.settings = settings
    tracker = Self.makeTracker(settings)
    self.cuts = cuts
  }

  private static func makeTracker(_ settings: Settings) -> FrameTracker {
    FrameTracker(
      followsMotion: settings.stability > 0, keyFrameDistance: settings.keyFrames.distance)
  }

  /// Takes the frame that was tracked last as the first of a shot, whatever was before it.
  mutating func startAnew(with survey: FrameAnalysis) -> FrameTracking {
    tracker = Self.makeTracker(settings)
    return tracker.track(survey.lightness, startsShot: true)
  }

  /// - Parameter frame: what the survey is of; not looked at where shots are found.
  mutating func track(_ survey: FrameAnalysis, of frame: Frame? = nil) -> FrameTracking {
    let startsShot = frame.flatMap { cuts?.startsShot(at: $0) }
    return tracker.track(survey.lightness, startsShot: startsShot)
  }
}
