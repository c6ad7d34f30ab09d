import Colorization

/// The stage before the network: small pictures in, in order; where shots start, the motion, and which
/// frames the network must see.
struct TrackingStage {
  private var tracker: FrameTracker
  private var cuts: CutList.Reader?

  /// - Parameter cuts: where shots begin; nil to find them.
  init(settings: Settings, cuts: CutList?) {
    tracker = FrameTracker(
      followsMotion: settings.stability > 0, keyFrameDistance: settings.keyFrames.distance)
    self.cuts = cuts.map { CutList.Reader($0) }
  }

  /// - Parameter seconds: when the frame is shown, after the start of the film.
  mutating func track(_ survey: FrameAnalysis, seconds: Double) -> FrameTracking {
    tracker.track(survey.lightness, startsShot: cuts?.startsShot(at: seconds))
  }
}
