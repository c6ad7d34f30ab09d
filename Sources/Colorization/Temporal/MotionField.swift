internal import CKernels
package import Imaging

/// Where the content of each cell of one frame lies in another, and how far to believe it.
package struct MotionField: Sendable {
  /// 3 × `height` × `width`: the displacement in x and in y, in pixels of the small image, positive
  /// to the right and downwards, from this frame to the other; then the confidence, 0…1.
  package let values: FloatImage
  /// How the lightness of this frame turns into that of the other, motion apart.
  package let exposure: ExposureChange

  /// - Precondition: `values` has three channels.
  package init(values: FloatImage, exposure: ExposureChange) {
    precondition(values.channels == 3, "a motion field has 3 channels, not \(values.channels)")
    self.values = values
    self.exposure = exposure
  }

  /// Pixels of the small image per cell, both ways.
  static let cellSide = Int(AC_MOTION_CELL)

  /// Cells per row.
  package var width: Int { values.width }
  /// Rows of cells.
  package var height: Int { values.height }

  /// The share of the picture that was found again: the mean of the confidence, 0…1.
  package var meanConfidence: Float {
    let confidence = values.channel(2)
    var sum: Float = 0
    for index in 0..<values.area { sum += confidence[index] }
    return withExtendedLifetime(values) { sum / Float(max(values.area, 1)) }
  }
}

/// A change of exposure between two frames: lightness `m` at a place becomes
/// `offset + gain * m + slopeX * x + slopeY * y`, with x and y from −1 (left, top) to 1.
package struct ExposureChange: Codable, Sendable, Hashable {
  /// In units of L\*.
  package var offset: Float
  package var gain: Float
  /// In units of L\* per half a picture width.
  package var slopeX: Float
  /// In units of L\* per half a picture height.
  package var slopeY: Float

  package init(offset: Float = 0, gain: Float = 1, slopeX: Float = 0, slopeY: Float = 0) {
    self.offset = offset
    self.gain = gain
    self.slopeX = slopeX
    self.slopeY = slopeY
  }

  /// What lightness `m` at (x, y) becomes.
  @inline(__always)
  package func callAsFunction(_ m: Float, x: Float, y: Float) -> Float {
    offset + gain * m + slopeX * x + slopeY * y
  }
}
