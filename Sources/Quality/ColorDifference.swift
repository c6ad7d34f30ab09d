import Foundation

/// The color difference ΔE₀₀ of CIEDE2000 (CIE 142; Sharma, Wu, Dalal, *The CIEDE2000 color-difference
/// formula: implementation notes, supplementary test data, and mathematical observations*, 2005), with
/// k_L = k_C = k_H = 1.
package enum ColorDifference {
  /// Of two colors (L\*, a\*, b\*). About 1 is just noticeable.
  package static func ciede2000(_ first: SIMD3<Double>, _ second: SIMD3<Double>) -> Double {
    let meanChroma = (hypot(first.y, first.z) + hypot(second.y, second.z)) / 2
    let g = 0.5 * (1 - seventhPowerShare(meanChroma))
    let (a1, a2) = ((1 + g) * first.y, (1 + g) * second.y)
    let (c1, c2) = (hypot(a1, first.z), hypot(a2, second.z))
    let (h1, h2) = (hue(a1, first.z), hue(a2, second.z))

    let deltaL = second.x - first.x
    let deltaC = c2 - c1
    var turn = 0.0
    if c1 * c2 != 0 {
      turn = h2 - h1
      if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
    }
    let deltaH = 2 * (c1 * c2).squareRoot() * sine(turn / 2)

    let l = (first.x + second.x) / 2
    let c = (c1 + c2) / 2
    var h = h1 + h2
    if c1 * c2 != 0 {
      if abs(h1 - h2) <= 180 { h /= 2 } else { h = h < 360 ? (h + 360) / 2 : (h - 360) / 2 }
    }
    let t =
      1 - 0.17 * cosine(h - 30) + 0.24 * cosine(2 * h) + 0.32 * cosine(3 * h + 6)
      - 0.20 * cosine(4 * h - 63)
    let lightnessOffset = (l - 50) * (l - 50)
    let sl = 1 + 0.015 * lightnessOffset / (20 + lightnessOffset).squareRoot()
    let sc = 1 + 0.045 * c
    let sh = 1 + 0.015 * c * t
    let blueness = (h - 275) / 25
    let rotation = -sine(60 * exp(-blueness * blueness)) * 2 * seventhPowerShare(c)
    let (x, y, z) = (deltaL / sl, deltaC / sc, deltaH / sh)
    return max(x * x + y * y + z * z + rotation * y * z, 0).squareRoot()
  }

  /// The mean over all pixels of a pair, 0 without pixels.
  /// - Throws: `QualityError.sizesDiffer`.
  package static func mean(reference: LabImage, result: LabImage) throws(QualityError) -> Double {
    try Pair.check(
      reference: (reference.width, reference.height), result: (result.width, result.height))
    guard !reference.values.isEmpty else { return 0 }
    var sum = 0.0
    for (wanted, found) in zip(reference.values, result.values) where wanted != found {
      sum += ciede2000(SIMD3(wanted), SIMD3(found))
    }
    return sum / Double(reference.values.count)
  }

  /// √(c⁷ ÷ (c⁷ + 25⁷)).
  private static func seventhPowerShare(_ c: Double) -> Double {
    let square = c * c
    let power = square * square * square * c
    return (power / (power + 6_103_515_625)).squareRoot()
  }

  /// 0…360°.
  private static func hue(_ a: Double, _ b: Double) -> Double {
    guard a != 0 || b != 0 else { return 0 }
    let angle = atan2(b, a) * 180 / .pi
    return angle < 0 ? angle + 360 : angle
  }

  private static func sine(_ degrees: Double) -> Double { sin(degrees * .pi / 180) }
  private static func cosine(_ degrees: Double) -> Double { cos(degrees * .pi / 180) }
}
