package import Imaging

/// What a network said of a frame for which colors are given. It is asked before the frame's turn, and not twice.
package struct NetworkAnswer: Sendable {
  /// Of the frame's places.
  package let signature: FloatImage
  let values: FloatImage
  private let geometry: WorkingGeometry
  private let area: PictureArea

  /// - Parameter values: `paddedGridHeight` × `paddedGridWidth` × 313 logits (NHWC), dense; they are copied.
  init(_ values: UnsafePointer<Float>, of survey: FrameSurvey) {
    let geometry = survey.geometry
    let count = geometry.paddedGridWidth * ColorBins.count
    self.values = FloatImage(width: count, height: geometry.paddedGridHeight) {
      $0.update(from: values, count: count * geometry.paddedGridHeight)
    }
    signature = ColorSignature.image(values: values, geometry: geometry)
    (self.geometry, area) = (geometry, survey.area)
  }

  /// One that was kept.
  init(values: FloatImage, signature: FloatImage, geometry: WorkingGeometry, area: PictureArea) {
    (self.values, self.signature) = (values, signature)
    (self.geometry, self.area) = (geometry, area)
  }

  /// Whether the network was shown the same part of the frame.
  package func isOf(_ survey: FrameSurvey) -> Bool {
    geometry == survey.geometry && area == survey.area
  }

  /// The memory that it takes.
  package var byteCount: Int { (values.area + signature.area * signature.channels) * 4 }

  /// Hands on the values, as they were given.
  func withValues<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
    try withExtendedLifetime(values) { try body(values.channel(0)) }
  }
}
