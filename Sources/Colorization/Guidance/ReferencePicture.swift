package import Imaging

/// A picture in color that another is to be colored by.
package struct ReferencePicture: Sendable {
  /// L\*, 0…100, at its working size.
  package let lightness: FloatImage
  /// a and b of each place of its grid, 2 × height × width, CIELAB units.
  package let ab: FloatImage
  /// How much that counts, 0…1, 1 × height × width; nil for all in full.
  package let weight: FloatImage?
  /// What the network takes each place to be, C × height × width: `ColorNetwork.features`; nil without a
  /// network.
  package let features: FloatImage?
  /// Working size ÷ grid size.
  let scale: Int

  /// - Throws: `ColorizationError.unexpectedSize` if the parts are not of the sizes of `geometry`.
  package init(
    lightness: FloatImage, ab: FloatImage, weight: FloatImage? = nil, features: FloatImage? = nil,
    geometry: WorkingGeometry
  ) throws(ColorizationError) {
    try lightness.check(
      "the reference's lightness", 1, geometry.workingWidth, geometry.workingHeight)
    try ab.check("the reference's colors", 2, geometry.gridWidth, geometry.gridHeight)
    try weight?.check("the reference's weights", 1, geometry.gridWidth, geometry.gridHeight)
    try features?.check("the reference's features", nil, geometry.gridWidth, geometry.gridHeight)
    (self.lightness, self.ab, self.weight, self.features) = (lightness, ab, weight, features)
    scale = geometry.scale
  }
}

/// Two parts that belong together, one of the picture that is colored and one of the reference (Welsh,
/// Ashikhmin, Mueller 2002, §3).
package struct SwatchPair: Hashable, Sendable, Codable {
  /// A part of a picture.
  package struct Rectangle: Hashable, Sendable {
    /// Edges in parts of the picture's width and height, 0…1.
    package let left, top, right, bottom: Double

    /// - Throws: `ColorizationError.settingOutOfRange` if it is empty or reaches beyond the picture.
    package init(left: Double, top: Double, right: Double, bottom: Double) throws(ColorizationError)
    {
      guard 0 <= left, left < right, right <= 1, 0 <= top, top < bottom, bottom <= 1 else {
        throw .settingOutOfRange(
          name: "a swatch", expected: "left < right and top < bottom, in 0…1",
          actual: "[\(left), \(top), \(right), \(bottom)]")
      }
      self.init(inside: (left, top, right, bottom))
    }

    /// Edges that are known to be right.
    fileprivate init(inside edges: (left: Double, top: Double, right: Double, bottom: Double)) {
      (left, top, right, bottom) = edges
    }

    /// The places of a grid that lie in it, row by row, one at least.
    func places(width: Int, height: Int) -> [Int] {
      func range(_ from: Double, _ to: Double, _ count: Int) -> Range<Int> {
        let first = min(Int((from * Double(count)).rounded()), count - 1)
        return first..<max(first + 1, min(Int((to * Double(count)).rounded()), count))
      }
      return range(top, bottom, height).flatMap { y in
        range(left, right, width).map { y * width + $0 }
      }
    }
  }

  /// In the picture that is colored.
  package var target: Rectangle
  /// In the reference.
  package var reference: Rectangle

  package init(target: Rectangle, reference: Rectangle) {
    (self.target, self.reference) = (target, reference)
  }
}

extension SwatchPair {
  /// The pair with its target in parts of the area, where it is given in parts of the frame; nil if all of the target
  /// lies in the bars. What lies outside of the area is left out.
  package func within(_ area: PictureArea) -> SwatchPair? {
    let corners = [SIMD2(target.left, target.top), SIMD2(target.right, target.bottom)].map {
      area.part(ofFrame: $0).clamped(lowerBound: .zero, upperBound: .one)
    }
    guard corners[0].x < corners[1].x, corners[0].y < corners[1].y else { return nil }
    return SwatchPair(
      target: Rectangle(inside: (corners[0].x, corners[0].y, corners[1].x, corners[1].y)),
      reference: reference)
  }
}

extension SwatchPair.Rectangle: Codable {
  /// Reads `[left, top, right, bottom]`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let edges = try container.decode([Double].self)
    guard edges.count == 4 else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "a swatch must be [left, top, right, bottom], not \(edges.count) numbers")
    }
    do {
      try self.init(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([left, top, right, bottom])
  }
}
