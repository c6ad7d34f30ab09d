package import Imaging

/// What is known of a frame before the network sees it: which part of it is the picture, and its small L\*.
package struct FrameSurvey: Sendable {
  /// The part of the frame that is the picture.
  package var area: PictureArea
  /// The sizes that this part passes through.
  package var geometry: WorkingGeometry
  /// L\*, 0…100, at the working size.
  package var lightness: FloatImage

  /// Wraps its parts.
  package init(area: PictureArea, geometry: WorkingGeometry, lightness: FloatImage) {
    self.area = area
    self.geometry = geometry
    self.lightness = lightness
  }
}

/// A frame that was surveyed, with what is said of its colors.
package struct FrameAnalysis: Sendable {
  /// What was known before.
  package var survey: FrameSurvey
  /// The colors, on the coarse grid.
  package var estimate: CoarseEstimate
  /// What the user gave for this very frame: it holds exactly.
  package var hints: [Hint] = []

  /// Wraps its parts.
  package init(survey: FrameSurvey, estimate: CoarseEstimate) {
    self.survey = survey
    self.estimate = estimate
  }

  /// The analysis of a frame that the network does not see: gray, and not sure of it.
  package init(unseen survey: FrameSurvey) {
    let geometry = survey.geometry
    self.init(
      survey: survey,
      estimate: CoarseEstimate(blankOfWidth: geometry.gridWidth, height: geometry.gridHeight))
  }
}
