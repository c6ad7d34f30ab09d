import Foundation
public import Imaging

/// How much the colors of things change as they move: the warping error of Lai et al., *Learning blind
/// video temporal consistency*, ECCV 2018. The earlier frame is warped to the later by the flow of the
/// input; of the pixels that are seen in both, the mean squared difference of R′, G′, B′ (0…1) is
/// taken, averaged over channels and over pairs of frames.
public struct WarpError: Hashable, Sendable {
  private var sum = 0.0
  /// Pairs of frames that have any pixel to compare.
  public private(set) var pairs = 0

  /// Of no frames.
  public init() {}

  /// Adds a pair of neighbouring frames.
  /// - Parameters:
  ///   - backward: the flow from `later` to `earlier`, found on the input.
  ///   - forward: the flow from `earlier` to `later`.
  /// - Returns: the share of pixels that could be compared.
  /// - Throws: `QualityError.sizesDiffer`.
  @discardableResult
  public mutating func add(
    earlier: RGBImage, later: RGBImage, backward: FlowField, forward: FlowField
  ) throws(QualityError) -> Double {
    let (width, height) = (later.width, later.height)
    for size in [
      (earlier.width, earlier.height), (backward.width, backward.height),
      (forward.width, forward.height),
    ] {
      try Pair.check(reference: (width, height), result: size)
    }
    var (error, count) = (0.0, 0)
    for y in 0..<height {
      for x in 0..<width where backward.isTrusted(x: x, y: y, forward: forward) {
        guard
          let footprint = Footprint(
            x: x, y: y, flow: backward[x, y], width: width, height: height)
        else { continue }
        for channel in 0..<3 {
          var warped: Float = 0
          for (place, weight) in footprint.taps {
            warped += weight * Float(earlier.codes[3 * place + channel])
          }
          let difference = Double(
            (warped - Float(later.codes[(y * width + x) * 3 + channel])) / 255)
          error += difference * difference / 3
        }
        count += 1
      }
    }
    if count > 0 {
      sum += error / Double(count)
      pairs += 1
    }
    return Double(count) / Double(max(width * height, 1))
  }

  /// The mean over pairs, 0…1; nil without pairs.
  public var mean: Double? { pairs > 0 ? sum / Double(pairs) : nil }
}
