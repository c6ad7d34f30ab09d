import Foundation
package import Imaging

/// Structural similarity (Wang, Bovik, Sheikh, Simoncelli, *Image quality assessment: from error
/// visibility to structural similarity*, 2004): Gaussian window 11 × 11 of σ = 1.5, K₁ = 0.01,
/// K₂ = 0.03, codes 0…255, the mean over all places where the window lies inside the picture.
///
/// Taken of R′, G′ and B′ apart and averaged: of luma, which a colorizer keeps, it would be 1.
package enum StructuralSimilarity {
  private static let window: [Float] = {
    let raw = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    let sum = raw.reduce(0, +)
    return raw.map { Float($0 / sum) }
  }()
  private static let c1: Float = (0.01 * 255) * (0.01 * 255)
  private static let c2: Float = (0.03 * 255) * (0.03 * 255)

  /// Of two pictures, 1 where nothing differs.
  /// - Throws: `QualityError` if the sizes differ or are below 11 × 11.
  package static func of(reference: RGBImage, result: RGBImage) throws(QualityError) -> Double {
    try Pair.check(
      reference: (reference.width, reference.height), result: (result.width, result.height))
    let (width, height) = (reference.width, reference.height)
    guard width >= window.count, height >= window.count else {
      throw .tooSmall(
        figure: "SSIM", expected: "\(window.count)×\(window.count)", actual: "\(width)×\(height)")
    }
    let sum = (0..<3).reduce(0.0) { sum, channel in
      sum
        + similarity(
          plane(reference, channel), plane(result, channel), width: width, height: height)
    }
    return sum / 3
  }

  /// One channel, about its middle: variances then lose less to rounding.
  private static func plane(_ image: RGBImage, _ channel: Int) -> [Float] {
    (0..<image.width * image.height).map { Float(image.codes[3 * $0 + channel]) - 128 }
  }

  private static func similarity(
    _ x: [Float], _ y: [Float], width: Int, height: Int
  ) -> Double {
    func mean(_ values: [Float]) -> [Float] { blurred(values, width: width, height: height) }
    let (meanX, meanY) = (mean(x), mean(y))
    let xx = mean(zip(x, x).map { $0 * $1 })
    let yy = mean(zip(y, y).map { $0 * $1 })
    let xy = mean(zip(x, y).map { $0 * $1 })
    var sum = 0.0
    for index in meanX.indices {
      let (mx, my) = (meanX[index], meanY[index])
      let (varianceX, varianceY) = (xx[index] - mx * mx, yy[index] - my * my)
      let covariance = xy[index] - mx * my
      let (x, y) = (mx + 128, my + 128)
      let luminance = (2 * x * y + c1) / (x * x + y * y + c1)
      let structure = (2 * covariance + c2) / (varianceX + varianceY + c2)
      sum += Double(luminance * structure)
    }
    return sum / Double(meanX.count)
  }

  /// The Gaussian mean where the window fits: (height − 10) × (width − 10).
  private static func blurred(_ values: [Float], width: Int, height: Int) -> [Float] {
    let (columns, rows) = (width - window.count + 1, height - window.count + 1)
    var across = [Float](repeating: 0, count: columns * height)
    var result = [Float](repeating: 0, count: columns * rows)
    values.withUnsafeBufferPointer { values in
      across.withUnsafeMutableBufferPointer { across in
        for y in 0..<height {
          for (tap, weight) in window.enumerated() {
            for x in 0..<columns { across[y * columns + x] += weight * values[y * width + x + tap] }
          }
        }
        result.withUnsafeMutableBufferPointer { result in
          for y in 0..<rows {
            for (tap, weight) in window.enumerated() {
              for x in 0..<columns {
                result[y * columns + x] += weight * across[(y + tap) * columns + x]
              }
            }
          }
        }
      }
    }
    return result
  }
}
