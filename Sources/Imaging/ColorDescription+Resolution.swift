extension ColorDescription {
  /// The same description with every unspecified tag replaced by what such pictures mean in practice:
  ///
  /// - Matrix: R, G, B themselves for RGB pictures; otherwise BT.601 up to 576 lines (of 525-line
  ///   systems up to 480), BT.709 above.
  /// - Range: limited for YUV, full for gray and RGB.
  /// - Primaries: those that belong to the matrix; BT.709 (which are sRGB's) for RGB.
  /// - Transfer: those that belong to the matrix; sRGB for RGB.
  /// - Chroma location: left, as in MPEG-2 and later.
  ///
  /// A gray picture tagged with the RGB matrix, as image decoders do, counts as untagged: it has no
  /// chroma, and what it becomes needs a real matrix.
  package func resolved(width: Int, height: Int, format: PixelFormat) -> ColorDescription {
    var result = self
    if format.model == .rgb {
      result.matrix = .identity
      if primaries == .unspecified { result.primaries = .bt709 }
      if transfer == .unspecified { result.transfer = .iec61966_2_1 }
      if range == .unspecified { result.range = .full }
      return result
    }
    if matrix == .unspecified || (matrix == .identity && format.model == .gray) {
      result.matrix = height > 576 ? .bt709 : height > 480 ? .bt470BG : .smpte170M
    }
    if primaries == .unspecified {
      switch result.matrix {
      case .bt470BG: result.primaries = .bt470BG
      case .smpte170M, .smpte240M: result.primaries = .smpte170M
      case .bt2020NonConstant: result.primaries = .bt2020
      default: result.primaries = .bt709
      }
    }
    if transfer == .unspecified {
      switch result.matrix {
      case .bt470BG, .smpte170M: result.transfer = .smpte170M
      case .smpte240M: result.transfer = .smpte240M
      case .bt2020NonConstant: result.transfer = .bt2020_10
      default: result.transfer = .bt709
      }
    }
    if range == .unspecified { result.range = format.model == .gray ? .full : .limited }
    if chromaLocation == .unspecified { result.chromaLocation = .left }
    return result
  }
}
