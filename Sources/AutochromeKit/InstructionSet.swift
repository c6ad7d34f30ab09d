import Foundation
import Imaging

/// The instruction sets that the arithmetic may use: all that the CPU has, or fewer, so that a result
/// or a time of a lesser CPU can be had on a better one.
public enum InstructionSet: String, CaseIterable, Sendable {
  case plain
  case avx2
  case avx512

  /// The environment variable that names the best set to use; our kernels read it themselves.
  public static let variable = "AUTOCHROME_ISA"

  /// What oneDNN's variable of the same purpose calls it. `plain` is SSE4.1, the least it has.
  private var oneDNNName: String {
    switch self {
    case .plain: "SSE41"
    case .avx2: "AVX2"
    case .avx512: "AVX512_CORE"
    }
  }

  /// Hands the limit of the environment to oneDNN, unless that has one of its own. Call it before any
  /// network and any thread exist.
  /// - Throws: `.usage` when the variable holds another word.
  public static func limitFromEnvironment() throws(AutochromeError) {
    guard let word = ProcessInfo.processInfo.environment[variable], !word.isEmpty else { return }
    guard let limit = InstructionSet(rawValue: word) else {
      let words = allCases.map(\.rawValue).joined(separator: ", ")
      throw AutochromeError(
        .usage, "The environment variable \(variable) is '\(word)'; it can be one of \(words).")
    }
    setenv("ONEDNN_MAX_CPU_ISA", limit.oneDNNName, 0)
  }

  /// What our kernels run on here.
  static var ofKernels: InstructionSet {
    KernelPaths.hasAVX512 ? .avx512 : KernelPaths.hasAVX2 ? .avx2 : .plain
  }
}
