/// Why two pictures can't be compared.
package enum QualityError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The pictures of a pair differ in size.
  case sizesDiffer(reference: String, result: String)
  /// A figure needs larger pictures.
  case tooSmall(figure: String, expected: String, actual: String)
  /// The probabilities of the bins are not 313 numbers, or leave a bin without any weight.
  case unusablePrior(problem: String)

  package var description: String {
    switch self {
    case .sizesDiffer(let reference, let result):
      "the result is \(result), the reference \(reference); compare pictures of the same size"
    case .tooSmall(let figure, let expected, let actual):
      "\(figure) needs pictures of at least \(expected), but this one is \(actual); leave it out"
    case .unusablePrior(let problem):
      "the prior \(problem); expected 313 non-negative numbers that are not all 0"
    }
  }
}
