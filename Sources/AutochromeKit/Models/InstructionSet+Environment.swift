import Imaging
import NeuralNetwork

extension AutochromeError {
  /// Refuses a limit of instruction sets that names none. Kernels and back ends would run without one.
  /// - Throws: `.usage`.
  package static func checkEnvironment() throws(AutochromeError) {
    guard let word = InstructionSet.requested, InstructionSet(rawValue: word) == nil else { return }
    let words = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
    throw AutochromeError(
      .usage,
      "The environment variable \(InstructionSet.variable) is '\(word)'; expected one of \(words)."
    )
  }
}

extension InstructionSet {
  /// What our kernels run on here.
  static var ofKernels: InstructionSet {
    KernelPaths.hasAVX512 ? .avx512 : KernelPaths.hasAVX2 ? .avx2 : .plain
  }
}
