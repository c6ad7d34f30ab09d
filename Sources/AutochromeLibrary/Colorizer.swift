import AutochromeKit
import Colorization
import Imaging
import Media

/// Colorizes single pictures in memory, each by itself, with a network that is loaded once.
public final class Colorizer: Sendable {
  private let preview: ShotPreview

  /// Loads the network.
  /// - Throws: ``AutochromeError`` if it can't be loaded, or an option is invalid.
  public init(options: Options = Options()) throws(AutochromeError) {
    preview = try AutochromeError.translating {
      // Sizes and formats come with each picture.
      try ShotPreview(
        settings: options.settings(suggested: "photos"), info: SourceInfo(of: nil),
        keepsAnswers: false, warn: { _ in })
    }
  }

  /// Colorizes a picture. The luma stays the same, bit for bit, unless `pixelFormat` is RGB. May be called
  /// from several threads at once.
  /// - Parameters:
  ///   - frame: the picture; its time is kept.
  ///   - pixelFormat: the format of the result; nil for the one that holds the picture best.
  /// - Throws: ``AutochromeError``.
  public func colorize(
    _ frame: VideoFrame, as pixelFormat: PixelFormat? = nil
  ) throws(AutochromeError) -> VideoFrame {
    try AutochromeError.translating {
      let colored = try ShotPreview(sharing: preview, warn: { _ in }).color(
        Frame(index: 0, picture: frame.picture, presentationTime: 0), in: .none,
        as: .ofFrames(SourceInfo(of: frame.picture), as: pixelFormat?.layout))
      return VideoFrame(colored.picture, time: frame.time)
    }
  }
}

extension SourceInfo {
  /// Of a film of one picture; of one whose picture is not known yet.
  fileprivate init(of picture: Picture?) {
    self.init(
      width: picture?.width ?? 1, height: picture?.height ?? 1, format: picture?.format ?? .gray(8),
      color: picture?.color ?? ColorDescription(), timeBase: Rational(1, 1))
    isPipe = true
  }
}
