/// What the code values of a picture mean: the tags of ITU-T H.273 (CICP), as the file carries them.
/// Unknown values are kept, so that what came in goes out.
public struct ColorDescription: Hashable, Sendable {
  public var primaries: ColorPrimaries
  public var transfer: TransferCharacteristics
  public var matrix: MatrixCoefficients
  public var range: ColorRange
  public var chromaLocation: ChromaLocation

  public init(
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
public struct ColorPrimaries: RawRepresentable, Hashable, Sendable {
  public var rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let bt709 = ColorPrimaries(rawValue: 1)
  public static let unspecified = ColorPrimaries(rawValue: 2)
  public static let bt470BG = ColorPrimaries(rawValue: 5)
  public static let smpte170M = ColorPrimaries(rawValue: 6)
  public static let bt2020 = ColorPrimaries(rawValue: 9)
}

/// ITU-T H.273 §8.2.
public struct TransferCharacteristics: RawRepresentable, Hashable, Sendable {
  public var rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let bt709 = TransferCharacteristics(rawValue: 1)
  public static let unspecified = TransferCharacteristics(rawValue: 2)
  public static let gamma22 = TransferCharacteristics(rawValue: 4)
  public static let gamma28 = TransferCharacteristics(rawValue: 5)
  public static let smpte170M = TransferCharacteristics(rawValue: 6)
  public static let smpte240M = TransferCharacteristics(rawValue: 7)
  public static let linear = TransferCharacteristics(rawValue: 8)
  public static let iec61966_2_1 = TransferCharacteristics(rawValue: 13)
  public static let bt2020_10 = TransferCharacteristics(rawValue: 14)
  public static let bt2020_12 = TransferCharacteristics(rawValue: 15)
  public static let pq = TransferCharacteristics(rawValue: 16)
  public static let hlg = TransferCharacteristics(rawValue: 18)
}

/// ITU-T H.273 §8.3.
public struct MatrixCoefficients: RawRepresentable, Hashable, Sendable {
  public var rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  /// R, G, B themselves.
  public static let identity = MatrixCoefficients(rawValue: 0)
  public static let bt709 = MatrixCoefficients(rawValue: 1)
  public static let unspecified = MatrixCoefficients(rawValue: 2)
  public static let fcc = MatrixCoefficients(rawValue: 4)
  /// BT.601, 625 lines.
  public static let bt470BG = MatrixCoefficients(rawValue: 5)
  /// BT.601, 525 lines: the same coefficients as `bt470BG`.
  public static let smpte170M = MatrixCoefficients(rawValue: 6)
  public static let smpte240M = MatrixCoefficients(rawValue: 7)
  public static let bt2020NonConstant = MatrixCoefficients(rawValue: 9)
}

/// Whether code values keep head- and footroom.
public enum ColorRange: String, Hashable, Sendable {
  case unspecified
  /// Luma 16…235 and chroma 16…240 at 8 bits.
  case limited
  /// 0…255 at 8 bits.
  case full
}

/// Where chroma samples lie among luma samples (ITU-T H.273 §8.7; raw values as in FFmpeg's
/// `AVChromaLocation`).
public enum ChromaLocation: Int, Hashable, Sendable {
  case unspecified = 0
  case left = 1
  case center = 2
  case topLeft = 3
  case top = 4
  case bottomLeft = 5
  case bottom = 6
}
