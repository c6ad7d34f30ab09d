import Foundation

/// How code values stand for light *on the screen*: the function that a display applies to a
/// normalized code value (0 black, 1 white) to get relative light (1 = diffuse white), extended with
/// odd symmetry below 0.
///
/// The camera-side curves of the video standards (BT.709, BT.601, BT.2020, SMPTE 240M) all decode with
/// the sRGB curve: what counts is the picture that was graded and is watched, and the networks learnt
/// lightness from sRGB photographs. See docs/decisions.
package struct TransferFunction: Hashable, Sendable {
  private enum Curve: Hashable {
    case sRGB
    case power(Double)
    case linear
    case perceptualQuantizer
    case hybridLogGamma
  }

  private let curve: Curve

  /// That of IEC 61966-2-1.
  static let sRGB = TransferFunction(curve: .sRGB)

  private init(curve: Curve) { self.curve = curve }

  /// The screen's function for a tag; `.unspecified` counts as sRGB.
  package init(_ tag: TransferCharacteristics) throws(ImagingError) {
    switch tag.rawValue {
    case 1, 2, 6, 7, 11, 12, 13, 14, 15: curve = .sRGB
    case 4: curve = .power(2.2)
    case 5: curve = .power(2.8)
    case 8: curve = .linear
    case 16: curve = .perceptualQuantizer
    case 18: curve = .hybridLogGamma
    default: throw .unsupportedTransfer(tag.rawValue)
    }
  }

  /// Light for a normalized code value.
  package func linear(_ code: Double) -> Double {
    code < 0 ? -linearOfPositive(-code) : linearOfPositive(code)
  }

  /// The normalized code value for light.
  package func code(_ linear: Double) -> Double {
    linear < 0 ? -codeOfPositive(-linear) : codeOfPositive(linear)
  }

  private func linearOfPositive(_ v: Double) -> Double {
    switch curve {
    // IEC 61966-2-1.
    case .sRGB: v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4)
    case .power(let gamma): pow(v, gamma)
    case .linear: v
    // SMPTE ST 2084, relative to the reference white of 203 cd/m² of ITU-R BT.2408.
    case .perceptualQuantizer: PQ.light(v) * 10000 / 203
    // ITU-R BT.2100 HLG with the display's gamma of 1.2 applied per component, relative to
    // reference white at 75 % signal (BT.2408).
    case .hybridLogGamma: pow(HLG.scene(v) / HLG.sceneWhite, 1.2)
    }
  }

  private func codeOfPositive(_ v: Double) -> Double {
    switch curve {
    case .sRGB: v <= 0.04045 / 12.92 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055
    case .power(let gamma): pow(v, 1 / gamma)
    case .linear: v
    case .perceptualQuantizer: PQ.code(v * 203 / 10000)
    case .hybridLogGamma: HLG.code(pow(v, 1 / 1.2) * HLG.sceneWhite)
    }
  }

  /// SMPTE ST 2084; light in units of 10,000 cd/m².
  private enum PQ {
    static let m1 = 2610.0 / 16384
    static let m2 = 2523.0 / 4096 * 128
    static let c1 = 3424.0 / 4096
    static let c2 = 2413.0 / 4096 * 32
    static let c3 = 2392.0 / 4096 * 32

    static func light(_ code: Double) -> Double {
      let root = pow(code, 1 / m2)
      return pow(max(root - c1, 0) / max(c2 - c3 * root, 1e-9), 1 / m1)
    }

    static func code(_ light: Double) -> Double {
      let power = pow(light, m1)
      let value = pow((c1 + c2 * power) / (1 + c3 * power), m2)
      // Black is (c1)^m2, about 7e-7, in the formula; keep 0 at 0.
      return light == 0 ? 0 : value
    }
  }

  /// ITU-R BT.2100 hybrid log-gamma; scene light 0…1.
  private enum HLG {
    static let a = 0.17883277
    static let b = 1 - 4 * 0.17883277
    static let c = 0.5 - 0.17883277 * log(4 * 0.17883277)
    static let sceneWhite = scene(0.75)

    static func scene(_ code: Double) -> Double {
      code <= 0.5 ? code * code / 3 : (exp((code - c) / a) + b) / 12
    }

    static func code(_ scene: Double) -> Double {
      scene <= 1.0 / 12 ? (3 * scene).squareRoot() : a * log(12 * scene - b) + c
    }
  }
}
