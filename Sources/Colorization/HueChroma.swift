import Foundation
internal import Imaging

/// The bins of two histograms that a network gives for each position: of hue and of chroma, the polar coordinates of
/// a\* and b\* (Larsson, Maire, Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016, §3).
package struct HueChromaBins: Hashable, Sendable {
  /// The number of bins of hue; bin k is centered at the angle 2π(k + ½) ÷ `hueCount` from the axis of a\*.
  package let hueCount: Int
  /// The centers of the bins of chroma, in CIELAB units, increasing.
  package let chromas: [Float]

  /// What `autochrome.output` says of such a network.
  package static let word = "huechroma"
  static let hueWords = "a whole number in 2…256"
  static let chromaWords = "2 to 256 increasing numbers in 0…200, separated by spaces or commas"

  /// - Precondition: as ``hueCount(_:)`` and ``chromas(_:)`` give them.
  package init(hueCount: Int, chromas: [Float]) {
    precondition(hueCount >= 2 && chromas.count >= 2, "\(hueCount) and \(chromas.count) bins")
    self.hueCount = hueCount
    self.chromas = chromas
  }

  /// Reads the properties `autochrome.hue-bins` and `autochrome.chroma-bins`.
  /// - Throws: `ColorizationError.metadata`, naming the one that is missing or can't be right.
  init(model: String, metadata: [String: String]) throws(ColorizationError) {
    func read<T>(_ property: String, _ expected: String, _ parse: (String) -> T?)
      throws(ColorizationError) -> T
    {
      guard let text = metadata[property] else {
        throw .metadata(model: model, property: property, value: "nothing", expected: expected)
      }
      guard let value = parse(text) else {
        throw .metadata(
          model: model, property: property,
          value: text.count > 40 ? "\(text.prefix(40))…" : "'\(text)'", expected: expected)
      }
      return value
    }
    self.init(
      hueCount: try read("autochrome.hue-bins", Self.hueWords, Self.hueCount),
      chromas: try read("autochrome.chroma-bins", Self.chromaWords, Self.chromas))
  }

  /// Reads a number of bins of hue; nil if it is none of 2…256.
  package static func hueCount(_ text: String) -> Int? {
    Int(text.trimmingCharacters(in: .whitespaces)).flatMap { (2...256).contains($0) ? $0 : nil }
  }

  /// Reads centers of bins of chroma; nil if they are not 2 to 256 increasing numbers in 0…200.
  package static func chromas(_ text: String) -> [Float]? {
    let words = text.split { $0.isWhitespace || $0 == "," }
    let values = words.compactMap { Float($0) }
    guard values.count == words.count, (2...256).contains(values.count),
      values.allSatisfy({ (0...200).contains($0) }),
      zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
    else { return nil }
    return values
  }
}

extension CoarseEstimate {
  /// The answer of a network that gives histograms of hue and of chroma, as Larsson et al. 2016 decode it (§3.3): the
  /// chroma is the median, the hue the angle of the mean z of e^{iθ}, and where |z| is below 0.03, so that there is
  /// hardly a hue, the chroma fades with it.
  ///
  /// The distribution function of the chroma passes through the middle of each bin's probability at the bin's center,
  /// and is linear between the centers: all of the probability in one bin gives that bin's center.
  ///
  /// The certainty is that of ``DistributionDecoder``, 1 − entropy ÷ its maximum, of the joint distribution in which hue
  /// and chroma are independent. What is no number is no color, with certainty 0.
  ///
  /// - Parameter values: `paddedGridHeight` × `paddedGridWidth` × (logits of the hues, then of the chromas) (NHWC), dense.
  package init(
    hueChroma values: UnsafePointer<Float>, bins: HueChromaBins, geometry: WorkingGeometry
  ) {
    let (hues, chromas) = (bins.hueCount, bins.chromas.map(Double.init))
    let channels = hues + chromas.count
    let directions = (0..<hues).map { bin in
      let angle = 2 * Double.pi * (Double(bin) + 0.5) / Double(hues)
      return SIMD2(cos(angle), sin(angle))
    }
    let mostEntropy = log(Double(hues)) + log(Double(chromas.count))
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    self.init(width: width, height: height) { a, b, certainty in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: channels) { shares in
        for y in 0..<height {
          let row = values + y * geometry.paddedGridWidth * channels
          for x in 0..<width {
            let (at, logits) = (y * width + x, row + x * channels)
            let hueShares = UnsafeMutableBufferPointer(rebasing: shares[..<hues])
            let chromaShares = UnsafeMutableBufferPointer(rebasing: shares[hues...])
            let entropy =
              Self.softmax(logits, into: hueShares)
              + Self.softmax(logits + hues, into: chromaShares)
            guard entropy.isFinite else {
              (a[at], b[at], certainty[at]) = (0, 0, 0)
              continue
            }
            var mean = SIMD2<Double>()
            for bin in 0..<hues { mean += hueShares[bin] * directions[bin] }
            let length = (mean * mean).sum().squareRoot()
            // Chroma · min(1, |z| ÷ η), in the direction z ÷ |z|.
            let color =
              mean * (Self.median(chromaShares, at: chromas) / max(length, Self.leastHueLength))
            (a[at], b[at]) = (Float(color.x), Float(color.y))
            certainty[at] = Float(min(max(1 - entropy / mostEntropy, 0), 1))
          }
        }
      }
    }
  }

  /// η of Larsson et al. 2016, §3.3.
  private static let leastHueLength = 0.03

  /// The probabilities of logits, as many as `shares` has room for, and their entropy; NaN if one is NaN or +∞.
  private static func softmax(
    _ logits: UnsafePointer<Float>, into shares: UnsafeMutableBufferPointer<Double>
  ) -> Double {
    var most = -Double.infinity
    for bin in shares.indices { most = max(most, Double(logits[bin])) }
    guard most.isFinite else { return .nan }
    var (sum, weighted) = (0.0, 0.0)
    for bin in shares.indices {
      let difference = Double(logits[bin]) - most
      shares[bin] = exp(difference)
      sum += shares[bin]
      // −∞ forbids a bin: 0·ln 0 is 0.
      if shares[bin] > 0 { weighted += shares[bin] * difference }
    }
    for bin in shares.indices { shares[bin] /= sum }
    return log(sum) - weighted / sum
  }

  /// Where the distribution function is ½.
  private static func median(
    _ shares: UnsafeMutableBufferPointer<Double>, at centers: [Double]
  ) -> Double {
    // Of the probability up to the last center.
    var below = shares[0] / 2
    guard below < 0.5 else { return centers[0] }
    for bin in 1..<centers.count {
      let next = below + (shares[bin - 1] + shares[bin]) / 2
      if next >= 0.5 {
        let part = (0.5 - below) / (next - below)
        return centers[bin - 1] + (centers[bin] - centers[bin - 1]) * part
      }
      below = next
    }
    return centers[centers.count - 1]
  }
}
