package import Colorization

/// The temporal stage of the pipeline: frame analyses in, in order; the same out, steadied.
package struct SteadyStage {
  /// A frame that may leave.
  package struct Result {
    var analysis: FrameAnalysis
    var startsShot: Bool
  }

  /// What is carried along.
  private struct Place {
    var area: PictureArea
    var geometry: WorkingGeometry
  }

  private let stabilizer: Stabilizer<Place>

  package init(settings: Settings) {
    stabilizer = Stabilizer(
      stability: settings.stability, lookAhead: settings.stability > 0 ? settings.lookAhead : 0,
      keyFrameDistance: settings.keyFrames.distance)
  }

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
      startsShot: frame.startsShot)
  }
}
