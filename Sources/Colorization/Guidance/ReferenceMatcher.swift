import Foundation
package import Imaging

/// Colors a frame as a reference picture: each place takes the colors of the places that are most like it.
///
/// All places of both are compared by the network's features. The color is the mean of the reference's, weighted
/// by exp(likeness ÷ softness); what it counts, β, follows from how like the best match is, from how much the
/// matches agree, and from how like the pictures are as a whole, so that a reference that shows something else
/// changes nothing. docs/decisions/0035-guidance-in-space.md has the figures behind the constants.
package struct ReferenceMatcher: Sendable {
  /// The difference of likeness (cosine, −1…1) at which one match counts e times as much as another.
  package var softness: Float = 0.015
  /// The likeness of the best match from which a place is guided, and where it is in full.
  package var likeness: ClosedRange<Float> = 0.55...0.88
  /// The mean likeness of all places from which a reference counts, and where it does in full.
  package var pictureLikeness: ClosedRange<Float> = 0.7...0.8
  /// The standard deviation of the matches' colors at which they count for e⁻¹, in CIELAB units.
  package var agreement: Float = 20

  /// The constants that were found best.
  package init() {}

  /// The field of a reference.
  ///
  /// With pairs of swatches, a place in a pair's part of the target is matched with its part of the reference
  /// alone, and counts in full as far as the matches agree; every other place takes the color of the places of
  /// the target's swatches that are most like it (Welsh, Ashikhmin, Mueller 2002, §3).
  ///
  /// - Parameters:
  ///   - features: of the frame, C × height × width: `ColorNetwork.features` of the same network.
  /// - Throws: `ColorizationError.unexpectedSize` if the reference has no features, or they have other channels than
  ///   the frame's.
  package func field(
    features: FloatImage, reference: ReferencePicture, swatches: [SwatchPair] = []
  ) throws(ColorizationError) -> GuidanceField {
    guard let known = reference.features, known.channels == features.channels else {
      throw .unexpectedSize(
        what: "the features of the reference", expected: "\(features.channels) channels",
        actual: "\(reference.features?.channels ?? 0)")
    }
    let (width, height) = (features.width, features.height)
    guard reference.ab.area > 0, features.area > 0 else {
      return GuidanceField(emptyOfWidth: width, height: height)
    }
    guard !swatches.isEmpty else {
      let matches = matches(
        of: Array(0..<features.area), in: features,
        among: Candidates(known, reference, places: Array(0..<known.area)))
      let mean = matches.reduce(0) { $0 + $1.likeness } / Float(max(matches.count, 1))
      let whole = Self.step(mean, pictureLikeness)
      return GuidanceField(width: width, height: height) { a, b, beta in
        for (place, match) in matches.enumerated() {
          (a[place], b[place]) = (match.a, match.b)
          beta[place] = whole * weight(of: match)
        }
      }
    }
    return pairedField(features, known, reference, swatches)
  }

  private func pairedField(
    _ features: FloatImage, _ known: FloatImage, _ reference: ReferencePicture,
    _ swatches: [SwatchPair]
  ) -> GuidanceField {
    let (width, height) = (features.width, features.height)
    var own: [Int: Match] = [:]
    for pair in swatches {
      let places = pair.target.places(width: width, height: height)
      let candidates = Candidates(
        known, reference, places: pair.reference.places(width: known.width, height: known.height))
      for (place, match) in zip(places, matches(of: places, in: features, among: candidates)) {
        own[place] = match
      }
    }
    let colored = own.keys.sorted()
    let others = (0..<features.area).filter { own[$0] == nil }
    let near = matches(
      of: others, in: features,
      among: Candidates(
        features: features, places: colored,
        colors: colored.map { place in own[place].map { SIMD3($0.a, $0.b, 1) } ?? SIMD3() }))
    return GuidanceField(width: width, height: height) { a, b, beta in
      for place in colored {
        guard let match = own[place] else { continue }
        (a[place], b[place], beta[place]) = (match.a, match.b, agreement(of: match) * match.weight)
      }
      for (place, match) in zip(others, near) {
        (a[place], b[place], beta[place]) = (match.a, match.b, weight(of: match))
      }
    }
  }

  // MARK: - Weights

  private func weight(of match: Match) -> Float {
    let (low, high) = (likeness.lowerBound, likeness.upperBound)
    let share = high > low ? (match.likeness - low) / (high - low) : match.likeness < low ? 0 : 1
    return min(max(share, 0), 1) * agreement(of: match) * match.weight
  }

  private func agreement(of match: Match) -> Float {
    exp(-match.variance / (agreement * agreement))
  }

  /// 0 below the range, 1 above, smooth between.
  private static func step(_ value: Float, _ range: ClosedRange<Float>) -> Float {
    let width = range.upperBound - range.lowerBound
    let part = width > 0 ? (value - range.lowerBound) / width : value < range.lowerBound ? 0 : 1
    let inside = min(max(part, 0), 1)
    return inside * inside * (3 - 2 * inside)
  }

  // MARK: - Matching

  /// What a place gets from the places that are like it.
  private struct Match {
    var a: Float
    var b: Float
    /// Of the best match: a cosine.
    var likeness: Float
    /// Of the matches' colors.
    var variance: Float
    /// How much the matches' colors count in the reference, 0…1.
    var weight: Float
  }

  /// The places that may be matched with.
  private struct Candidates {
    /// C × count.
    let features: FloatImage
    /// a, b and how much they count.
    let colors: [SIMD3<Float>]

    init(features: FloatImage, places: [Int], colors: [SIMD3<Float>]) {
      self.colors = colors
      self.features = FloatImage(width: places.count, height: 1, channels: features.channels) {
        out in
        for c in 0..<features.channels {
          let plane = features.channel(c)
          for (index, place) in places.enumerated() {
            out[c * places.count + index] = plane[place]
          }
        }
        withExtendedLifetime(features) {}
      }
    }

    init(_ features: FloatImage, _ reference: ReferencePicture, places: [Int]) {
      let (a, b) = (reference.ab.channel(0), reference.ab.channel(1))
      let weight = reference.weight?.channel(0)
      self.init(
        features: features, places: places,
        colors: places.map { SIMD3(a[$0], b[$0], weight?[$0] ?? 1) })
      withExtendedLifetime(reference) {}
    }
  }

  /// Compares each of `places` with all candidates.
  private func matches(
    of places: [Int], in features: FloatImage, among candidates: Candidates
  ) -> [Match] {
    var found: [Match] = []
    found.reserveCapacity(places.count)
    features.forEachInnerProducts(of: places, with: candidates.features) { _, likenesses in
      found.append(match(likenesses, candidates.colors))
    }
    return found
  }

  private func match(_ likenesses: UnsafePointer<Float>, _ colors: [SIMD3<Float>]) -> Match {
    var best = -Float.infinity
    for index in colors.indices { best = max(best, likenesses[index]) }
    guard best.isFinite else { return Match(a: 0, b: 0, likeness: -1, variance: 0, weight: 0) }
    var (whole, total): (Float, Float) = (0, 0)
    var (sum, squares) = (SIMD3<Float>(), SIMD3<Float>())
    for (index, color) in colors.enumerated() {
      let behind = (best - likenesses[index]) / softness
      guard behind < 12 else { continue }
      let likely = exp(-behind)
      let share = likely * color.z
      whole += likely
      total += share
      sum += share * color
      squares += share * color * color
    }
    guard total > 0 else { return Match(a: 0, b: 0, likeness: best, variance: 0, weight: 0) }
    let mean = sum / total
    let spread = squares / total - mean * mean
    return Match(
      a: mean.x, b: mean.y, likeness: best, variance: max(spread.x + spread.y, 0),
      weight: total / whole)
  }
}
