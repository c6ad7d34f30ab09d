package import Imaging

/// The form in which a sink takes pictures.
package struct OutputFormat: Hashable, Sendable {
  /// The layout that pictures must have. A luma plane of fewer bits than `pictureFormat.bitDepth`
  /// is brought to it with `Plane.widened(to:repeatingTopBits:)`.
  package var pictureFormat: PixelFormat
  /// What the code values of the pictures mean, and how the output is tagged.
  package var color: ColorDescription
  /// FFmpeg's name of the encoder's pixel format; empty for sinks without one.
  package var encoderPixelFormat = ""
  /// What the encoder writes, if its range differs from `color.range`; the sink converts.
  package var encodedRange: ColorRange?
  /// What the user may want to know: alpha dropped, chroma not subsampled because of an odd size.
  package var notes: [String] = []

  package init(
    pictureFormat: PixelFormat, color: ColorDescription, encoderPixelFormat: String = "",
    encodedRange: ColorRange? = nil, notes: [String] = []
  ) {
    self.pictureFormat = pictureFormat
    self.color = color
    self.encoderPixelFormat = encoderPixelFormat
    self.encodedRange = encodedRange
    self.notes = notes
  }
}
