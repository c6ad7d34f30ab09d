import AutochromeKit
import Colorization
import Imaging
import Quality

/// A color picture, put to the test: its color taken away, given back by the network, and compared.
struct PictureTrial: Sendable {
  /// The frame as it was.
  let frame: Frame
  /// What the network was given.
  let gray: Picture
  /// One for each look.
  let results: [Picture]
  /// The picture as it was.
  let truth: Picture
  /// What color it came with.
  let content: ColorContent
  /// Figures of the picture without color.
  let grayFigures: Figures
  /// One for each look.
  let figures: [Figures]
  /// The small chroma of the truth, as likely as a sampling network takes it to be; nil for other networks.
  let judged: SampledChroma?

  init(_ frame: Frame, colorizer: FrameColorizer, looks: [Look]) throws {
    let truth = frame.picture
    let gray = try truth.withoutColor()
    let film = frame.with(gray)
    let reference = try MeasuredPicture(truth)
    let results = try film.colored(by: [colorizer], looks: looks)
    var figures: [Figures] = []
    for result in results {
      guard result.luma.hasSameSamples(as: gray.luma) else {
        throw AutochromeError(.internalFault, "Internal error in Autochrome: the luma was changed.")
      }
      figures.append(try Figures(reference: reference, result: try MeasuredPicture(result)))
    }
    self.frame = frame
    content = ColorSurvey(truth).content
    self.gray = gray
    self.truth = truth
    self.results = results
    self.figures = figures
    judged = try colorizer.judged(truth, try colorizer.survey(film))
    grayFigures = try Figures(reference: reference, result: try MeasuredPicture(gray))
  }

  /// Gray, each result, the truth, side by side.
  func row(captioned caption: String) throws -> [ContactSheet.Cell] {
    let thumbnails =
      try [Thumbnail(gray: gray)] + results.map { try Thumbnail(color: $0) }
      + [Thumbnail(color: truth)]
    return thumbnails.enumerated().map { column, thumbnail in
      ContactSheet.Cell(thumbnails: [thumbnail], caption: column == 0 ? caption : "")
    }
  }
}
