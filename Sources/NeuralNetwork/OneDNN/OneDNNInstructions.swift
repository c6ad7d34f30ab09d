import COneDNN
import Foundation

/// What oneDNN computes with on this CPU. It fixes that at the first question or primitive, so every
/// question goes through here, and ``applyLimit()`` comes before each.
enum OneDNNInstructions {
  /// Hands the limit of the environment to oneDNN, unless oneDNN's own variable sets one.
  static func applyLimit() { limited }

  private static let limited: Void = {
    let environment = ProcessInfo.processInfo.environment
    let own = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"]
    guard let limit = InstructionSet.limit, own.allSatisfy({ environment[$0] == nil }) else {
      return
    }
    // A CPU that has less than the limit keeps what it has.
    dnnl_set_max_cpu_isa(limit.oneDNN)
  }()

  /// The instruction set.
  static var name: String {
    applyLimit()
    return String(cString: ac_dnnl_isa_name())
  }

  /// Whether the CPU multiplies bf16 in hardware.
  static var hasBFloat16: Bool {
    applyLimit()
    return ac_dnnl_has_bf16() != 0
  }

  /// Whether products of bytes are faster than those of fp32: with VNNI, and with AVX2 and AVX-512
  /// alone, which add two of them in 16 bits (``WeightRounding``).
  static var hasFastBytes: Bool {
    applyLimit()
    return ac_dnnl_has_avx2() != 0
  }

  /// Whether sums of products of bytes are exact for all bytes.
  static var multipliesWholeBytes: Bool {
    applyLimit()
    return ac_dnnl_multiplies_whole_bytes() != 0
  }
}

extension InstructionSet {
  fileprivate var oneDNN: dnnl_cpu_isa_t {
    switch self {
    case .plain: dnnl_cpu_isa_sse41
    case .avx2: dnnl_cpu_isa_avx2
    case .avx512: dnnl_cpu_isa_avx512_core
    case .avx512VNNI: dnnl_cpu_isa_avx512_core_vnni
    case .avx512BF16: dnnl_cpu_isa_avx512_core_bf16
    }
  }
}
