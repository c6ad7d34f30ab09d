import Foundation
package import Imaging

/// How colorful a picture looks: M̂³ of Hasler and Süsstrunk, *Measuring colourfulness in natural images*,
/// SPIE 2003. With rg = R − G and yb = (R + G)/2 − B of codes 0…255:
/// √(σ²(rg) + σ²(yb)) + 0.3·√(μ²(rg) + μ²(yb)). 0 is gray, 15 slightly, 33 moderately, 45 averagely,
/// 59 quite, 82 highly, 109 extremely colorful.
package enum Colorfulness {
  /// Of one picture, 0 for one without pixels.
  package static func of(_ image: RGBImage) -> Double {
    // Twice rg and yb are integers, and so are their sums: nothing is rounded before the end.
    var (rg, rgSquared, yb, ybSquared) = (0, 0, 0, 0)
    let count = image.width * image.height
    guard count > 0 else { return 0 }
    image.codes.withUnsafeBufferPointer { codes in
      for index in 0..<count {
        let (r, g, b) = (
          Int(codes[3 * index]), Int(codes[3 * index + 1]), Int(codes[3 * index + 2])
        )
        let (first, second) = (2 * (r - g), r + g - 2 * b)
        rg += first
        rgSquared += first * first
        yb += second
        ybSquared += second * second
      }
    }
    let n = Double(count)
    let (rgMean, ybMean) = (Double(rg) / 2 / n, Double(yb) / 2 / n)
    let rgVariance = Double(rgSquared) / 4 / n - rgMean * rgMean
    let ybVariance = Double(ybSquared) / 4 / n - ybMean * ybMean
    return max(rgVariance + ybVariance, 0).squareRoot()
      + 0.3 * (rgMean * rgMean + ybMean * ybMean).squareRoot()
  }
}
