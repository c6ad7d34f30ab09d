extension ColorNetworkDescription {
  /// How a network draws a small chroma picture before it gives the colors.
  package struct Sampler: Hashable, Sendable {
    /// The input that takes the small picture: Cr, then Cb.
    package var input: String
    /// The outputs with the logits of Cr and of Cb.
    package var outputs: [String]
    /// How many values Cr and Cb may have.
    package var levels: Int
    /// Size of the network's input ÷ that of the small picture.
    package var scale: Int

    /// Wraps its parts.
    package init(input: String, outputs: [String], levels: Int, scale: Int) {
      (self.input, self.outputs, self.levels, self.scale) = (input, outputs, levels, scale)
    }

    /// Reads the properties `autochrome.sampler`, `autochrome.sampler-outputs`, `autochrome.levels` and
    /// `autochrome.sampler-scale`.
    /// - Returns: nil for a network that draws nothing.
    /// - Throws: `ColorizationError.metadata`, naming the one that can't be right.
    init?(model: String, metadata: [String: String], output: Output, tile: NetworkTile?)
      throws(ColorizationError)
    {
      typealias Description = ColorNetworkDescription
      guard let input = metadata["autochrome.sampler"] else { return nil }
      guard output == .ab else {
        throw .metadata(
          model: model, property: "autochrome.output", value: output.text,
          expected: "ab, from a network that samples (autochrome.sampler)")
      }
      if let size = tile?.size {
        throw .metadata(
          model: model, property: "autochrome.tile", value: "\(size)",
          expected: "no tiles, from a network that samples (autochrome.sampler)")
      }
      let outputs = Description.words(metadata["autochrome.sampler-outputs"])
      guard outputs.count == 2 else {
        throw .metadata(
          model: model, property: "autochrome.sampler-outputs",
          value: metadata["autochrome.sampler-outputs"] ?? "nothing",
          expected: "the names of two outputs, with the logits of Cr and of Cb")
      }
      func number(_ key: String, in range: ClosedRange<Int>) throws(ColorizationError) -> Int {
        let value = try Description.number(key, of: model, metadata, default: 0)
        guard range.contains(value) else {
          throw .metadata(
            model: model, property: key, value: metadata[key] ?? "nothing",
            expected: "\(range.lowerBound)…\(range.upperBound)")
        }
        return value
      }
      self.init(
        input: input, outputs: outputs, levels: try number("autochrome.levels", in: 2...256),
        scale: try number("autochrome.sampler-scale", in: 1...256))
    }

    /// The value of a level: the middle of its part of −1…1.
    package func value(of level: Int) -> Float { Float(2 * level + 1) / Float(levels) - 1 }

    /// The level in whose part of −1…1 a value lies.
    package func level(of value: Float) -> Int {
      min(max(Int(((value + 1) / 2 * Float(levels)).rounded(.down)), 0), levels - 1)
    }
  }
}
