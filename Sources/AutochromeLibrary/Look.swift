/// How colors look: the settings that are a matter of taste. A setting that is nil keeps the value of the pipeline, the
/// shots file or the network.
public struct Look: Hashable, Sendable {
  /// 0 (as accurate as the network can) … 1 (as colorful as it can).
  public var vividness: Double?
  /// Temperature of the annealed mean, 0.01…1 (Zhang et al. 2016, equation 5).
  public var temperature: Double?
  /// Factor applied to the chroma, 0…2.
  public var saturation: Double?
  /// Added to *b*\* in its units, −20…20: warmer, or cooler below 0. Black and white stay neutral.
  public var warmth: Double?
  /// Added to *a*\* in its units, −20…20: toward magenta, or toward green below 0.
  public var tint: Double?
  /// Steadiness of color within a shot, 0 (each frame by itself) … 1.
  public var stability: Double?
  /// Which coloring a network that samples gives, from 0: another number, another coloring. Other networks refuse it.
  public var seed: Int?

  /// Makes a look from the given settings.
  public init(
    vividness: Double? = nil, temperature: Double? = nil, saturation: Double? = nil,
    warmth: Double? = nil, tint: Double? = nil, stability: Double? = nil, seed: Int? = nil
  ) {
    self.vividness = vividness
    self.temperature = temperature
    self.saturation = saturation
    self.warmth = warmth
    self.tint = tint
    self.stability = stability
    self.seed = seed
  }
}
