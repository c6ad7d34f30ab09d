import Colorization
import Media

extension JobItem {
  /// Asks the network, if it is to see the frame.
  mutating func analyze(by colorizer: FrameColorizer) throws {
    guard let survey, let look, tracking?.isKeyFrame == true, !keepsColors else { return }
    analysis = try colorizer.analyze(
      survey, look: look.look, guidance: guidance, chroma: chroma)
    guidance?.answer = nil
    chroma = nil
  }

  /// Makes the picture in color from what is known of the frame.
  /// - Parameter output: the form in which it is wanted.
  mutating func color(by colorizer: FrameColorizer, as output: OutputFormat) throws {
    guard let frame = element.frame else { return }
    if keepsColors {
      colored = try colorizer.keepColors(
        of: frame, format: output.pictureFormat, wanted: output.color)
    } else if let analysis, let look {
      colored = try colorizer.colorize(
        frame, analysis: analysis, look: look.look, format: output.pictureFormat,
        wanted: output.color)
    }
  }
}
