import CKernels
import Foundation
public import Imaging

/// Spreads the hints of one frame over its grid.
///
/// A hint k reaches a place in two ways: along a path on which the lightness hardly changes (the affinity of luma
/// of Levin, Lischinski, Weiss 2004), and by likeness of features; both must hold:
///
///     d² = (‖feature − featureₖ‖ ÷ featureReach)² + (geodesic distance ÷ pathReach)²
///
/// The nearest hint says how much is known of the place, β = exp(−d^p). The hints share its color in proportion to
/// exp(−d² ÷ softness). A hint's own places have β = 1 and exactly its color; of several hints at one
/// place, the last holds. docs/decisions/0035-guidance-in-space.md has the figures behind the constants.
public struct HintSpread: Sendable {
  /// The distance of features at which a hint counts for e⁻¹; for unit vectors, 0…2.
  public var featureReach: Float = 0.7
  /// The same for the geodesic distance, beside features.
  public var pathReach: Float = 7
  /// The same where there are no features.
  public var pathReachAlone: Float = 4
  /// How hard hints are divided: the difference of d² at which one has e times the share of another.
  public var softness: Float = 0.15
  /// p: how sharply a hint's reach ends.
  public var steepness: Float = 2.3

  /// Weights below are none, so that the network's own word stands there unchanged.
  private static let leastWeight: Float = 1.0 / 256
  /// Places of a stroke whose features stand for it.
  private static let samplesPerHint = 8
  /// Geodesic distances vary slowly: they are found on no more places than this, and interpolated.
  private static let geodesicPlaces = 4096

  /// The constants that were found best.
  public init() {}

  /// The field of a frame's hints.
  ///
  /// - Parameters:
  ///   - lightness: L\*, 0…100, at the working size of `geometry`.
  ///   - features: of each place of the grid, C × `gridHeight` × `gridWidth`, unit vectors: `ColorSignature`;
  ///     nil for luma alone.
  /// - Throws: `ColorizationError.unexpectedSize` if the images are not of these sizes.
  public func field(
    of hints: [Hint], lightness: FloatImage, geometry: WorkingGeometry, features: FloatImage? = nil
  ) throws(ColorizationError) -> GuidanceField {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    try lightness.check("the lightness", 1, geometry.workingWidth, geometry.workingHeight)
    try features?.check("the features", nil, width, height)
    guard !hints.isEmpty else { return GuidanceField(emptyOfWidth: width, height: height) }

    let sources = hints.map { $0.places(width: width, height: height) }
    let grid = lightness.blockMeans(geometry.scale)
    let distances = squaredDistances(hints, sources, grid: grid, features: features)
    return GuidanceField(width: width, height: height) { a, b, beta in
      share(hints, distances.channel(0), area: width * height, a, b, beta)
      withExtendedLifetime(distances) {}
      for (hint, places) in zip(hints, sources) {
        for place in places {
          (a[place], b[place], beta[place]) = (hint.color.a, hint.color.b, 1)
        }
      }
    }
  }

  /// d² of each hint and place, hints × (height × width).
  private func squaredDistances(
    _ hints: [Hint], _ sources: [[Int]], grid: FloatImage, features: FloatImage?
  ) -> FloatImage {
    let (width, height, area) = (grid.width, grid.height, grid.area)
    let reduction = Int(
      (Double(area) / Double(Self.geodesicPlaces)).squareRoot().rounded(.up))
    // What is left over of the last blocks belongs to the ones before.
    let coarse = grid.blockMeans(max(1, min(reduction, width, height)))
    let step = max(1, min(reduction, width, height))
    let geodesic = GeodesicDistance(lightness: coarse)
    let path = features == nil ? pathReachAlone : pathReach
    let scale = 1 / (path * path)
    return FloatImage(width: width, height: height, channels: hints.count) { out in
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
          for place in 0..<area { of[place] *= of[place] * scale }
          if let radius = hints[index].radius {
            limit(of, to: radius, around: hints[index], width: width, height: height)
          }
        }
      }
      withExtendedLifetime(scratch) {}
      if let features { add(features, sources, to: out) }
    }
  }

  /// Adds the likeness of features: the least distance to any of a hint's sampled places.
  private func add(
    _ features: FloatImage, _ sources: [[Int]], to out: UnsafeMutablePointer<Float>
  ) {
    let (area, channels) = (features.area, features.channels)
    let samples = sources.map { places in
      let count = min(places.count, Self.samplesPerHint)
      return (0..<count).map { places[(2 * $0 + 1) * places.count / (2 * count)] }
    }
    let planes = features.channel(0)
    let vectors = samples.joined().flatMap { place in
      (0..<channels).map { planes[$0 * area + place] }
    }
    let scale = 1 / (featureReach * featureReach)
    // A few thousand products at a time stay in the cache.
    let block = 1024
    var products = [Float](repeating: 0, count: samples.reduce(0) { $0 + $1.count } * block)
    products.withUnsafeMutableBufferPointer { buffer in
      guard let products = buffer.baseAddress else { return }
      for start in stride(from: 0, to: area, by: block) {
        let count = min(block, area - start)
        ac_inner_products(
          planes + start, Int64(area), Int32(channels), Int32(count), vectors,
          Int32(vectors.count / max(channels, 1)), products, Int64(block))
        var row = products
        for (index, places) in samples.enumerated() {
          let of = out + index * area + start
          for place in 0..<count {
            var likeness = row[place]
            for other in 1..<max(places.count, 1) {
              likeness = max(likeness, row[other * block + place])
            }
            // Of unit vectors, ‖x − y‖² = 2 − 2·x·y.
            of[place] += max(2 - 2 * likeness, 0) * scale
          }
          row += places.count * block
        }
      }
    }
    withExtendedLifetime(features) {}
  }

  /// Divides each place among the hints.
  private func share(
    _ hints: [Hint], _ distances: UnsafePointer<Float>, area: Int,
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
    _ beta: UnsafeMutablePointer<Float>
  ) {
    for plane in [a, b, beta] { plane.update(repeating: 0, count: area) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: area) { least in
      least.initialize(repeating: .infinity)
      // Hint by hint, so that memory is read in its order.
      for index in hints.indices {
        let squares = distances + index * area
        for place in 0..<area { least[place] = min(least[place], squares[place]) }
      }
      let sharpness = 1 / softness
      for (index, hint) in hints.enumerated() {
        let squares = distances + index * area
        let color = hint.color
        for place in 0..<area {
          let behind = (squares[place] - least[place]) * sharpness
          guard behind < 12 else { continue }
          let share = exp(-behind)
          beta[place] += share
          a[place] += share * color.a
          b[place] += share * color.b
        }
      }
      for place in 0..<area {
        let weight = exp(-pow(least[place], steepness / 2))
        if weight >= Self.leastWeight {
          a[place] /= beta[place]
          b[place] /= beta[place]
          beta[place] = weight
        } else {
          (a[place], b[place], beta[place]) = (0, 0, 0)
        }
      }
    }
  }

  /// Lets a hint end at its radius: ∞ from there on, and hardly changed near the hint.
  private func limit(
    _ squares: UnsafeMutablePointer<Float>, to radius: Double, around hint: Hint, width: Int,
    height: Int
  ) {
    let reach = radius * Double(min(width, height))
    for y in 0..<height {
      for x in 0..<width {
        let square = hint.squaredDistance(
          x: Double(x) + 0.5, y: Double(y) + 0.5, width: width, height: height)
        let part = square / (reach * reach)
        squares[y * width + x] += part < 1 ? Float(part * part / (1 - part)) : .infinity
      }
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
