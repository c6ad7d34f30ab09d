public import Imaging

/// The kinds of things in a frame for which colors are given: what the network takes them for, how light they are
/// and where they lie, with the colors that they were given, if any. Where motion does not lead to another frame
/// of the shot, what is of the same kind there most likely has the same color.
///
/// The frame's places are put together to kinds by the k-means algorithm; each also says how much of it was given a color, so
/// that what resembles a thing of which nothing was said is left to the network.
public struct KnownKinds: Codable, Sendable {
  /// Vectors of the kinds, `Descriptors.stride` floats each.
  private let centers: [SIMD8<Float>]
  /// a, b and β of each kind.
  private let colors: [SIMD4<Float>]

  /// Kinds that a frame is divided into, at most, along its longer and its shorter side.
  private static let division = (long: 14, short: 8)
  private static let rounds = 4
  /// The difference of squared distances at which one kind has e times the share of another.
  private static let softness: Float = 0.06
  /// The squared distance from the nearest kind at which a color counts for e⁻¹.
  private static let reach: Float = 1
  /// Colors of like kinds that differ by this much, in units of a\* and b\*, count for e⁻¹.
  private static let spread: Float = 24

  /// - Parameters:
  ///   - signature: of the frame's places, `ColorSignature`.
  ///   - lightness: L\* at the working size of `geometry`.
  ///   - field: what is given for the frame.
  public init(
    signature: FloatImage, lightness: FloatImage, geometry: WorkingGeometry, field: GuidanceField
  ) {
    let places = Descriptors(signature, lightness: lightness.blockMeans(geometry.scale))
    let (width, height) = (field.width, field.height)
    let (columns, rows) =
      width >= height
      ? (Self.division.long, Self.division.short) : (Self.division.short, Self.division.long)
    var centers: [[SIMD8<Float>]] = []
    for row in 0..<min(rows, height) {
      for column in 0..<min(columns, width) {
        let at =
          (2 * row + 1) * height / (2 * min(rows, height)) * width
          + (2 * column + 1) * width / (2 * min(columns, width))
        centers.append(Array(places[at]))
      }
    }
    var sums: [(vector: [SIMD8<Float>], color: SIMD4<Float>, count: Float)] = []
    let (a, b, weight) = (
      field.ab.channel(0), field.ab.channel(1), field.weight.channel(0)
    )
    for _ in 0..<Self.rounds {
      sums = centers.map { _ in
        ([SIMD8<Float>](repeating: .zero, count: Descriptors.stride), .zero, 0)
      }
      let flat = centers.flatMap { $0 }
      for at in 0..<places.count {
        let best = flat.withUnsafeBufferPointer { places.nearest(to: at, among: $0) }
        let own = places[at]
        for part in 0..<Descriptors.stride { sums[best].vector[part] += own[own.startIndex + part] }
        let w = weight[at]
        sums[best].color += SIMD4(w * a[at], w * b[at], w, 0)
        sums[best].count += 1
      }
      for index in centers.indices where sums[index].count > 0 {
        centers[index] = sums[index].vector.map { $0 / sums[index].count }
      }
    }
    withExtendedLifetime(field) {}
    var (kept, colors): ([SIMD8<Float>], [SIMD4<Float>]) = ([], [])
    for (center, sum) in zip(centers, sums) where sum.count > 0 {
      let w = sum.color.z
      kept += center
      colors.append(
        SIMD4(w > 0 ? sum.color.x / w : 0, w > 0 ? sum.color.y / w : 0, w / sum.count, sum.count))
    }
    self.centers = kept
    self.colors = colors
  }

