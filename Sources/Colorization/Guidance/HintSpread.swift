import Foundation
package import Imaging

/// Spreads the hints of one frame over its grid.
///
/// With what the network takes the places for, `HintReach` divides each place among the hints and the network.
/// Without, a hint reaches along paths on which the lightness hardly changes (the affinity of luma of Levin,
/// Lischinski, Weiss 2004): d = geodesic distance ÷ 4, β = exp(−d^2.3) of the nearest hint, and the hints share a
/// place in proportion to exp(−d² ÷ 0.15).
///
/// A hint's own places have β = 1 and exactly its color; of several hints at one place, the last holds.
/// docs/decisions/0035-guidance-in-space.md has the figures behind the constants.
package struct HintSpread: Sendable {
  /// The geodesic distance at which a hint counts for e⁻¹, by luma alone.
  private static let pathReach: Float = 4
  /// p: how sharply a hint's reach ends there.
  private static let steepness: Float = 2.3
  /// How hard hints are divided: the difference of d² at which one has e times the share of another.
  private static let softness: Float = 0.15

  /// Weights below are none, so that the network's own word stands there unchanged.
  private static let leastWeight: Float = 1.0 / 256
  /// Geodesic distances vary slowly: they are found on no more places than this, and interpolated.
  private static let geodesicPlaces = 4096

  private let reach: HintReach?

  /// - Parameter reach: nil for luma alone, whatever the network says.
  package init(reach: HintReach?) { self.reach = reach }

  /// The field of a frame's hints.
  ///
  /// - Parameters:
  ///   - lightness: L\*, 0…100, at the working size of `geometry`.
  ///   - signature: of each place of the grid, `ColorSignature`; nil for luma alone.
  /// - Throws: `ColorizationError.unexpectedSize` if the images are not of these sizes.
  package func field(
    of hints: [Hint], lightness: FloatImage, geometry: WorkingGeometry, signature: FloatImage? = nil
  ) throws(ColorizationError) -> GuidanceField {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    try lightness.check("the lightness", 1, geometry.workingWidth, geometry.workingHeight)
    try signature?.check("the signature", ColorSignature.channels, width, height)
    guard !hints.isEmpty else { return GuidanceField(emptyOfWidth: width, height: height) }

    let sources = hints.map { $0.places(width: width, height: height) }
    let grid = lightness.blockMeans(geometry.scale)
    let paths = paths(from: sources, grid: grid)
    let field: GuidanceField
    if let reach, let signature {
      let pairs = HintPairs(hints, sources, paths: paths, lightness: grid, signature: signature)
      let own = pairs.ownScores(by: reach)
      field = divided(hints, pairs.scores(by: reach)) { place, most, sum in
        sum / (sum + exp(own[place] - most))
      }
    } else {
      field = divided(hints, plainScores(paths)) { _, most, _ in
        exp(-pow(-most * Self.softness, Self.steepness / 2))
      }
    }
    return field.pinned(to: zip(hints, sources).map { ($0.color, $1) })
  }

  /// By luma alone: −d² ÷ softness.
  private func plainScores(_ paths: FloatImage) -> FloatImage {
    let scale = 1 / (Self.pathReach * Self.pathReach * Self.softness)
    let distances = paths.channel(0)
    return withExtendedLifetime(paths) {
      FloatImage(width: paths.width, height: paths.height, channels: paths.channels) { out in
        for at in 0..<paths.channels * paths.area {
          out[at] = -distances[at] * distances[at] * scale
        }
      }
    }
  }

  /// The geodesic distance of each place from each hint, hints × (height × width).
  private func paths(from sources: [[Int]], grid: FloatImage) -> FloatImage {
    let (width, height, area) = (grid.width, grid.height, grid.area)
    let reduction = Int(
      (Double(area) / Double(Self.geodesicPlaces)).squareRoot().rounded(.up))
    // What is left over of the last blocks belongs to the ones before.
    let step = max(1, min(reduction, width, height))
    let coarse = grid.blockMeans(step)
    let geodesic = GeodesicDistance(lightness: coarse)
    return FloatImage(width: width, height: height, channels: sources.count) { out in
      let scratch = FloatImage(width: coarse.width, height: coarse.height) { ways in
        for (index, places) in sources.enumerated() {
          let of = out + index * area
          let starts = places.map { place in
            min(place / width / step, coarse.height - 1) * coarse.width
              + min(place % width / step, coarse.width - 1)
          }
          if step == 1 {
            geodesic.write(from: starts, to: of)
          } else {
            geodesic.write(from: starts, to: ways)
            enlarge(ways, coarse.width, coarse.height, step: step, to: of, width, height)
          }
        }
      }
      withExtendedLifetime(scratch) {}
    }
  }

  /// Divides each place among the hints by the softmax function of their scores.
  /// - Parameters:
  ///   - scores: hints × (height × width).
  ///   - weight: β of a place, from the greatest score there and Σ exp(score − greatest).
  private func divided(
    _ hints: [Hint], _ scores: FloatImage,
    weight: (_ place: Int, _ most: Float, _ sum: Float) -> Float
  ) -> GuidanceField {
    let (width, height, area) = (scores.width, scores.height, scores.area)
    let all = scores.channel(0)
    let limits = hints.map { limit(of: $0, width: width, height: height) }
    return GuidanceField(width: width, height: height) { a, b, beta in
      for plane in [a, b, beta] { plane.update(repeating: 0, count: area) }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: area) { most in
        most.initialize(repeating: -.infinity)
        // Hint by hint, so that memory is read in its order.
        func forEach(_ body: (_ color: HintColor, _ place: Int, _ score: Float) -> Void) {
          for (index, hint) in hints.enumerated() {
            let own = all + index * area
            if let limit = limits[index] {
              for place in 0..<area { body(hint.color, place, own[place] - limit[place]) }
            } else {
              for place in 0..<area { body(hint.color, place, own[place]) }
            }
          }
        }
        forEach { _, place, score in most[place] = max(most[place], score) }
        forEach { color, place, score in
          // At −∞ no hint reaches.
          let behind = most[place] - score
          guard behind < 12 else { return }
          let share = exp(-behind)
          beta[place] += share
          a[place] += share * color.a
          b[place] += share * color.b
        }
        for place in 0..<area {
          let sum = beta[place]
          let known = sum > 0 ? weight(place, most[place], sum) : 0
          if known >= Self.leastWeight {
            a[place] /= sum
            b[place] /= sum
            beta[place] = known
          } else {
            (a[place], b[place], beta[place]) = (0, 0, 0)
          }
        }
      }
      withExtendedLifetime(scores) {}
    }
  }

  /// What a hint's scores lose toward its radius: hardly anything near the hint, ∞ from the radius on. nil where it
  /// has none.
  private func limit(of hint: Hint, width: Int, height: Int) -> [Float]? {
    guard let radius = hint.radius else { return nil }
    let reach = radius * Double(min(width, height))
    return (0..<width * height).map { place in
      let square = hint.squaredDistance(
        x: Double(place % width) + 0.5, y: Double(place / width) + 0.5, width: width, height: height
      )
      let part = square / (reach * reach)
      return part < 1 ? Float(part * part / (1 - part)) / Self.softness : .infinity
    }
  }

  /// Bilinear enlargement of block centers.
  private func enlarge(
    _ from: UnsafePointer<Float>, _ fromWidth: Int, _ fromHeight: Int, step: Int,
    to out: UnsafeMutablePointer<Float>, _ width: Int, _ height: Int
  ) {
    func position(_ place: Int, _ count: Int) -> (Int, Int, Float) {
      let at = min(max((Float(place) + 0.5) / Float(step) - 0.5, 0), Float(count - 1))
      let low = Int(at)
      return (low, min(low + 1, count - 1), at - Float(low))
    }
    let columns = (0..<width).map { position($0, fromWidth) }
    var row = [Float](repeating: 0, count: fromWidth)
    for y in 0..<height {
      let (top, bottom, down) = position(y, fromHeight)
      for x in 0..<fromWidth {
        row[x] = from[top * fromWidth + x] * (1 - down) + from[bottom * fromWidth + x] * down
      }
      for (x, (left, right, across)) in columns.enumerated() {
        out[y * width + x] = row[left] * (1 - across) + row[right] * across
      }
    }
  }
}

