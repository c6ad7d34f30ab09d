package import Colorization

/// The temporal stage of the pipeline: frame analyses in, in order; the same out, steadied.
package struct SteadyStage {
  /// A frame that may leave.
  package struct Result {
    var analysis: FrameAnalysis
    var startsShot: Bool
    /// If a part begins with it, what the stage knew before.
    var partState: StabilizerState?
  }

  /// What is carried along.
  private struct Place {
    var area: PictureArea
    var geometry: WorkingGeometry
  }

  private let stabilizer: Stabilizer<Place>

  /// - Parameter state: what an earlier run knew before the first frame; nil for the beginning.
  package init(settings: Settings, resuming state: StabilizerState? = nil) {
    stabilizer = Stabilizer(
      stability: settings.stability, lookAhead: settings.stability > 0 ? settings.lookAhead : 0,
      keyFrameDistance: settings.keyFrames.distance, resuming: state)
  }

  /// What is known when no frame is held.
  var state: StabilizerState { stabilizer.state }

  package func push(_ analysis: FrameAnalysis, tracking: FrameTracking) -> [Result] {
    stabilizer.push(
      TemporalFrame(
        lightness: analysis.lightness, estimate: analysis.estimate,
        payload: Place(area: analysis.area, geometry: analysis.geometry)),
      tracking: tracking
    ).map(Self.result)
  }

  package func finish() -> [Result] { stabilizer.finish().map(Self.result) }

  private static func result(_ frame: TemporalFrame<Place>) -> Result {
    Result(
      analysis: FrameAnalysis(
        area: frame.payload.area, geometry: frame.payload.geometry, lightness: frame.lightness,
        estimate: frame.estimate),
      startsShot: frame.startsShot, partState: frame.partState)
  }
}