  /// What the kinds of several frames say of another frame's places, as far as `known` says less.
  /// - Parameters:
  ///   - signature: of the other frame's places.
  ///   - lightness: of the other frame, at the working size.
  package static func field(
    of all: [KnownKinds], signature: FloatImage, lightness: FloatImage, geometry: WorkingGeometry,
    known: GuidanceField?
  ) -> GuidanceField? {
    guard !all.isEmpty else { return known }
    let places = Descriptors(signature, lightness: lightness.blockMeans(geometry.scale))
    let (centers, colors) = (all.flatMap(\.centers), all.flatMap(\.colors))
    var distances = [Float](repeating: 0, count: colors.count)
    let field = GuidanceField(width: signature.width, height: signature.height) { a, b, beta in
      centers.withUnsafeBufferPointer { centers in
        for at in 0..<signature.area {
          (a[at], b[at], beta[at]) =
            known.map {
              ($0.ab.channel(0)[at], $0.ab.channel(1)[at], $0.weight.channel(0)[at])
            } ?? (0, 0, 0)
          guard beta[at] < Self.enough else { continue }
          var least = Float.infinity
          for kind in colors.indices {
            distances[kind] = places.squaredDistance(at, to: centers, kind)
            least = min(least, distances[kind])
          }
          var (sum, whole, squares): (SIMD4<Float>, Float, Float) = (.zero, 0, 0)
          for kind in colors.indices {
            let off = (distances[kind] - least) / Self.softness
            guard off < 8 else { continue }
            let share = Self.decay(off)
            let color = colors[kind]
            whole += share
            let w = share * color.z
            sum += SIMD4(w * color.x, w * color.y, w, 0)
            squares += w * (color.x * color.x + color.y * color.y)
          }
          guard sum.z > 0 else { continue }
          let (ka, kb) = (sum.x / sum.z, sum.y / sum.z)
          let variance = max(squares / sum.z - ka * ka - kb * kb, 0)
          let quality =
            sum.z / whole * Self.decay(least / Self.reach)
            * Self.decay(variance / (Self.spread * Self.spread))
          // What is known by motion has the first word, and kinds the rest.
          let w = beta[at]
          let rest = (1 - w / Self.enough) * quality
          guard w + rest > 0 else { continue }
          a[at] = (w * a[at] + rest * ka) / (w + rest)
          b[at] = (w * b[at] + rest * kb) / (w + rest)
          beta[at] = min(max(w, rest), 1)
        }
      }
      withExtendedLifetime(known) {}
    }
    return field
  }

  /// From this weight on nothing is left to kinds.
  private static let enough: Float = 0.6

  /// About e⁻ˣ for x ≥ 0: (1 − x/8)⁸ is as good here.
  @inline(__always)
  private static func decay(_ x: Float) -> Float {
    var v = max(1 - x / 8, 0)
    v *= v
    v *= v
    return v * v
  }
}

/// What places are compared by, as vectors side by side: the signature, L\* and the place.
private struct Descriptors {
  /// Vectors of eight per place.
  static let stride = (ColorSignature.channels + 3 + 7) / 8
  private let values: [SIMD8<Float>]
  let count: Int

  /// Distances of L\*, and parts of the picture's sides, that count as much as signatures at a distance of 1.
  private static let lightnessUnit: Float = 40
  private static let placeUnit: Float = 0.6

  init(_ signature: FloatImage, lightness: FloatImage) {
    count = signature.area
    let (width, height) = (signature.width, signature.height)
    var values = [SIMD8<Float>](repeating: .zero, count: count * Self.stride)
    for channel in 0..<signature.channels {
      let plane = signature.channel(channel)
      for at in 0..<count { values[at * Self.stride + channel / 8][channel % 8] = plane[at] }
    }
    let l = lightness.channel(0)
    for at in 0..<count {
      let more = [
        l[at] / Self.lightnessUnit,
        (Float(at % width) + 0.5) / Float(width) / Self.placeUnit,
        (Float(at / width) + 0.5) / Float(height) / Self.placeUnit,
      ]
      for (index, value) in more.enumerated() {
        let channel = signature.channels + index
        values[at * Self.stride + channel / 8][channel % 8] = value
      }
    }
    withExtendedLifetime((signature, lightness)) {}
    self.values = values
  }

  subscript(at: Int) -> ArraySlice<SIMD8<Float>> {
    values[at * Self.stride..<(at + 1) * Self.stride]
  }

  @inline(__always)
  func squaredDistance(
    _ at: Int, to centers: UnsafeBufferPointer<SIMD8<Float>>, _ index: Int
  ) -> Float {
    var sum = SIMD8<Float>.zero
    for part in 0..<Self.stride {
      let off = values[at * Self.stride + part] - centers[index * Self.stride + part]
      sum += off * off
    }
    return sum.sum()
  }

  func nearest(to at: Int, among centers: UnsafeBufferPointer<SIMD8<Float>>) -> Int {
    var (best, least) = (0, Float.infinity)
    for index in 0..<centers.count / Self.stride {
      let distance = squaredDistance(at, to: centers, index)
      if distance < least { (best, least) = (index, distance) }
    }
    return best
  }
}
