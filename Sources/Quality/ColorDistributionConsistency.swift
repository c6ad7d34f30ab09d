import Foundation
package import Imaging

/// How much the distribution of colors changes over time: the CDC index of Liu et al., *Temporally
/// consistent video colorization with deep feature propagation and self-regularization learning*, 2021.
/// For each of R′, G′, B′, the Jensen–Shannon divergence (natural logarithm) of the 256-bin histograms of
/// frames t apart is averaged over frames and channels; the index is the mean of that for t = 1, 2, 4.
///
/// Lower is steadier, and a desaturated film is steady: give it beside the colorfulness, and beside the
/// index of the truth.
package struct ColorDistributionConsistency: Sendable {
  /// Distances in time, in frames.
  package static let distances = [1, 2, 4]

  /// Histograms of the last frames of this shot, newest last: for each channel how often each code
  /// occurs, adding up to 1.
  private var recent: [[[Double]]] = []
  private var sums = [Double](repeating: 0, count: distances.count)
  private var pairs = [Int](repeating: 0, count: distances.count)

  /// Of no frames.
  package init() {}

  /// Adds the next frame of the shot.
  package mutating func add(_ frame: RGBImage) {
    let histograms = Self.histograms(frame)
    for (index, distance) in Self.distances.enumerated() where recent.count >= distance {
      let other = recent[recent.count - distance]
      for channel in 0..<3 {
        sums[index] += Self.divergence(histograms[channel], other[channel]) / 3
      }
      pairs[index] += 1
    }
    recent.append(histograms)
    if recent.count > Self.distances.max() ?? 0 { recent.removeFirst() }
  }

  /// Begins a new shot: frames after a cut are not compared with those before.
  package mutating func cut() { recent = [] }

  /// The index, 0…ln 2; nil while a distance has no pair of frames, that is below five frames.
  package var index: Double? {
    guard pairs.allSatisfy({ $0 > 0 }) else { return nil }
    return zip(sums, pairs).reduce(0) { $0 + $1.0 / Double($1.1) } / Double(Self.distances.count)
  }

  private static func histograms(_ frame: RGBImage) -> [[Double]] {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 3)
    for (place, code) in frame.codes.enumerated() { counts[place % 3][Int(code)] += 1 }
    let all = Double(max(frame.width * frame.height, 1))
    return counts.map { $0.map { Double($0) / all } }
  }

  /// Jensen–Shannon: the mean of the divergences of both from their mean.
  private static func divergence(_ p: [Double], _ q: [Double]) -> Double {
    zip(p, q).reduce(0) { sum, pair in
      let mean = (pair.0 + pair.1) / 2
      func part(_ share: Double) -> Double { share > 0 ? share * log(share / mean) / 2 : 0 }
      return sum + part(pair.0) + part(pair.1)
    }
  }
}
