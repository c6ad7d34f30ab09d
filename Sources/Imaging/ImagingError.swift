/// What the color arithmetic cannot do with the tags or the format of a picture.
package enum ImagingError: Error, Hashable, CustomStringConvertible {
  /// Matrix coefficients other than Y′CbCr with constant weights (such as YCgCo or ICtCp).
  case unsupportedMatrix(Int)
  case unsupportedTransfer(Int)
  case unsupportedPrimaries(Int)

  package var description: String {
    switch self {
    case .unsupportedMatrix(let value):
      "matrix coefficients \(value) (\(MatrixCoefficients(rawValue: value)), ITU-T H.273 §8.3) are not supported; "
        + "expected BT.709 (1), FCC (4), BT.601 (5, 6), SMPTE 240M (7) or BT.2020 (9); convert the picture first, for "
        + "example with ffmpeg -vf zscale=matrix=709"
    case .unsupportedTransfer(let value):
      "transfer characteristics \(value) (\(TransferCharacteristics(rawValue: value)), ITU-T H.273 §8.2) are unknown; "
        + "convert the picture first, or correct its tags"
    case .unsupportedPrimaries(let value):
      "color primaries \(value) (\(ColorPrimaries(rawValue: value)), ITU-T H.273 §8.1) are unknown; convert the "
        + "picture first, or correct its tags"
    }
  }
}
