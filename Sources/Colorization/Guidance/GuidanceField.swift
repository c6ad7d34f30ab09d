package import Imaging

/// What a user says of the colors of one frame, on its coarse grid: a color for each place, and how much it
/// counts there.
package struct GuidanceField: Sendable {
  /// a and b, 2 × height × width, CIELAB units. Means nothing where `weight` is 0.
  package let ab: FloatImage
  /// β, 1 × height × width: 0 says nothing of a place, 1 says what its color is.
  package let weight: FloatImage

  /// Wraps both. A weight outside of 0…1 is brought into it; where a color or a weight is no number,
  /// nothing is said.
  /// - Precondition: `ab` has two channels, `weight` one, and both one size.
  package init(ab: FloatImage, weight: FloatImage) {
    precondition(
      Self.fit(ab, weight),
      "\(ab.channels)×\(ab.height)×\(ab.width) colors, "
        + "\(weight.channels)×\(weight.height)×\(weight.width) weights")
    self.init(width: ab.width, height: ab.height) { a, b, beta in
      let (fromA, fromB, from) = (ab.channel(0), ab.channel(1), weight.channel(0))
      for place in 0..<ab.area {
        let isKnown = fromA[place].isFinite && fromB[place].isFinite && from[place].isFinite
        a[place] = isKnown ? fromA[place] : 0
        b[place] = isKnown ? fromB[place] : 0
        beta[place] = isKnown ? min(max(from[place], 0), 1) : 0
      }
      withExtendedLifetime((ab, weight)) {}
    }
  }

  /// A field that says nothing.
  package init(emptyOfWidth width: Int, height: Int) {
    self.init(width: width, height: height) { a, b, beta in
      for plane in [a, b, beta] { plane.update(repeating: 0, count: width * height) }
    }
  }

  /// Allocates both and lets `write(a, b, β)` fill them: finite numbers, β in 0…1.
  init(
    width: Int, height: Int,
    writing write: (
      _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
      _ weight: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    var ab: FloatImage?
    weight = FloatImage(width: width, height: height) { weight in
      ab = FloatImage(width: width, height: height, channels: 2) {
        write($0, $0 + width * height, weight)
      }
    }
    self.ab = ab ?? FloatImage(width: width, height: height, channels: 2) { _ in }
  }

  private static func fit(_ ab: FloatImage, _ weight: FloatImage) -> Bool {
    ab.channels == 2 && weight.channels == 1 && weight.width == ab.width
      && weight.height == ab.height
  }

  /// Places per row.
  package var width: Int { ab.width }
  /// Rows.
  package var height: Int { ab.height }
  /// Number of places.
  package var area: Int { ab.area }

  /// Whether it says nothing of any place.
  package var isEmpty: Bool {
    let beta = weight.channel(0)
    return withExtendedLifetime(weight) { (0..<area).allSatisfy { beta[$0] == 0 } }
  }

  /// The same colors, each weight multiplied by a number in 0…1.
  package func scaled(by factor: Float) -> GuidanceField {
    GuidanceField(
      ab: ab,
      weight: FloatImage(width: width, height: height) { out in
        let beta = weight.channel(0)
        for place in 0..<area { out[place] = beta[place] * factor }
        withExtendedLifetime(weight) {}
      })
  }

  /// This field where `other`, of the same size, says less; the colors go over by its weight.
  package func overlaid(by other: GuidanceField) -> GuidanceField {
    guard (other.width, other.height) == (width, height) else { return self }
    let (ownA, ownB, own) = (ab.channel(0), ab.channel(1), weight.channel(0))
    let (otherA, otherB, others) = (
      other.ab.channel(0), other.ab.channel(1), other.weight.channel(0)
    )
    return GuidanceField(width: width, height: height) { a, b, beta in
      for place in 0..<area {
        let (w, rest) = (others[place], own[place] * (1 - others[place]))
        let sum = w + rest
        a[place] = sum > 0 ? (w * otherA[place] + rest * ownA[place]) / sum : 0
        b[place] = sum > 0 ? (w * otherB[place] + rest * ownB[place]) / sum : 0
        beta[place] = min(sum, 1)
      }
      withExtendedLifetime((self, other)) {}
    }
  }

  /// The same with a color of β = 1 at some places; where they meet, the last holds.
  func pinned(to colors: [(color: HintColor, places: [Int])]) -> GuidanceField {
    GuidanceField(width: width, height: height) { a, b, beta in
      a.update(from: ab.channel(0), count: area)
      b.update(from: ab.channel(1), count: area)
      beta.update(from: weight.channel(0), count: area)
      for (color, places) in colors {
        for place in places { (a[place], b[place], beta[place]) = (color.a, color.b, 1) }
      }
      withExtendedLifetime(self) {}
    }
  }

  /// Several fields of one size as one, as if each were a witness of its own: β = 1 − Π(1 − βₖ), and the color
  /// is the mean of theirs, weighted by the odds βₖ ÷ (1 − βₖ), so that whoever is certain has the last
  /// word. Of several that are certain of a place, the mean.
  /// - Returns: nil if there are none.
  /// - Throws: `ColorizationError.unexpectedSize` if their sizes differ.
  package static func combined(_ fields: [GuidanceField]) throws(ColorizationError)
    -> GuidanceField?
  {
    guard let first = fields.first else { return nil }
    for field in fields where field.width != first.width || field.height != first.height {
      throw .unexpectedSize(
        what: "a guidance field", expected: "\(first.width)×\(first.height) places",
        actual: "\(field.width)×\(field.height)")
    }
    guard fields.count > 1 else { return first }
    return GuidanceField(width: first.width, height: first.height) { a, b, beta in
      for place in 0..<first.area {
        var (sum, sumA, sumB, doubt): (Double, Double, Double, Double) = (0, 0, 0, 1)
        var isCertain = false
        for field in fields {
          let weight = Double(field.weight.channel(0)[place])
          guard weight > 0 else { continue }
          let odds: Double
          if weight < 1 {
            if isCertain { continue }
            odds = weight / (1 - weight)
          } else {
            if !isCertain { (sum, sumA, sumB, isCertain) = (0, 0, 0, true) }
            odds = 1
          }
          sum += odds
          sumA += odds * Double(field.ab.channel(0)[place])
          sumB += odds * Double(field.ab.channel(1)[place])
          doubt *= 1 - weight
        }
        a[place] = sum > 0 ? Float(sumA / sum) : 0
        b[place] = sum > 0 ? Float(sumB / sum) : 0
        beta[place] = Float(1 - doubt)
      }
    }
  }
}

extension GuidanceField: Codable {
  private enum CodingKeys: String, CodingKey { case ab, weight }

  /// - Throws: `DecodingError` if the two do not go together.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let ab = try container.decode(FloatImage.self, forKey: .ab)
    let weight = try container.decode(FloatImage.self, forKey: .weight)
    guard Self.fit(ab, weight) else {
      throw DecodingError.dataCorruptedError(
        forKey: .weight, in: container,
        debugDescription: "\(weight.channels)×\(weight.height)×\(weight.width) weights for "
          + "\(ab.channels)×\(ab.height)×\(ab.width) colors")
    }
    self.init(ab: ab, weight: weight)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(ab, forKey: .ab)
    try container.encode(weight, forKey: .weight)
  }
}
