/// A color that a user gives to a place of one frame, or to a stroke across it.
package struct Hint: Hashable, Sendable {
  /// A place in a picture.
  package struct Point: Hashable, Sendable {
    /// 0 the left edge, 1 the right one.
    package var x: Double
    /// 0 the top edge, 1 the bottom one.
    package var y: Double

    package init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
  }

  /// The place; several are the corners of a stroke, joined by straight lines.
  package let points: [Point]
  /// What it has there.
  package let color: HintColor
  /// The farthest that the hint reaches, in parts of the picture's short side; nil for as far as its
  /// object goes.
  package let radius: Double?

  /// - Throws: `ColorizationError.settingOutOfRange` if there is no point, one lies outside of the picture, or the
  ///   radius is not positive.
  package init(points: [Point], color: HintColor, radius: Double? = nil) throws(ColorizationError) {
    guard !points.isEmpty else {
      throw .settingOutOfRange(name: "a hint's stroke", expected: "points", actual: "empty")
    }
    for point in points where !(0...1).contains(point.x) || !(0...1).contains(point.y) {
      throw .settingOutOfRange(
        name: "the place of a hint", expected: "two numbers in 0…1",
        actual: "[\(point.x), \(point.y)]")
    }
    if let radius, !(radius > 0 && radius.isFinite) {
      throw .settingOutOfRange(
        name: "the radius of a hint", expected: "more than 0", actual: "\(radius)")
    }
    (self.points, self.color, self.radius) = (points, color, radius)
  }
}

extension Hint {
  /// The hint in parts of the area, where it is given in parts of the frame; nil if all of it lies in the bars.
  /// Corners of strokes that lie outside are brought to the edge.
  package func within(_ area: PictureArea) -> Hint? {
    guard !area.fillsFrame else { return self }
    let parts = points.map { area.part(ofFrame: SIMD2($0.x, $0.y)) }
    let inside = parts.map { $0.clamped(lowerBound: .zero, upperBound: .one) }
    guard zip(parts, inside).contains(where: ==) else { return nil }
    return try? Hint(
      points: inside.map { Point(x: $0.x, y: $0.y) },
      color: color, radius: radius)
  }
}

extension Hint: Codable {
  private enum CodingKeys: String, CodingKey { case at, stroke, color, radius }

  /// Reads a mapping such as `{at: [0.66, 0.42], color: "#5b6b3a"}` or
  /// `{stroke: [[0.1, 0.9], [0.4, 0.8]], color: "#808080", radius: 0.2}`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let key: CodingKeys = container.contains(.stroke) ? .stroke : .at
    guard !(container.contains(.stroke) && container.contains(.at)) else {
      throw DecodingError.dataCorruptedError(
        forKey: .stroke, in: container, debugDescription: "a hint must have either 'at' or 'stroke'"
      )
    }
    do {
      let points =
        key == .at
        ? [try container.decode(Point.self, forKey: .at)]
        : try container.decode([Point].self, forKey: .stroke)
      try self.init(
        points: points, color: try container.decode(HintColor.self, forKey: .color),
        radius: try container.decodeIfPresent(Double.self, forKey: .radius))
    } catch let error as ColorizationError {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container, debugDescription: "\(error)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if points.count == 1 {
      try container.encode(points[0], forKey: .at)
    } else {
      try container.encode(points, forKey: .stroke)
    }
    try container.encode(color, forKey: .color)
    try container.encodeIfPresent(radius, forKey: .radius)
  }
}

extension Hint.Point: Codable {
  /// Reads the two numbers `[x, y]`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let numbers = try container.decode([Double].self)
    guard numbers.count == 2 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a position must be [x, y], not \(numbers.count) numbers")
    }
    self.init(x: numbers[0], y: numbers[1])
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([x, y])
  }
}
