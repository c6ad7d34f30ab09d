import COneDNN
import COpenBLAS

/// A library that does the heavy arithmetic.
package enum Backend: String, CaseIterable, Sendable {
  /// Intel's primitives with layouts of their own; the fastest.
  case oneDNN = "onednn"
  /// Matrix multiplication of OpenBLAS with plain loops around it; runs anywhere.
  case openBLAS = "openblas"

  /// The precisions that it has kernels for, whether or not they pay on this CPU.
  var precisions: [Precision] {
    switch self {
    case .oneDNN: Precision.allCases
    case .openBLAS: [.float32]
    }
  }
}

/// The number format in which arrays pass between layers. Sums are fp32, those of integers 32 bits.
package enum Precision: String, CaseIterable, Sendable {
  case float32 = "fp32"
  case bfloat16 = "bf16"
  /// 8-bit integers for the convolutions that make up nearly all of the work; the rest in bf16 where
  /// the CPU computes that in hardware, else in fp32. The model must carry ``ValueRanges``.
  case int8
}

/// The order of the axes in which 4-D outputs are handed over.
package enum TensorLayout: String, Sendable {
  /// As the model says: N, C, H, W for images.
  case nchw
  /// Channels last: each pixel's channels lie side by side.
  case nhwc
}

/// What a back end is here and what it can do on this CPU.
package struct BackendInfo: Sendable, Equatable {
  /// Which one.
  package let backend: Backend
  /// The library's version.
  package let version: String
  /// What it runs on: the instruction set or kernels it has chosen.
  package let instructionSet: String
  /// Precisions that pay on this CPU, the fastest first.
  package let precisions: [Precision]
  /// All that can be asked for: those in ``precisions``, and int8 where it is right but gains nothing.
  package var computable: [Precision] {
    precisions + [.int8].filter { backend.precisions.contains($0) && !precisions.contains($0) }
  }

  /// The back ends of this build, the fastest first.
  package static func available() -> [BackendInfo] {
    [
      BackendInfo(
        backend: .oneDNN, version: Backend.oneDNN.version,
        instructionSet: OneDNNInstructions.name,
        precisions: (OneDNNInstructions.hasFastBytes ? [.int8] : [])
          + (OneDNNInstructions.hasBFloat16 ? [.bfloat16] : []) + [.float32]),
      BackendInfo(
        backend: .openBLAS, version: Backend.openBLAS.version,
        instructionSet: String(cString: openblas_get_corename()), precisions: [.float32]),
    ]
  }
}

extension Backend {
  /// The version of its library.
  package var version: String {
    switch self {
    case .oneDNN:
      guard let version = dnnl_version()?.pointee else { return "unknown" }
      return "\(version.major).\(version.minor).\(version.patch)"
    case .openBLAS:
      // The configuration text reads "OpenBLAS 0.3.21 …".
      let words = String(cString: openblas_get_config()).split(separator: " ")
      return words.count > 1 ? String(words[1]) : "unknown"
    }
  }
}
