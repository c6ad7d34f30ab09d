import Colorization
import Foundation
import Imaging
import Media
import Quality

/// A frame of the reference beside the same frame of the result, with what can be said of it without
/// its neighbours.
struct ComparedFrame: Sendable {
  let index: Int
  let name: String?
  /// When it is shown, in seconds after the start of the file.
  let time: Double
  /// Whether a shot starts here, where that is known.
  let startsShot: Bool?
  let reference: MeasuredPicture
  let result: MeasuredPicture
  let figures: Figures
  let luma: LumaDifference
  let referenceColor: ColorContent
  /// Of the reference; motion is found on it.
  let lightness: FloatImage
  let pyramid: MotionPyramid
  /// For the page: what frames look like.
  let pictures: (reference: Picture, result: Picture)

  /// The short side of the image on which motion is found, in pixels.
  private static let motionSize = 256

  init(_ reference: Frame, _ result: Frame, info: SourceInfo, startsShot: Bool?) throws {
    self.startsShot = startsShot
    index = reference.index
    name = reference.fileName
    time = info.seconds(of: reference)
    pictures = (reference.picture, result.picture)
    self.reference = try MeasuredPicture(reference.picture)
    self.result = try MeasuredPicture(result.picture)
    referenceColor = ColorSurvey(reference.picture).content
    figures = try Figures(reference: self.reference, result: self.result)
    let gray = try reference.picture.withoutColor()
    luma = LumaDifference(gray, try result.picture.withoutColor())
    let geometry = WorkingGeometry(
      width: gray.width, height: gray.height, shortSide: Self.motionSize, stride: 4, scale: 4,
      sampleAspectRatio: reference.sampleAspectRatio)
    lightness = try LightnessReducer(color: gray.color, geometry: geometry).reduce(
      gray, field: reference.fieldOrder.fields.first)
    pyramid = MotionPyramid(lightness)
  }
}
