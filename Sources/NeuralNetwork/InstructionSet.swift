import Foundation

/// The instruction sets that the arithmetic may use: all that the CPU has, or fewer, so that a result
/// or a time of a lesser CPU can be had on a better one.
///
/// The environment variable ``variable`` names the best set to use. Our kernels and oneDNN both follow
/// it in every process that computes, the tests included; OpenBLAS chooses its kernels when it is
/// loaded, by a variable of its own, `OPENBLAS_CORETYPE`.
package enum InstructionSet: String, CaseIterable, Sendable {
  /// SSE4.1, the least that oneDNN has; our kernels run as plain C.
  case plain
  /// AVX2, FMA and F16C.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// AVX-512 with the byte products of VNNI.
  case avx512VNNI = "avx512-vnni"
  /// AVX-512 with VNNI and the bf16 products of AVX512-BF16.
  case avx512BF16 = "avx512-bf16"

  /// The environment variable that names the best set to use.
  package static let variable = "AUTOCHROME_ISA"

  /// What the variable holds; nil where it is not set or empty.
  package static var requested: String? {
    ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The limit that the environment sets; nil for none. A word that is no instruction set sets none.
  static var limit: InstructionSet? { requested.flatMap { InstructionSet(rawValue: $0) } }
}
