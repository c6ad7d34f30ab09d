package import Colorization
package import Imaging

extension Frame {
  /// The frame, for itself, without subsampling, as each of `colorizers` gives it in each of `looks`: all
  /// looks of the first, then those of the next. Each network runs once.
  /// - Parameter bars: whether black bars are looked for.
  package func colored(
    by colorizers: [FrameColorizer], looks: [Look], bars: BarsMode = .none
  ) throws -> [Picture] {
    let picture = picture.withNeutralChroma()
    let frame = with(picture)
    let format = PixelFormat.yuv444(picture.format.bitDepth)
    let area =
      bars == .auto
      ? BarsFinder(format: format, isInterlaced: !fieldOrder.fields.isEmpty).find(in: picture).area
      : nil
    return try colorizers.flatMap { colorizer in
      let analyses = try colorizer.analyze(colorizer.survey(frame, area: area), looks: looks)
      return try zip(looks, analyses).map { look, analysis in
        try colorizer.colorize(
          frame, analysis: analysis, look: look, format: format, wanted: ColorDescription())
      }
    }
  }
}
