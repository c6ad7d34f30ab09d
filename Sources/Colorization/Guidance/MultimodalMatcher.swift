import Foundation
package import Imaging

/// Colors a frame as a reference picture without any network, choosing each place's color among all of the
/// reference's (Charpiat, Hofmann, Schölkopf 2008, *Automatic image colorization via multimodal predictions*).
///
/// Each place is described by its luma and texture. Parzen windows over the reference's places give how likely
/// each color is there, p(c | v), and how much the color is expected to vary, g(v) (§3). The colors of all
/// places are then chosen together, by α-expansions, such that
///
///     E = Σ −ln p(c_p | v_p) + coherence · Σ ‖c_p − c_q‖ ÷ ½(g_p + g_q)
///
/// over places and pairs of neighbours is small (§4): several colors may be likely at a place, and the
/// neighbourhood decides, rather than their gray mean.
package struct MultimodalMatcher: Sendable {
  /// The width of the windows, in standard deviations of the reference's descriptions.
  package var windowWidth = 0.5
  /// What a change of color counts against its likelihood.
  package var coherence = 0.5
  /// The most colors that are told apart.
  package var colorLimit = 48
  /// The least variation that is expected of neighbours, in CIELAB units.
  private static let leastVariation = 2.0
  /// Units of energy in 1, for whole numbers: cuts are exact.
  private static let energyUnits = 1000.0
  private static let cycles = 3

  /// The constants that were chosen.
  package init() {}

  /// The field of a reference, β = 1 everywhere.
  /// - Parameter lightness: L\*, 0…100, of the frame, at the working size of `geometry`.
  /// - Throws: `ColorizationError.unexpectedSize` if it is of another size.
  package func field(
    lightness: FloatImage, geometry: WorkingGeometry, reference: ReferencePicture
  ) throws(ColorizationError) -> GuidanceField {
    try lightness.check("the lightness", 1, geometry.workingWidth, geometry.workingHeight)
    let palette = Labels(reference.ab, limit: colorLimit)
    let known = Descriptions(reference.lightness, scale: reference.scale)
    let target = Descriptions(lightness, scale: geometry.scale)
    let scales = known.deviations.map { 1 / (max($0, 1e-6) * windowWidth) }
    let variation = Self.variation(reference.ab)
    let (width, height) = (target.width, target.height)
    let count = palette.colors.count

    var costs = [Int](repeating: 0, count: width * height * count)
    var expected = [Double](repeating: 0, count: width * height)
    var likelihood = [Double](repeating: 0, count: count)
    for place in 0..<width * height {
      for label in 0..<count { likelihood[label] = 0 }
      var (sum, change) = (0.0, 0.0)
      for other in palette.labels.indices {
        var square = 0.0
        for d in 0..<Descriptions.count {
          let difference =
            (target.values[place * Descriptions.count + d]
              - known.values[other * Descriptions.count + d]) * scales[d]
          square += difference * difference
        }
        let window = exp(-square / 2)
        likelihood[palette.labels[other]] += window
        sum += window
        change += window * variation[other]
      }
      for label in 0..<count {
        // What the reference does not show is not impossible.
        let p = (likelihood[label] + 1e-6) / (sum + 1e-6 * Double(count))
        costs[place * count + label] = Int((-log(p) * Self.energyUnits).rounded())
      }
      expected[place] = max(change / max(sum, 1e-12), Self.leastVariation)
    }
    let labels = choose(costs, expected, palette.colors, width: width, height: height)
    return GuidanceField(width: width, height: height) { a, b, beta in
      for (place, label) in labels.enumerated() {
        a[place] = Float(palette.colors[label].x)
        b[place] = Float(palette.colors[label].y)
        beta[place] = 1
      }
    }
  }

  /// The labels of small energy (Boykov, Veksler, Zabih 2001; graphs as in Kolmogorov and Zabih 2004).
  private func choose(
    _ costs: [Int], _ expected: [Double], _ colors: [SIMD2<Double>], width: Int, height: Int
  ) -> [Int] {
    let (area, count) = (width * height, colors.count)
    var labels = (0..<area).map { place in
      (0..<count).min { costs[place * count + $0] < costs[place * count + $1] } ?? 0
    }
    func pairCost(_ p: Int, _ q: Int, _ one: Int, _ other: Int) -> Int {
      let difference = colors[one] - colors[other]
      let distance = (difference * difference).sum().squareRoot()
      return Int(
        (coherence * distance / (0.5 * (expected[p] + expected[q])) * Self.energyUnits).rounded())
    }
    for _ in 0..<Self.cycles {
      var hasChanged = false
      for label in 0..<count {
        var cut = MinimumCut(count: area)
        for p in 0..<area {
          cut.addCost(p, ofMoving: costs[p * count + label] - costs[p * count + labels[p]])
          for q in [p % width + 1 < width ? p + 1 : -1, p + width < area ? p + width : -1]
          where q >= 0 {
            let both = pairCost(p, q, labels[p], labels[q])
            let second = pairCost(p, q, labels[p], label)
            let first = pairCost(p, q, label, labels[q])
            cut.addCost(p, ofMoving: first - both)
            cut.addCost(q, ofMoving: -first)
            cut.addCost(from: p, to: q, max(second + first - both, 0))
          }
        }
        for (place, isMoved) in cut.moved().enumerated() where isMoved && labels[place] != label {
          labels[place] = label
          hasChanged = true
        }
      }
      if !hasChanged { break }
    }
    return labels
  }

  /// The mean distance of each place's color from its four neighbours'.
  private static func variation(_ ab: FloatImage) -> [Double] {
    let (width, height) = (ab.width, ab.height)
    func color(_ place: Int) -> SIMD2<Double> {
      SIMD2(Double(ab.channel(0)[place]), Double(ab.channel(1)[place]))
    }
    return (0..<ab.area).map { place in
      let (x, y) = (place % width, place / width)
      var near: [Int] = []
      if x > 0 { near.append(place - 1) }
      if x + 1 < width { near.append(place + 1) }
      if y > 0 { near.append(place - width) }
      if y + 1 < height { near.append(place + width) }
      let sum = near.reduce(0.0) { sum, other in
        let difference = color(place) - color(other)
        return sum + (difference * difference).sum().squareRoot()
      }
      return near.isEmpty ? 0 : sum / Double(near.count)
    }
  }

  /// The colors that are told apart: the commonest of the 313 bins, each with the mean of its colors.
  private struct Labels {
    let colors: [SIMD2<Double>]
    /// Of each place of the reference.
    let labels: [Int]

    init(_ ab: FloatImage, limit: Int) {
      let bins = (0..<ab.area).map {
        ColorBins.nearest(a: ab.channel(0)[$0], b: ab.channel(1)[$0])
      }
      var counts = [Int](repeating: 0, count: ColorBins.count)
      for bin in bins { counts[bin] += 1 }
      let order = (0..<ColorBins.count).filter { counts[$0] > 0 }.sorted {
        (-counts[$0], $0) < (-counts[$1], $1)
      }
      let kept = Array(order.prefix(max(limit, 1)))
      let centers = ColorBins.centers
      labels = bins.map { bin in
        // A rare color counts as the nearest that is kept.
        kept.firstIndex(of: bin)
          ?? kept.indices.min {
            let (one, other) = (centers[kept[$0]] - centers[bin], centers[kept[$1]] - centers[bin])
            return (one * one).sum() < (other * other).sum()
          } ?? 0
      }
      var sums = [SIMD2<Double>](repeating: SIMD2(), count: kept.count)
      var members = [Double](repeating: 0, count: kept.count)
      for (place, label) in labels.enumerated() {
        sums[label] += SIMD2(Double(ab.channel(0)[place]), Double(ab.channel(1)[place]))
        members[label] += 1
      }
      colors = zip(sums, members).map { $0 / max($1, 1) }
    }
  }

  /// What is said of each place of a grid: its luma; mean and deviation of luma in windows of 3 × 3 and 7 × 7
  /// places; the deviation within the place itself.
  private struct Descriptions {
    static let count = 6
    let width: Int
    let height: Int
    /// Place by place.
    let values: [Double]
    /// Of each description, over the picture.
    let deviations: [Double]

    init(_ lightness: FloatImage, scale: Int) {
      let grid = lightness.blockMeans(scale)
      let (width, height) = (grid.width, grid.height)
      (self.width, self.height) = (width, height)
      func moments(_ image: FloatImage, _ columns: Range<Int>, _ rows: Range<Int>) -> SIMD2<Double>
      {
        var found: [Double] = []
        for y in rows {
          for x in columns { found.append(Double(image.channel(0)[y * image.width + x])) }
        }
        let mean = found.reduce(0, +) / Double(found.count)
        let square = found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(found.count)
        return SIMD2(mean, square.squareRoot())
      }
      func window(_ x: Int, _ y: Int, _ reach: Int) -> SIMD2<Double> {
        moments(
          grid, max(x - reach, 0)..<min(x + reach + 1, width),
          max(y - reach, 0)..<min(y + reach + 1, height))
      }
      let values = (0..<grid.area).flatMap { place -> [Double] in
        let (x, y) = (place % width, place / width)
        let (near, far) = (window(x, y, 1), window(x, y, 3))
        let own = moments(
          lightness, x * scale..<(x + 1) * scale, y * scale..<(y + 1) * scale)
        return [own.x, near.x, near.y, far.x, far.y, own.y].map { $0.isFinite ? $0 : 0 }
      }
      self.values = values
      deviations = (0..<Self.count).map { d in
        let all = stride(from: d, to: values.count, by: Self.count).map { values[$0] }
        let mean = all.reduce(0, +) / Double(max(all.count, 1))
        let square = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (square / Double(max(all.count, 1))).squareRoot()
      }
    }
  }
}
