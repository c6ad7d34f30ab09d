/// How the samples of a picture are laid out: always planar, one plane per component, 8-bit samples
/// in `UInt8`, deeper ones in native-endian `UInt16` with the value in the low bits.
package struct PixelFormat: Hashable, Sendable {
  /// The components that a picture holds, in plane order.
  package enum Model: String, Hashable, Sendable {
    /// One plane: luma.
    case gray
    /// Three planes: luma, Cb, Cr.
    case yuv
    /// Three planes: R, G, B.
    case rgb
  }

  package var model: Model
  /// Bits per sample, 8…16.
  package var bitDepth: Int
  /// log2 of luma width ÷ chroma width; 0 unless `model` is `.yuv`.
  package var chromaShiftX: Int
  /// log2 of luma height ÷ chroma height; 0 unless `model` is `.yuv`.
  package var chromaShiftY: Int
  /// Whether a full-size alpha plane follows the others.
  package var hasAlpha: Bool

  package init(
    model: Model, bitDepth: Int, chromaShiftX: Int = 0, chromaShiftY: Int = 0,
    hasAlpha: Bool = false
  ) {
    precondition((8...16).contains(bitDepth), "bit depth \(bitDepth) is not in 8…16")
    self.model = model
    self.bitDepth = bitDepth
    self.chromaShiftX = model == .yuv ? chromaShiftX : 0
    self.chromaShiftY = model == .yuv ? chromaShiftY : 0
    self.hasAlpha = hasAlpha
  }

  /// Gray of the given depth.
  package static func gray(_ bitDepth: Int) -> PixelFormat {
    PixelFormat(model: .gray, bitDepth: bitDepth)
  }

  /// 4:2:0 of the given depth.
  package static func yuv420(_ bitDepth: Int) -> PixelFormat {
    PixelFormat(model: .yuv, bitDepth: bitDepth, chromaShiftX: 1, chromaShiftY: 1)
  }

  /// 4:4:4 of the given depth.
  package static func yuv444(_ bitDepth: Int) -> PixelFormat {
    PixelFormat(model: .yuv, bitDepth: bitDepth)
  }

  /// RGB of the given depth.
  package static func rgb(_ bitDepth: Int) -> PixelFormat {
    PixelFormat(model: .rgb, bitDepth: bitDepth)
  }

  /// 1 for 8-bit samples, 2 for deeper ones.
  package var bytesPerSample: Int { bitDepth > 8 ? 2 : 1 }

  /// The largest code value.
  package var maximumCode: Int { (1 << bitDepth) - 1 }

  /// Number of planes, alpha included.
  package var planeCount: Int { (model == .gray ? 1 : 3) + (hasAlpha ? 1 : 0) }

  /// The index of the alpha plane, if there is one.
  package var alphaIndex: Int? { hasAlpha ? planeCount - 1 : nil }

  /// Width and height in samples of plane `index` of a picture of the given size. Subsampled sizes
  /// round up, as FFmpeg's do.
  package func planeSize(_ index: Int, width: Int, height: Int) -> (width: Int, height: Int) {
    guard model == .yuv, index == 1 || index == 2 else { return (width, height) }
    return (
      (width + (1 << chromaShiftX) - 1) >> chromaShiftX,
      (height + (1 << chromaShiftY) - 1) >> chromaShiftY
    )
  }
}

extension PixelFormat: CustomStringConvertible {
  package var description: String {
    let base: String
    switch model {
    case .gray: base = "gray"
    case .rgb: base = "rgb"
    case .yuv:
      switch (chromaShiftX, chromaShiftY) {
      case (0, 0): base = "yuv444"
      case (1, 0): base = "yuv422"
      case (1, 1): base = "yuv420"
      case (0, 1): base = "yuv440"
      case (2, 0): base = "yuv411"
      case (2, 2): base = "yuv410"
      default: base = "yuv(\(chromaShiftX),\(chromaShiftY))"
      }
    }
    return base + (hasAlpha ? "a" : "") + " \(bitDepth)-bit"
  }
}
