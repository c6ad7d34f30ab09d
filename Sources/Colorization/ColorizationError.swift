/// What can go wrong between a picture and its colors.
public enum ColorizationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A metadata property of a model is missing or can't be understood.
  case metadata(model: String, property: String, value: String, expected: String)
  /// The model's inputs or outputs are not those of a colorization network.
  case interface(model: String, problem: String)

  public var description: String {
    switch self {
    case .metadata(let model, let property, let value, let expected):
      "Model '\(model)' says \(value) for the property \(property); expected \(expected)."
    case .interface(let model, let problem):
      "Model '\(model)' is no colorization network: \(problem)."
    }
  }
}
