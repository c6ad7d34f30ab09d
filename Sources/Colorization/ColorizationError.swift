/// What the stages cannot do with what they were given.
package enum ColorizationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A metadata property of a model is missing or can't be understood.
  case metadata(model: String, property: String, value: String, expected: String)
  /// The model's inputs or outputs are not those of a colorization network.
  case interface(model: String, problem: String)
  /// A picture or image has another size than the stage was made for.
  case unexpectedSize(what: String, expected: String, actual: String)
  /// A list of 313 numbers has another length.
  case unexpectedCount(what: String, expected: Int, actual: Int)
  /// A setting lies outside of its range.
  case settingOutOfRange(name: String, expected: String, actual: String)
  /// A setting acts on the distribution of colors, and the network gives none.
  case needsDistribution(setting: String, model: String)
  /// A setting acts on random numbers, and the network draws none.
  case needsSampler(setting: String, model: String)
  /// Something is compared by the network's features, and it has none that are known.
  case needsFeatures(model: String)
  /// The network sees a picture in tiles, so that it has no features of all of it.
  case needsWholePictures(model: String)

  package var description: String {
    switch self {
    case .metadata(let model, let property, let value, let expected):
      "The property \(property) of the model '\(model)' is \(value); expected \(expected)."
    case .interface(let model, let problem):
      "The model '\(model)' can't be used for colorization: \(problem)."
    case .unexpectedSize(let what, let expected, let actual):
      "\(what) is \(actual), expected \(expected)"
    case .unexpectedCount(let what, let expected, let actual):
      "\(what) has \(actual) numbers, expected \(expected); check the model's metadata"
    case .settingOutOfRange(let name, let expected, let actual):
      "\(name) is \(actual), expected \(expected)"
    case .needsDistribution(let setting, let model):
      "The model '\(model)' predicts no probabilities of the 313 bins, so \(setting) can't be applied; leave out these "
        + "settings, or choose a network that does."
    case .needsSampler(let setting, let model):
      "The model '\(model)' draws no samples, so \(setting) has no effect; leave it out, or choose a network that "
        + "samples (autochrome.sampler)."
    case .needsFeatures(let model):
      "The model '\(model)' has no convolution whose input could serve as features; name suitable values in the "
        + "property autochrome.features, or choose another network."
    case .needsWholePictures(let model):
      "The model '\(model)' sees a picture in tiles, so places can't be compared with those of reference pictures; leave "
        + "these out, or choose another network."
    }
  }
}
