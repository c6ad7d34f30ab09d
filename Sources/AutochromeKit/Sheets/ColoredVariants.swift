package import Colorization
package import Imaging

extension Frame {
  /// The frame in the colors of each of `colorizers`, for itself, without subsampling. A network runs once
  /// for all that share it and its size, if they follow each other.
  /// - Parameter bars: whether black bars are looked for.
  package func colored(by colorizers: [FrameColorizer], bars: BarsMode = .none) throws -> [Picture]
  {
    let picture = picture.withNeutralChroma()
    let frame = with(picture)
    let format = PixelFormat.yuv444(picture.format.bitDepth)
    let area =
      bars == .auto
      ? BarsFinder(format: format, isInterlaced: !fieldOrder.fields.isEmpty).find(in: picture).area
      : nil
    var results: [Picture] = []
    while results.count < colorizers.count {
      let rest = colorizers[results.count...]
      let group = Array(rest.prefix { $0.network === rest[results.count].network })
      let analyses = try group[0].analyze(group[0].survey(frame, area: area), for: group)
      for (colorizer, analysis) in zip(group, analyses) {
        results.append(
          try colorizer.colorize(
            frame, analysis: analysis, format: format, wanted: ColorDescription()))
      }
    }
    return results
  }
}
