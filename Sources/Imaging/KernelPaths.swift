import CKernels

/// The instruction sets that the kernels of pixels are run on here.
package enum KernelPaths {
  /// AVX2, FMA and F16C.
  package static var hasAVX2: Bool { ac_cpu_flags() & UInt32(AC_CPU_AVX2) != 0 }
  /// AVX-512 F, BW, DQ and VL.
  package static var hasAVX512: Bool { ac_cpu_flags() & UInt32(AC_CPU_AVX512) != 0 }
}
