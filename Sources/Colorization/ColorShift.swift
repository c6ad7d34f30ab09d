import CKernels
import Imaging

/// What is added to the colors of a whole picture, in units of a\* and b\*. Black and white take nothing of
/// it: the share that a color takes rises from 0 at L\* 0 to 1 at L\* 25, and falls from L\* 75 to 100.
package struct ColorShift: Hashable, Sendable {
  /// Towards magenta; towards green if negative.
  package var a: Float
  /// Towards yellow; towards blue if negative.
  package var b: Float

  /// Leaves colors as they are.
  package static let none = ColorShift(a: 0, b: 0)

  /// A shift of a\* and b\*.
  package init(a: Float, b: Float) {
    self.a = a
    self.b = b
  }

  /// The share of a shift that a color of this L\* takes, 0…1.
  package static func share(lightness: Double) -> Double {
    smoothStep(lightness / 25) * smoothStep((100 - lightness) / 25)
  }
}

/// The share of a shift by Y′, as a table for whole rows.
struct ShiftShare: Sendable {
  private static let last = 4096
  private let shares: [Float]

  /// Tabulates the neutral axis of `model`.
  init(_ model: ColorModel) {
    shares =
      (0...Self.last).map {
        Float(
          ColorShift.share(lightness: model.lightness(luma: Double($0) / Double(Self.last))))
      } + [0]
  }

  /// Adds to a and b what colors of this luma take; `spare` holds `count` floats.
  func add(
    _ shift: ColorShift, luma: UnsafePointer<Float>, a: UnsafeMutablePointer<Float>,
    b: UnsafeMutablePointer<Float>, spare: UnsafeMutablePointer<Float>, count: Int
  ) {
    ac_curve_row(luma, shares, Int32(Self.last), spare, Int32(count))
    for index in 0..<count {
      a[index] += shift.a * spare[index]
      b[index] += shift.b * spare[index]
    }
  }
}

/// 0 up to 0, 1 from 1 on, and no corner between.
func smoothStep(_ x: Double) -> Double {
  let x = min(max(x, 0), 1)
  return x * x * (3 - 2 * x)
}
