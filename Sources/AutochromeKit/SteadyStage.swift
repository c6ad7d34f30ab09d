import Colorization

/// The temporal stage of the pipeline: frame analyses in, in order; the same out, steadied.
struct SteadyStage {
  /// A frame that may leave.
  struct Result {
    var analysis: FrameAnalysis
    var startsShot: Bool
  }

  private let stabilizer: Stabilizer<WorkingGeometry>
  private var cuts: CutList.Reader?

  /// - Parameter cuts: where shots begin; nil to find them.
  init(stability: Float, lookAhead: Int, cuts: CutList?) {
    stabilizer = Stabilizer(stability: stability, lookAhead: stability > 0 ? lookAhead : 0)
    self.cuts = cuts.map { CutList.Reader($0) }
  }

  /// - Parameter seconds: when the frame is shown, after the start of the film.
  mutating func push(_ analysis: FrameAnalysis, seconds: Double) -> [Result] {
    stabilizer.push(
      TemporalFrame(
        lightness: analysis.lightness, estimate: analysis.estimate, payload: analysis.geometry),
      startsShot: cuts?.startsShot(at: seconds)
    ).map(Self.result)
  }

  func finish() -> [Result] { stabilizer.finish().map(Self.result) }

  private static func result(_ frame: TemporalFrame<WorkingGeometry>) -> Result {
    Result(
      analysis: FrameAnalysis(
        geometry: frame.payload, lightness: frame.lightness, estimate: frame.estimate),
      startsShot: frame.startsShot)
  }
}
