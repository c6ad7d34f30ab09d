import Colorization
import Foundation
import Imaging
import Media

/// Makes JPEGs of frames for the page.
///
/// Frames are colored in the film's own matrix, and converted: colored in that of JPEG at once, the same luma would mean
/// another lightness than in the film.
struct PageEncoder: Sendable {
  private let colorizer: FrameColorizer
  private let encoder = PictureEncoder("mjpeg", quantizer: 3)

  init(_ colorizer: FrameColorizer) { self.colorizer = colorizer }

  /// The form in which a frame is to be colored.
  /// - Throws: `MediaError` if the encoder is missing.
  func colorFormat(for frame: Frame) throws -> OutputFormat {
    let output = try encoder.outputFormat(for: frame)
    // R′G′B′ has no matrix that could be kept.
    return OutputFormat(
      pictureFormat: output.pictureFormat,
      color: frame.picture.format.model == .rgb ? output.color : ColorDescription())
  }

  /// The JPEG of a picture with its colors.
  /// - Throws: `ColorizationError` or `MediaError`.
  func bytes(of picture: Picture) throws -> Data {
    let frame = Frame(index: 0, picture: picture, presentationTime: 0)
    let output = try encoder.outputFormat(for: frame)
    let quick =
      picture.format == output.pictureFormat ? try picture.converted(to: output.color) : nil
    let converted =
      try quick
      ?? colorizer.keepColors(of: frame, format: output.pictureFormat, wanted: output.color)
    return try encoder.bytes(of: converted, as: output)
  }
}
