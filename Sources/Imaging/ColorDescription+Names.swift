extension ColorPrimaries: CustomStringConvertible {
  /// The name under which it is known, such as BT.709.
  package var description: String {
    switch rawValue {
    case 1: "BT.709"
    case 2: "unspecified"
    case 4: "BT.470 M"
    case 5: "BT.601 (625 lines)"
    case 6: "BT.601 (525 lines)"
    case 7: "SMPTE 240M"
    case 8: "generic film"
    case 9: "BT.2020"
    case 10: "XYZ (SMPTE ST 428-1)"
    case 11: "DCI-P3"
    case 12: "Display P3"
    case 22: "EBU 3213-E"
    default: "unknown (\(rawValue))"
    }
  }
}

extension TransferCharacteristics: CustomStringConvertible {
  /// The name under which it is known, such as BT.709.
  package var description: String {
    switch rawValue {
    case 1: "BT.709"
    case 2: "unspecified"
    case 4: "gamma 2.2"
    case 5: "gamma 2.8"
    case 6: "BT.601"
    case 7: "SMPTE 240M"
    case 8: "linear"
    case 9: "logarithmic, 100:1"
    case 10: "logarithmic, 316:1"
    case 11: "xvYCC"
    case 12: "BT.1361"
    case 13: "sRGB"
    case 14: "BT.2020 (10 bits)"
    case 15: "BT.2020 (12 bits)"
    case 16: "PQ"
    case 17: "SMPTE ST 428-1"
    case 18: "HLG"
    default: "unknown (\(rawValue))"
    }
  }
}

extension MatrixCoefficients: CustomStringConvertible {
  /// The name under which it is known, such as BT.709.
  package var description: String {
    switch rawValue {
    case 0: "RGB"
    case 1: "BT.709"
    case 2: "unspecified"
    case 4: "FCC"
    case 5: "BT.601 (625 lines)"
    case 6: "BT.601 (525 lines)"
    case 7: "SMPTE 240M"
    case 8: "YCgCo"
    case 9: "BT.2020"
    case 10: "BT.2020 (constant luminance)"
    case 11: "SMPTE ST 2085"
    case 12: "derived from the primaries"
    case 13: "derived from the primaries (constant luminance)"
    case 14: "ICtCp"
    default: "unknown (\(rawValue))"
    }
  }
}
