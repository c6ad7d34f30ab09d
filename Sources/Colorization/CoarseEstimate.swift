package import Imaging

/// What the network says about the colors of a picture, on the coarse grid, padding cropped.
package struct CoarseEstimate: Sendable {
  /// a and b, 2 × height × width, CIELAB units. May be merged linearly across frames.
  package let ab: FloatImage
  /// How sure the network is, 1 × height × width, 0 (all bins alike) … 1 (one bin).
  package let certainty: FloatImage

  /// - Precondition: `ab` has two channels, and both images one size.
  package init(ab: FloatImage, certainty: FloatImage) {
    precondition(
      ab.channels == 2 && certainty.width == ab.width && certainty.height == ab.height,
      "\(ab.channels)×\(ab.width)×\(ab.height) colors, "
        + "\(certainty.width)×\(certainty.height) certainties")
    self.ab = ab
    self.certainty = certainty
  }

  /// An estimate that says nothing: gray, and certainty 0.
  package init(blankOfWidth width: Int, height: Int) {
    self.init(width: width, height: height) { a, b, certainty in
      for plane in [a, b, certainty] { plane.update(repeating: 0, count: width * height) }
    }
  }

  /// Allocates both and lets `write(a, b, certainty)` fill them: `height * width` undefined floats
  /// each.
  init(
    width: Int, height: Int,
    writing write: (
      _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
      _ certainty: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    var ab: FloatImage?
    let certainty = FloatImage(width: width, height: height) { certainty in
      ab = FloatImage(width: width, height: height, channels: 2) {
        write($0, $0 + width * height, certainty)
      }
    }
    self.init(
      ab: ab ?? FloatImage(width: width, height: height, channels: 2) { _ in },
      certainty: certainty)
  }

  /// Positions per row.
  package var width: Int { ab.width }
  /// Rows.
  package var height: Int { ab.height }
  /// Number of positions.
  package var area: Int { ab.area }
}
