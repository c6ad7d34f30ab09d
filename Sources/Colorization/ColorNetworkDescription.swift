import Foundation

/// What a network says about itself in its metadata properties (`autochrome.*`).
public struct ColorNetworkDescription: Hashable, Sendable {
  /// What the network puts out.
  public enum Output: String, Hashable, Sendable, CaseIterable {
    /// Logits or probabilities of the 313 bins.
    case bins313
    /// a and b in CIELAB units.
    case ab
  }

  /// The name for people.
  public var name: String
  /// The network is given (L\* − `lightnessOffset`) ÷ `lightnessScale`.
  public var lightnessOffset: Float
  /// The network is given (L\* − `lightnessOffset`) ÷ `lightnessScale`.
  public var lightnessScale: Float
  /// What the output holds.
  public var output: Output
  /// Input heights and widths are multiples of this.
  public var stride: Int
  /// Input size ÷ output size.
  public var scale: Int
  /// The temperature of the annealed mean that suits the network.
  public var temperature: Float
  /// The vividness that suits the network.
  public var vividness: Float
  /// The λ that rebalanced the training; nil if it was not rebalanced.
  public var lambda: Double?
  /// The probabilities of the bins in the training data; nil if the model carries none.
  public var prior: [Double]?
  /// The values within the network that are its features, the finest first; empty for those that its
  /// form suggests.
  public var features: [String]

  /// Reads the metadata properties of the model called `name`.
  /// - Throws: `ColorizationError.metadata`, naming the property, what it says and what is expected.
  public init(name: String, metadata: [String: String]) throws(ColorizationError) {
    func number<T: LosslessStringConvertible>(_ key: String, default fallback: T)
      throws(ColorizationError) -> T
    {
      guard let text = metadata[key] else { return fallback }
      guard let value = T(text.trimmingCharacters(in: .whitespaces)) else {
        throw .metadata(model: name, property: key, value: text, expected: "a number")
      }
      return value
    }
    self.name = name
    guard let kind = metadata["autochrome.output"] else {
      throw .metadata(
        model: name, property: "autochrome.output", value: "nothing",
        expected: "bins313 or ab; without it the network's output can't be understood")
    }
    guard let output = Output(rawValue: kind) else {
      throw .metadata(
        model: name, property: "autochrome.output", value: kind, expected: "bins313 or ab")
    }
    self.output = output
    (lightnessOffset, lightnessScale) = try Self.normalization(
      metadata["autochrome.input"] ?? "(L-50)/50", model: name)
    stride = try number("autochrome.stride", default: 16)
    scale = try number("autochrome.scale", default: 4)
    temperature = try number("autochrome.temperature", default: 0.38)
    vividness = try number("autochrome.vividness", default: 1)
    lambda =
      metadata["autochrome.lambda"] == nil ? nil : try number("autochrome.lambda", default: 0)
    for (key, value) in [("autochrome.stride", stride), ("autochrome.scale", scale)]
    where !(1...256).contains(value) {
      throw .metadata(model: name, property: key, value: "\(value)", expected: "1…256")
    }
    features = (metadata["autochrome.features"] ?? "").split(whereSeparator: \.isWhitespace)
      .map(String.init)
    prior = try metadata["autochrome.prior"].map { text throws(ColorizationError) in
      guard let values = Self.prior(text) else {
        throw .metadata(
          model: name, property: "autochrome.prior", value: "\(text.prefix(40))…",
          expected: "313 numbers, none negative")
      }
      return values
    }
  }

  /// Reads the probabilities of the 313 bins, with spaces or commas between; nil if they are not 313
  /// numbers or any is negative.
  public static func prior(_ text: String) -> [Double]? {
    let words = text.split { $0.isWhitespace || $0 == "," }
    let values = words.compactMap { Double($0) }
    guard words.count == 313, values.count == 313, values.allSatisfy({ $0 >= 0 && $0.isFinite })
    else { return nil }
    return values
  }

  /// Reads `L`, `L/100` or `(L-50)/50`.
  private static func normalization(_ text: String, model: String) throws(ColorizationError)
    -> (offset: Float, scale: Float)
  {
    let plain = text.filter { !$0.isWhitespace }
    let parts = plain.split(separator: "/", omittingEmptySubsequences: false)
    let center = parts[0].trimmingCharacters(in: CharacterSet(charactersIn: "()"))
    let offset: Float? =
      center == "L" ? 0 : center.hasPrefix("L-") ? Float(center.dropFirst(2)) : nil
    let scale: Float? = parts.count == 1 ? 1 : parts.count == 2 ? Float(parts[1]) : nil
    guard let offset, let scale, scale != 0 else {
      throw .metadata(
        model: model, property: "autochrome.input", value: text, expected: "such as (L-50)/50")
    }
    return (offset, scale)
  }
}
