import Colorization
import Imaging
import Media

/// What travels through the pipeline of a job: an element of the source, and what the stages found out.
struct JobItem: Sendable {
  var element: SourceElement
  /// What color the frame came with.
  var colorSurvey: ColorSurvey?
  var survey: FrameSurvey?
  /// What the network says, then what was made of it; nil as long as the network has not seen the frame.
  var analysis: FrameAnalysis?
  var tracking: FrameTracking?
  /// What is known of its colors beside what the network says.
  var guidance: FrameGuidance?
  /// What a sampling network has drawn for it.
  var chroma: SampledChroma?
  /// The frames from which motion brought colors that the user gives for them.
  var guidedBy: [Int] = []
  var colored: Picture?
  /// How it is colored.
  var look: ShotLook?
  /// Which part of the frame is the picture.
  var area: PictureArea?
  /// Whether it goes out with the colors that it came with.
  var keepsColors = false
  var startsShot = false
  var isSeen = false
  /// Whether it would have become another if the user had not stopped the job: it was finished without the
  /// frames that come after it.
  var isCutShort = false
  /// What was known before the frame, if a part of the film begins with it.
  var partStart: MotionStage.State?
  /// The same of the stage that steadies.
  var steadyState: StabilizerState?

  var content: ColorContent { colorSurvey?.content ?? .gray }

  mutating func dropColors() {
    element.frame = element.frame.map { $0.with($0.picture.withNeutralChroma()) }
  }
}
