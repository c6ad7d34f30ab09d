import Colorization
import Foundation
import Imaging
import Quality

/// A frame of the reference beside the same frame of the result, with what can be said of it without
/// its neighbours.
struct ComparedFrame: Sendable {
  let index: Int
  let name: String?
  /// Presentation time in seconds.
  let time: Double
  let reference: MeasuredPicture
  let result: MeasuredPicture
  let figures: Figures
  let luma: LumaDifference
  /// Of the reference; motion is found on it.
  let lightness: FloatImage
  let pyramid: MotionPyramid
  /// For the page: what frames look like.
  let pictures: (reference: Picture, result: Picture)

  /// The short side of the image on which motion is found, in pixels.
  private static let motionSize = 256

  init(_ reference: Frame, _ result: Frame, timeBase: Rational) throws {
    index = reference.index
    name = reference.fileName
    time = Double(reference.presentationTime) * timeBase.value
    pictures = (reference.picture, result.picture)
    self.reference = try MeasuredPicture(reference.picture)
    self.result = try MeasuredPicture(result.picture)
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

/// How far the luma of two pictures of one size is apart.
struct LumaDifference: Sendable {
  /// The largest difference of a sample, in codes of 8 bits and full range: Y′ × 255.
  let largest: Double

  /// - Parameters:
  ///   - first: gray.
  ///   - second: gray.
  init(_ first: Picture, _ second: Picture) {
    let (one, other) = (first.planes[0], second.planes[0])
    guard first.color.range != second.color.range || !first.luma.hasSameSamples(as: second.luma)
    else {
      largest = 0
      return
    }
    func values(_ picture: Picture) -> [Float] {
      let scale = CodeScale(bitDepth: picture.format.bitDepth, range: picture.color.range)
      return (0...picture.format.maximumCode).map { Float(scale.luma(Double($0))) }
    }
    let (ofOne, ofOther) = (values(first), values(second))
    // Of 16 bits that hold a code of 10, the others may be set all the same.
    let (most, otherMost) = (ofOne.count - 1, ofOther.count - 1)
    var largest: Float = 0
    for y in 0..<min(one.height, other.height) {
      for x in 0..<min(one.width, other.width) {
        largest = max(
          largest, abs(ofOne[min(one[x, y], most)] - ofOther[min(other[x, y], otherMost)]))
      }
    }
    // What single precision makes of equal values.
    self.largest = largest < 1e-6 ? 0 : Double(largest) * 255
  }
}
