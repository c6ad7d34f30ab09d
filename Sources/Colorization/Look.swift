/// What is a matter of taste in how a picture is colored. It is given with each call: one colorizer gives
/// a picture in as many looks as are asked for.
package struct Look: Codable, Hashable, Sendable {
  /// 0 (as accurate as the network can) … 1 (as colorful as it can); nil for the network's own.
  package var vividness: Float?
  /// Temperature of the annealed mean, 0…1; nil for the network's own.
  package var temperature: Float?
  /// Factor on the chroma.
  package var saturation: Float
  /// Added to b\*, in its units: warmer, or cooler if negative. See `ColorShift`.
  package var warmth: Float
  /// Added to a\*, in its units: towards magenta, or towards green if negative. See `ColorShift`.
  package var tint: Float
  /// Evidence on the hues that there are.
  package var hues: HueWeights
  /// Steadiness inside a shot, 0 (each frame by itself) … 1; see `Stabilizer`.
  package var stability: Float
  /// How chroma gets to full resolution.
  package var refine: RefineMode
  /// Of the random numbers of a network that samples; nil for 0.
  package var seed: Int?
  /// Which of the samples of that seed, from 0; nil for 0.
  package var sample: Int?

  /// The look that the network proposes, but for what is given.
  package init(
    vividness: Float? = nil, temperature: Float? = nil, saturation: Float = 1,
    warmth: Float = 0, tint: Float = 0, hues: HueWeights = HueWeights(),
    stability: Float = 0.7, refine: RefineMode = .guided, seed: Int? = nil, sample: Int? = nil
  ) {
    self.vividness = vividness
    self.temperature = temperature
    self.saturation = saturation
    self.warmth = warmth
    self.tint = tint
    self.hues = hues
    self.stability = stability
    self.refine = refine
    self.seed = seed
    self.sample = sample
  }

  /// What warmth and tint add.
  package var shift: ColorShift { ColorShift(a: tint, b: warmth) }

  /// Finds out whether all of it acts on what a network gives.
  /// - Throws: `ColorizationError` naming a setting that would have no effect.
  func check(for network: ColorNetworkDescription) throws(ColorizationError) {
    let draws = network.sampler != nil
    if seed != nil, !draws {
      throw .needsSampler(setting: "a seed", model: network.name)
    }
    guard network.output != .bins313 else { return }
    if !hues.areNeutral {
      throw .needsDistribution(setting: "weights of hues", model: network.name)
    }
    if vividness != nil {
      throw .needsDistribution(setting: "vividness", model: network.name)
    }
    if temperature != nil, !draws {
      throw .needsDistribution(setting: "the temperature", model: network.name)
    }
  }

  /// The vividness in force with a network.
  package func vividness(of network: ColorNetworkDescription) -> Float {
    vividness ?? network.vividness
  }

  /// The temperature in force with a network.
  package func temperature(of network: ColorNetworkDescription) -> Float {
    temperature ?? network.temperature
  }
}

/// How chroma gets from the coarse grid to the picture's.
package enum RefineMode: String, Codable, CaseIterable, Sendable {
  /// By a guided filter, along the edges of the luma.
  case guided
  /// By bilinear interpolation alone.
  case bilinear
}
