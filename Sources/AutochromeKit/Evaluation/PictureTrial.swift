import Colorization
import Imaging
import Quality

/// A color picture, put to the test: its color taken away, given back by the network, and compared.
struct PictureTrial: Sendable {
  /// What the network was given.
  let gray: Picture
  /// One for each colorizer.
  let results: [Picture]
  /// The picture as it was.
  let truth: Picture
  /// Figures of the picture without color.
  let grayFigures: Figures
  /// One for each colorizer.
  let figures: [Figures]

  /// - Parameter colorizers: of one network.
  init(_ frame: Frame, colorizers: [FrameColorizer]) throws {
    let truth = frame.picture
    let gray = try truth.withoutColor()
    let film = frame.with(gray)
    let reference = try MeasuredPicture(truth)
    let analyses = try colorizers[0].analyze(colorizers[0].survey(film), for: colorizers)
    var results: [Picture] = []
    var figures: [Figures] = []
    for (colorizer, analysis) in zip(colorizers, analyses) {
      let result = try colorizer.colorize(
        film, analysis: analysis, format: .yuv444(gray.format.bitDepth),
        wanted: ColorDescription())
      guard result.luma.hasSameSamples(as: gray.luma) else {
        throw AutochromeError(.internalFault, "A fault of Autochrome: luma was changed.")
      }
      results.append(result)
      figures.append(try Figures(reference: reference, result: try MeasuredPicture(result)))
    }
    self.gray = gray
    self.truth = truth
    self.results = results
    self.figures = figures
    grayFigures = try Figures(reference: reference, result: try MeasuredPicture(gray))
  }

  /// Gray, each result, the truth.
  func thumbnails() throws -> [Thumbnail] {
    try [Thumbnail(gray: gray)] + results.map { try Thumbnail(color: $0) }
      + [Thumbnail(color: truth)]
  }
}
