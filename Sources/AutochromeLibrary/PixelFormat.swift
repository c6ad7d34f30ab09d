import Imaging

/// How the samples of a frame are laid out: one plane per component. Samples of 8 bits are bytes; deeper ones are 16-bit
/// words in the byte order of the machine, with the value in the low bits.
public struct PixelFormat: Hashable, Sendable, CustomStringConvertible {
  /// The components, in the order of their planes.
  public enum Model: Hashable, Sendable {
    /// Luma only.
    case gray
    /// Y′CbCr with chroma at half the width and half the height (4:2:0).
    case yuv420
    /// Y′CbCr with chroma at half the width (4:2:2).
    case yuv422
    /// Y′CbCr with chroma at full size (4:4:4).
    case yuv444
    /// R′, G′, B′.
    case rgb
  }

  let layout: Imaging.PixelFormat

  init(_ layout: Imaging.PixelFormat) { self.layout = layout }

  /// A format of `bitDepth` bits per sample.
  /// - Throws: ``AutochromeError`` if the depth is not 8…16.
  public init(_ model: Model, bitDepth: Int = 8) throws(AutochromeError) {
    guard (8...16).contains(bitDepth) else {
      throw AutochromeError(.options, "The bit depth is \(bitDepth), expected 8…16.")
    }
    layout =
      switch model {
      case .gray: .gray(bitDepth)
      case .yuv420: .yuv420(bitDepth)
      case .yuv422: .init(model: .yuv, bitDepth: bitDepth, chromaShiftX: 1, chromaShiftY: 0)
      case .yuv444: .yuv444(bitDepth)
      case .rgb: .rgb(bitDepth)
      }
  }

  /// Bits per sample.
  public var bitDepth: Int { layout.bitDepth }

  /// Number of planes.
  public var planeCount: Int { layout.planeCount }

  public var description: String { layout.description }
}
