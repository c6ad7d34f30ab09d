package import Imaging

/// The kinds of things in a frame for which colors are given: what the network takes them for, how light they are
/// and where they lie, with the colors that they were given, if any. Where motion does not lead to another frame
/// of the shot, what is of the same kind there most likely has the same color.
///
/// The frame's places are put together to kinds by the k-means algorithm; each also says how much of it was given a color, so
/// that what resembles a thing of which nothing was said is left to the network.
package struct KnownKinds: Codable, Sendable {
  /// Vectors of the kinds, `Descriptors.channels` numbers each.
  private let centers: [Float]
  /// a, b, β and the number of places of each kind.
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
  package init(
    signature: FloatImage, lightness: FloatImage, geometry: WorkingGeometry, field: GuidanceField
  ) {
    let places = Descriptors(signature, lightness: lightness.blockMeans(geometry.scale))
    let (width, height, channels) = (field.width, field.height, Descriptors.channels)
    let (columns, rows) =
      width >= height
      ? (Self.division.long, Self.division.short) : (Self.division.short, Self.division.long)
    var centers: [Float] = []
    for row in 0..<min(rows, height) {
      for column in 0..<min(columns, width) {
        centers += places.vector(
          (2 * row + 1) * height / (2 * min(rows, height)) * width
            + (2 * column + 1) * width / (2 * min(columns, width)))
      }
    }
    let count = centers.count / channels
    var nearest = [Int](repeating: 0, count: places.count)
    for _ in 0..<Self.rounds {
      places.forEach(
        comparedWith: centers,
        { at, distances in
          var least = Float.infinity
          for kind in 0..<count where distances[kind] < least {
            (least, nearest[at]) = (distances[kind], kind)
          }
        })
      centers = places.means(of: nearest, before: centers)
    }
    var sums = [SIMD4<Float>](repeating: .zero, count: count)
    let (a, b, weight) = (
      field.ab.channel(0), field.ab.channel(1), field.weight.channel(0)
    )
    for (at, kind) in nearest.enumerated() {
      let w = weight[at]
      sums[kind] += SIMD4(w * a[at], w * b[at], w, 1)
    }
    withExtendedLifetime(field) {}
    var (kept, colors): ([Float], [SIMD4<Float>]) = ([], [])
    for (kind, sum) in sums.enumerated() where sum.w > 0 {
      let w = sum.z
      kept += centers[kind * channels..<(kind + 1) * channels]
      colors.append(
        SIMD4(w > 0 ? sum.x / w : 0, w > 0 ? sum.y / w : 0, w / sum.w, sum.w))
    }
    self.centers = kept
    self.colors = colors
  }

  /// What the kinds of several frames say of another frame's places, as far as `known` says less.
  /// - Parameters:
  ///   - lightness: of the other frame, at the working size.
  ///   - signature: of the other frame's places, at least of those that it is asked for.
  package static func field(
    of all: [KnownKinds], lightness: FloatImage, geometry: WorkingGeometry, known: GuidanceField?,
    signature: (_ isWanted: [Bool]) -> FloatImage
  ) -> GuidanceField? {
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    let isOpen = (0..<width * height).map { at in
      known.map { $0.weight[0, at % width, at / width] < enough } ?? true
    }
    guard !all.isEmpty, isOpen.contains(true) else { return known }
    let places = Descriptors(
      signature(isOpen), lightness: lightness.blockMeans(geometry.scale))
    let (centers, colors) = (all.flatMap(\.centers), all.flatMap(\.colors))
    return GuidanceField(width: width, height: height) { a, b, beta in
      if let known {
        a.update(from: known.ab.channel(0), count: places.count)
        b.update(from: known.ab.channel(1), count: places.count)
        beta.update(from: known.weight.channel(0), count: places.count)
        withExtendedLifetime(known) {}
      } else {
        for plane in [a, b, beta] { plane.update(repeating: 0, count: places.count) }
      }
      places.forEach(
        comparedWith: centers, where: { isOpen[$0] },
        { at, distances in
          guard let found = answer(of: colors, at: distances) else { return }
          // What is known by motion has the first word, and kinds the rest.
          let w = beta[at]
          let rest = (1 - w / enough) * found.weight
          guard w + rest > 0 else { return }
          a[at] = (w * a[at] + rest * found.a) / (w + rest)
          b[at] = (w * b[at] + rest * found.b) / (w + rest)
          beta[at] = min(max(w, rest), 1)
        })
    }
  }

  /// What kinds at these squared distances say of a place; nil for nothing.
  private static func answer(
    of colors: [SIMD4<Float>], at distances: UnsafePointer<Float>
  ) -> (a: Float, b: Float, weight: Float)? {
    var least = Float.infinity
    for kind in colors.indices where distances[kind] < least { least = distances[kind] }
    var (sum, whole, squares): (SIMD4<Float>, Float, Float) = (.zero, 0, 0)
    for kind in colors.indices {
      let off = (distances[kind] - least) / softness
      guard off < 8 else { continue }
      let share = decay(off)
      let color = colors[kind]
      whole += share
      let w = share * color.z
      sum += SIMD4(w * color.x, w * color.y, w, 0)
      squares += w * (color.x * color.x + color.y * color.y)
    }
    guard sum.z > 0 else { return nil }
    let (a, b) = (sum.x / sum.z, sum.y / sum.z)
    let variance = max(squares / sum.z - a * a - b * b, 0)
    return (
      a, b,
      sum.z / whole * decay(max(least, 0) / reach) * decay(variance / (spread * spread))
    )
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

/// What places are compared by: the signature, L\* and the place.
private struct Descriptors {
  /// Numbers of a place.
  static let channels = ColorSignature.channels + 3
  /// `channels` × height × width.
  private let planes: FloatImage
  /// The squared length of each place's vector.
  private let squares: [Float]

  /// Distances of L\*, and parts of the picture's sides, that count as much as signatures at a distance of 1.
  private static let lightnessUnit: Float = 40
  private static let placeUnit: Float = 0.6

  init(_ signature: FloatImage, lightness: FloatImage) {
    let (width, height, area) = (signature.width, signature.height, signature.area)
    let (first, l) = (signature.channels * signature.area, lightness.channel(0))
    planes = FloatImage(width: width, height: height, channels: Self.channels) { out in
      out.update(from: signature.channel(0), count: first)
      for at in 0..<area {
        out[first + at] = l[at] / Self.lightnessUnit
        out[first + area + at] = (Float(at % width) + 0.5) / Float(width) / Self.placeUnit
        out[first + 2 * area + at] = (Float(at / width) + 0.5) / Float(height) / Self.placeUnit
      }
    }
    withExtendedLifetime((signature, lightness)) {}
    var squares = [Float](repeating: 0, count: area)
    let values = planes.channel(0)
    for channel in 0..<Self.channels {
      for at in 0..<area {
        squares[at] += values[channel * area + at] * values[channel * area + at]
      }
    }
    withExtendedLifetime(planes) {}
    self.squares = squares
  }

  var count: Int { squares.count }

  /// The vector of a place.
  func vector(_ at: Int) -> [Float] {
    let values = planes.channel(0)
    return withExtendedLifetime(planes) {
      (0..<Self.channels).map { values[$0 * planes.area + at] }
    }
  }

  /// The means of the places that are nearest to each center; of a center that is nearest to none, itself.
  func means(of nearest: [Int], before centers: [Float]) -> [Float] {
    let channels = Self.channels
    var sums = [Float](repeating: 0, count: centers.count)
    var counts = [Float](repeating: 0, count: centers.count / channels)
    for kind in nearest { counts[kind] += 1 }
    let values = planes.channel(0)
    for channel in 0..<channels {
      for (at, kind) in nearest.enumerated() {
        sums[kind * channels + channel] += values[channel * planes.area + at]
      }
    }
    withExtendedLifetime(planes) {}
    for at in sums.indices {
      let count = counts[at / channels]
      sums[at] = count > 0 ? sums[at] / count : centers[at]
    }
    return sums
  }

  /// Hands on the squared distances of each place that is wanted from all of `centers`: ‖p‖² + ‖c‖² − 2·p·c, which
  /// may be a little below 0.
  func forEach(
    comparedWith centers: [Float], where isWanted: (Int) -> Bool = { _ in true },
    _ body: (_ at: Int, _ distances: UnsafePointer<Float>) -> Void
  ) {
    let (channels, kinds) = (Self.channels, centers.count / Self.channels)
    var lengths = [Float](repeating: 0, count: kinds)
    // Kinds as the places of planes.
    let others = FloatImage(width: kinds, height: 1, channels: channels) { out in
      for kind in 0..<kinds {
        for channel in 0..<channels {
          let value = centers[kind * channels + channel]
          out[channel * kinds + kind] = value
          lengths[kind] += value * value
        }
      }
    }
    let wanted = (0..<count).filter(isWanted)
    lengths.withUnsafeBufferPointer { lengths in
      planes.forEachInnerProducts(of: wanted, with: others) { index, row in
        let own = squares[wanted[index]]
        for kind in 0..<kinds { row[kind] = own + lengths[kind] - 2 * row[kind] }
        body(wanted[index], row)
      }
    }
  }
}
