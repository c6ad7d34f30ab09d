import Imaging
import Media

/// The properties that all frames of a film share.
public struct VideoFormat: Hashable, Sendable {
  /// How Y′CbCr is computed from R′G′B′ (ITU-T H.273 §8.3).
  public enum Matrix: Hashable, Sendable {
    /// Standard definition.
    case bt601
    /// High definition.
    case bt709
    /// Ultra-high definition, non-constant luminance.
    case bt2020
  }

  /// Width in luma samples.
  public var width: Int
  /// Height in luma rows.
  public var height: Int
  /// The layout of the samples.
  public var pixelFormat: PixelFormat
  /// Frames per second, as a ratio. Its reciprocal is the unit of the frames' time stamps.
  public var frameRate: (numerator: Int, denominator: Int) {
    get { (rate.numerator, rate.denominator) }
    set { rate = Rational(newValue.numerator, newValue.denominator) }
  }
  /// Matrix coefficients; nil for BT.601 up to 576 rows, and BT.709 above.
  public var matrix: Matrix?
  /// Whether codes use the full range (0…255 at 8 bits), or the limited range (luma 16…235).
  public var isFullRange: Bool
  private var rate: Rational

  /// The format of a film.
  public init(
    width: Int, height: Int, pixelFormat: PixelFormat,
    frameRate: (numerator: Int, denominator: Int) = (24, 1), matrix: Matrix? = nil,
    isFullRange: Bool = false
  ) {
    self.width = width
    self.height = height
    self.pixelFormat = pixelFormat
    self.matrix = matrix
    self.isFullRange = isFullRange
    rate = Rational(frameRate.numerator, frameRate.denominator)
  }

  /// What the code values mean.
  var color: ColorDescription {
    var color = ColorDescription(range: isFullRange ? .full : .limited)
    switch matrix {
    case .bt601:
      (color.matrix, color.primaries, color.transfer) = (.smpte170M, .smpte170M, .smpte170M)
    case .bt709: (color.matrix, color.primaries, color.transfer) = (.bt709, .bt709, .bt709)
    case .bt2020:
      (color.matrix, color.primaries, color.transfer) = (.bt2020NonConstant, .bt2020, .bt2020_10)
    case nil: break
    }
    if pixelFormat.layout.model == .rgb { color.matrix = .identity }
    return color
  }

  /// The format in the terms of a source.
  /// - Throws: `MediaError` if the size or the rate is not positive.
  func sourceInfo() throws -> SourceInfo {
    guard (1...65_535).contains(width), (1...65_535).contains(height) else {
      throw MediaError(
        .usage, "The frame size is \(width)×\(height), expected width and height within 1…65535.")
    }
    guard rate.numerator > 0, rate.denominator > 0 else {
      throw MediaError(.usage, "The frame rate is \(rate), expected a positive ratio.")
    }
    var info = SourceInfo(
      width: width, height: height, format: pixelFormat.layout, color: color,
      timeBase: Rational(rate.denominator, rate.numerator), frameRate: rate)
    info.isPipe = true
    return info
  }
}
