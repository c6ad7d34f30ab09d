import Foundation
import Imaging

/// Raw accuracy of colors (Zhang, Isola, Efros, *Colorful Image Colorization*, ECCV 2016, §3.1 and
/// Table 1): the fraction of pixels with ‖ab − ab_reference‖₂ ≤ t, averaged over t = 0, 1, … 150, which
/// is the area under the curve of the error's cumulative distribution. Pixels of all pictures are
/// pooled.
///
/// Everything is counted in integers, so that neither the order of the pictures nor that of `add`
/// matters.
package struct ColorAccuracy: Hashable, Sendable {
  /// Thresholds: 0…150.
  package static let thresholdCount = 151
  /// Equal colors that were computed on different ways count as equal.
  private static let tolerance: Float = 1e-4

  /// For each of the 313 bins: pixels whose reference color lies in it.
  package private(set) var pixels = [Int](repeating: 0, count: ColorBins.count)
  /// For each of the 313 bins: over these pixels, the number of thresholds that are met.
  package private(set) var met = [Int](repeating: 0, count: ColorBins.count)

  /// Of no pixels.
  package init() {}

  /// Adds the pixels of a picture.
  /// - Throws: `QualityError.sizesDiffer`.
  package mutating func add(reference: LabImage, result: LabImage) throws(QualityError) {
    try Pair.check(
      reference: (reference.width, reference.height), result: (result.width, result.height))
    for (wanted, found) in zip(reference.values, result.values) {
      let bin = ColorBins.nearest(a: wanted.y, b: wanted.z)
      let (a, b) = (found.y - wanted.y, found.z - wanted.z)
      let distance = ((a * a + b * b).squareRoot() - Self.tolerance).rounded(.up)
      pixels[bin] += 1
      met[bin] += Self.thresholdCount - Int(min(max(distance, 0), Float(Self.thresholdCount)))
    }
  }

  /// Adds the pixels of other pictures.
  package mutating func add(_ other: ColorAccuracy) {
    for bin in pixels.indices {
      pixels[bin] += other.pixels[bin]
      met[bin] += other.met[bin]
    }
  }

  /// Area under the curve, 0…1; nil without pixels.
  package var area: Double? { area(weights: [Double](repeating: 1, count: ColorBins.count)) }

  /// Class-rebalanced area under the curve, 0…1: each pixel weighs 1/p̃ of its reference color's bin, p̃
  /// being `prior` smoothed by a Gaussian of σ = 5 in ab. Nil without pixels.
  ///
  /// - Parameter prior: how often each of the 313 bins occurs in photographs.
  /// - Throws: `QualityError.unusablePrior`.
  package func rebalancedArea(prior: [Double]) throws(QualityError) -> Double? {
    guard prior.count == ColorBins.count else {
      throw .unusablePrior(problem: "has \(prior.count) numbers")
    }
    guard prior.allSatisfy({ $0 >= 0 && $0.isFinite }), prior.contains(where: { $0 > 0 }) else {
      throw .unusablePrior(problem: "has negative numbers, or only zeros")
    }
    let smooth = ColorBins.smoothed(prior: prior)
    if let bin = smooth.indices.first(where: { pixels[$0] > 0 && smooth[$0] == 0 }) {
      throw .unusablePrior(problem: "is 0 for bin \(bin), which occurs in the picture")
    }
    return area(weights: smooth.map { $0 > 0 ? 1 / $0 : 0 })
  }

  private func area(weights: [Double]) -> Double? {
    var (sum, all) = (0.0, 0.0)
    for (bin, weight) in weights.enumerated() where pixels[bin] > 0 {
      sum += weight * Double(met[bin])
      all += weight * Double(pixels[bin])
    }
    return all > 0 ? sum / all / Double(Self.thresholdCount) : nil
  }
}

/// What all figures on pairs ask for.
enum Pair {
  static func check(
    reference: (width: Int, height: Int), result: (width: Int, height: Int)
  ) throws(QualityError) {
    guard reference == result else {
      throw .sizesDiffer(
        reference: "\(reference.width)×\(reference.height)",
        result: "\(result.width)×\(result.height)")
    }
  }
}
