/// What the code values of a picture mean: the tags of ITU-T H.273 (CICP), as the file carries them.
/// Unknown values are kept, so that what came in goes out.
package struct ColorDescription: Hashable, Sendable {
  package var primaries: ColorPrimaries
  package var transfer: TransferCharacteristics
  package var matrix: MatrixCoefficients
  package var range: ColorRange
  package var chromaLocation: ChromaLocation

  package init(
    primaries: ColorPrimaries = .unspecified, transfer: TransferCharacteristics = .unspecified,
    matrix: MatrixCoefficients = .unspecified, range: ColorRange = .unspecified,
    chromaLocation: ChromaLocation = .unspecified
  ) {
    self.primaries = primaries
    self.transfer = transfer
    self.matrix = matrix
    self.range = range
    self.chromaLocation = chromaLocation
  }
}

/// ITU-T H.273 §8.1.
package struct ColorPrimaries: RawRepresentable, Hashable, Sendable {
  package var rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let bt709 = ColorPrimaries(rawValue: 1)
  package static let unspecified = ColorPrimaries(rawValue: 2)
  package static let bt470BG = ColorPrimaries(rawValue: 5)
  package static let smpte170M = ColorPrimaries(rawValue: 6)
  package static let bt2020 = ColorPrimaries(rawValue: 9)
}

/// ITU-T H.273 §8.2.
package struct TransferCharacteristics: RawRepresentable, Hashable, Sendable {
  package var rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let bt709 = TransferCharacteristics(rawValue: 1)
  package static let unspecified = TransferCharacteristics(rawValue: 2)
  package static let gamma22 = TransferCharacteristics(rawValue: 4)
  package static let gamma28 = TransferCharacteristics(rawValue: 5)
  package static let smpte170M = TransferCharacteristics(rawValue: 6)
  package static let smpte240M = TransferCharacteristics(rawValue: 7)
  package static let linear = TransferCharacteristics(rawValue: 8)
  package static let iec61966_2_1 = TransferCharacteristics(rawValue: 13)
  package static let bt2020_10 = TransferCharacteristics(rawValue: 14)
  package static let bt2020_12 = TransferCharacteristics(rawValue: 15)
  package static let pq = TransferCharacteristics(rawValue: 16)
  package static let hlg = TransferCharacteristics(rawValue: 18)
}

/// ITU-T H.273 §8.3.
package struct MatrixCoefficients: RawRepresentable, Hashable, Sendable {
  package var rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  /// R, G, B themselves.
  package static let identity = MatrixCoefficients(rawValue: 0)
  package static let bt709 = MatrixCoefficients(rawValue: 1)
  package static let unspecified = MatrixCoefficients(rawValue: 2)
  package static let fcc = MatrixCoefficients(rawValue: 4)
  /// BT.601, 625 lines.
  package static let bt470BG = MatrixCoefficients(rawValue: 5)
  /// BT.601, 525 lines: the same coefficients as `bt470BG`.
  package static let smpte170M = MatrixCoefficients(rawValue: 6)
  package static let smpte240M = MatrixCoefficients(rawValue: 7)
  package static let bt2020NonConstant = MatrixCoefficients(rawValue: 9)
}

/// Whether code values keep head- and footroom.
package enum ColorRange: String, Hashable, Sendable {
  case unspecified
  /// Luma 16…235 and chroma 16…240 at 8 bits.
  case limited
  /// 0…255 at 8 bits.
  case full
}

/// Where chroma samples lie among luma samples (ITU-T H.273 §8.7; raw values as in FFmpeg's
/// `AVChromaLocation`).
package enum ChromaLocation: Int, Hashable, Sendable {
  case unspecified = 0
  case left = 1
  case center = 2
  case topLeft = 3
  case top = 4
  case bottomLeft = 5
  case bottom = 6
}