extension Hint {
  /// The places of a grid that the hint lies on, each once, in the order of the stroke.
  func places(width: Int, height: Int) -> [Int] {
    var found: [Int] = []
    var known: Set<Int> = []
    func add(_ x: Double, _ y: Double) {
      let column = min(Int(x * Double(width)), width - 1)
      let place = min(Int(y * Double(height)), height - 1) * width + column
      if known.insert(place).inserted { found.append(place) }
    }
    add(points[0].x, points[0].y)
    for (from, to) in zip(points, points.dropFirst()) {
      let across = (to.x - from.x) * Double(width)
      let down = (to.y - from.y) * Double(height)
      let count = max(1, Int((2 * max(abs(across), abs(down))).rounded(.up)))
      for index in 1...count {
        let part = Double(index) / Double(count)
        add(from.x + part * (to.x - from.x), from.y + part * (to.y - from.y))
      }
    }
    return found
  }

  /// The squared distance of a position on a grid, in places, from the stroke.
  func squaredDistance(x: Double, y: Double, width: Int, height: Int) -> Double {
    let corners = points.map { SIMD2($0.x * Double(width), $0.y * Double(height)) }
    let position = SIMD2(x, y)
    func square(_ v: SIMD2<Double>) -> Double { (v * v).sum() }
    var least = square(position - corners[0])
    for (from, to) in zip(corners, corners.dropFirst()) {
      let along = to - from
      let length = square(along)
      let part = length > 0 ? min(max(((position - from) * along).sum() / length, 0), 1) : 0
      least = min(least, square(position - from - along * part))
    }
    return least
  }
}

extension FloatImage {
  /// - Throws: `ColorizationError.unexpectedSize` if the image is not of this size; nil allows any number of
  ///   channels.
  func check(_ what: String, _ channels: Int?, _ width: Int, _ height: Int)
    throws(ColorizationError)
  {
    guard self.width == width, self.height == height, channels ?? self.channels == self.channels
    else {
      throw .unexpectedSize(
        what: what, expected: "\(channels.map { "\($0)" } ?? "any")×\(height)×\(width)",
        actual: "\(self.channels)×\(self.height)×\(self.width)")
    }
  }
}
