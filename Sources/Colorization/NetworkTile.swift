import Foundation

/// The only input of a network that sees pictures in tiles (the patches of Liang et al. 2016): it takes a square, and
/// answers for the square without a margin on each side.
package struct NetworkTile: Hashable, Sendable {
  /// Height and width of the input, in samples.
  package let size: Int
  /// What the network needs around the part that it answers for, on each side, in samples.
  package let margin: Int

  /// What `size` may be.
  package static let sizes = 2...1024

  /// What `margin` may be with a tile of that size, so that the margins leave something.
  package static func margins(of size: Int) -> ClosedRange<Int> { 0...(size - 1) / 2 }

  /// - Precondition: the margins leave something.
  package init(size: Int, margin: Int) {
    precondition(
      Self.margins(of: size).contains(margin), "a tile of \(size) with margins of \(margin)")
    (self.size, self.margin) = (size, margin)
  }

  /// Reads the properties `autochrome.tile` and `autochrome.margin` (0 where it is missing).
  /// - Parameter scale: input size ÷ output size.
  /// - Returns: nil for a network that takes pictures as a whole.
  /// - Throws: `ColorizationError.metadata`, naming the one that can't be right.
  init?(model: String, metadata: [String: String], scale: Int) throws(ColorizationError) {
    func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespaces)) }
    let margin = metadata["autochrome.margin"]
    guard let tile = metadata["autochrome.tile"] else {
      guard let margin else { return nil }
      throw .metadata(
        model: model, property: "autochrome.margin", value: margin,
        expected: "the property autochrome.tile with it, or no margin")
    }
    guard let size = number(tile), Self.sizes.contains(size) else {
      throw .metadata(
        model: model, property: "autochrome.tile", value: tile,
        expected: "a whole number in \(Self.sizes.lowerBound)…\(Self.sizes.upperBound)")
    }
    let margins = Self.margins(of: size)
    guard let around = number(margin ?? "0"), margins.contains(around) else {
      throw .metadata(
        model: model, property: "autochrome.margin", value: margin ?? "0",
        expected: "a whole number in 0…\(margins.upperBound), less than half of the tile of \(size)"
      )
    }
    guard (size - 2 * around) % scale == 0 else {
      throw .metadata(
        model: model, property: "autochrome.tile", value: tile,
        expected: "\(2 * around) (the margins) more than a multiple of the scale \(scale)")
    }
    self.init(size: size, margin: around)
  }

  /// Positions of the grid that the network answers for, along each side.
  /// - Parameter scale: input size ÷ output size.
  package func answerSize(scale: Int) -> Int { (size - 2 * margin) / scale }
}
